"""Grades, and the report as JSON."""

from __future__ import annotations

import pytest

import promptdock
from promptdock.conformance.check import CONFORMANCE_VERSION, Finding, Grade
from promptdock.conformance.report import CheckResult, PluginReport, Reported, State, Waiver, grade_of, report_json
from promptdock.jsontext import dumps, loads


def result(grade: Grade, state: State, name: str = "some-check") -> CheckResult:
    """The result of one check."""
    found = (Reported(finding=Finding(text="It is wrong.", remedy="Mend it.", subject="dice.roll")),)
    findings = found if state is State.FAILED else ()
    return CheckResult(id=name, grade=grade, title="Demands", state=state, findings=findings, ms=1.234)


B, S, G = Grade.BRONZE, Grade.SILVER, Grade.GOLD
OK, BAD, WAIVED, NONE, UNRUN = State.PASSED, State.FAILED, State.WAIVED, State.NOT_APPLICABLE, State.NOT_RUN


@pytest.mark.parametrize(
    ("results", "grade"),
    [
        ([(B, OK), (S, OK), (G, OK)], G),
        ([(B, OK), (S, WAIVED), (G, NONE)], G),
        ([(B, OK), (S, OK), (G, BAD)], S),
        ([(B, OK), (S, BAD), (G, OK)], B),
        ([(B, BAD), (S, OK), (G, OK)], None),
        ([(B, OK), (B, BAD), (S, OK), (G, OK)], None),
        ([(B, OK), (S, OK), (G, UNRUN)], S),
        ([(B, OK), (S, WAIVED), (S, UNRUN), (G, UNRUN)], B),
        ([(B, UNRUN), (S, OK)], None),
        ([(B, OK)], B),
        ([(S, OK), (G, OK)], None),
        ([], None),
    ],
)
def test_a_grade_demands_its_checks_and_those_below(results: list[tuple[Grade, State]], grade: Grade | None) -> None:
    assert grade_of(result(demanded, state) for demanded, state in results) is grade


def test_grades_are_in_order() -> None:
    assert [grade.rank for grade in (B, S, G)] == [0, 1, 2]


def test_the_report_is_json_and_says_what_made_it() -> None:
    failed = result(B, BAD)
    plugin = PluginReport(
        name="dice",
        distribution="promptdock-dice",
        version="1.0",
        checks=(failed,),
        waivers=(Waiver(key="some-check:dice.roll", reason="because it has to be"),),
        notes=("A note.",),
    )
    assert loads(dumps(report_json([plugin], B))) == {
        "conformance": CONFORMANCE_VERSION,
        "promptdock": promptdock.__version__,
        "required": "bronze",
        "ok": False,
        "plugins": [
            {
                "name": "dice",
                "distribution": "promptdock-dice",
                "version": "1.0",
                "grade": None,
                "waived": 0,
                "checks": [
                    {
                        "id": "some-check",
                        "grade": "bronze",
                        "title": "Demands",
                        "state": "failed",
                        "findings": [
                            {
                                "text": "It is wrong.",
                                "remedy": "Mend it.",
                                "subject": "dice.roll",
                                "waived": None,
                            }
                        ],
                        "reason": None,
                        "ms": 1.2,
                    }
                ],
                "waivers": [{"key": "some-check:dice.roll", "reason": "because it has to be", "used": False}],
                "notes": ["A note."],
            }
        ],
    }


def test_a_result_survives_the_way_between_processes() -> None:
    sent = result(S, BAD)
    assert CheckResult.from_json(loads(dumps(sent.as_json()))).findings == sent.findings


def test_a_plugin_reaches_the_grades_below_its_own() -> None:
    plugin = PluginReport(name="a", distribution="b", version="", checks=(result(B, OK), result(S, OK)))
    assert [plugin.reaches(grade) for grade in (B, S, G)] == [True, True, False]


def test_checks_that_passed_by_a_waiver_are_counted() -> None:
    """A grade with waivers is not the same as one without."""
    plugin = PluginReport(name="a", distribution="b", version="", checks=(result(B, OK), result(S, WAIVED)))
    assert plugin.as_json()["waived"] == plugin.waived == 1
