"""Checks are run one after the other, whatever they raise, and reasons stand in for findings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from promptdock import ConfigurationError
from promptdock.conformance.check import Check, Finding, Grade, NotApplicable
from promptdock.conformance.report import CheckResult, State
from promptdock.conformance.running import run_checks
from promptdock.conformance.subject import open_subject
from promptdock.conformance.waivers import marked, read_waivers
from promptdock.settings import Settings
from tests.support.checking import PluginOf


def made(run: Callable[[Any], Any], name: str = "some-check", **members: Any) -> Check:
    """A check that does this."""

    async def awaited(subject: object) -> Sequence[Finding]:
        given: Sequence[Finding] = run(subject)
        return given

    return Check(id=name, grade=Grade.BRONZE, title="Demands", remedy="Mend", run=awaited, **members)


def raising(error: BaseException) -> Callable[[Any], Any]:
    def run(_: object) -> Any:
        raise error

    return run


def run(folder: Path, *checks: Check, plugin: object | None = None) -> list[CheckResult]:
    """The results of these checks on a plugin."""

    async def main() -> list[CheckResult]:
        given = {"sample": plugin if plugin is not None else PluginOf()}
        host = Settings(home=folder)
        async with open_subject(host, "sample", "<code>", scratch=folder, extra=given) as subject:
            return [result async for result in run_checks(subject, checks)]

    return asyncio.run(main())


FOUND = Finding(text="It is wrong.", remedy="Mend it.", subject="sample.go")
OTHER = Finding(text="It is wrong, too.", remedy="Mend it.", subject="sample.stay")


def test_what_a_check_finds_makes_it_fail(tmp_path: Path) -> None:
    passed, failed = run(tmp_path, made(lambda _: ()), made(lambda _: [FOUND]))
    assert (passed.state, failed.state) == (State.PASSED, State.FAILED)
    assert [item.finding for item in failed.findings] == [FOUND]


def test_a_check_with_nothing_to_look_at_says_so(tmp_path: Path) -> None:
    (result,) = run(tmp_path, made(raising(NotApplicable("it has no tools"))))
    assert (result.state, result.reason) == (State.NOT_APPLICABLE, "it has no tools")


@pytest.mark.parametrize("error", [ZeroDivisionError("oh"), SystemExit(3), asyncio.CancelledError(), MemoryError()])
def test_a_check_that_raises_fails_and_the_next_one_runs(error: BaseException, tmp_path: Path) -> None:
    failed, passed = run(tmp_path, made(raising(error)), made(lambda _: ()))
    assert failed.state is State.FAILED
    assert type(error).__name__ in failed.findings[0].finding.text
    assert passed.state is State.PASSED


def test_what_is_missing_here_is_told_in_its_own_words(tmp_path: Path) -> None:
    (result,) = run(tmp_path, made(raising(ConfigurationError("hypothesis is not there.", hint="Install it."))))
    assert (result.findings[0].finding.text, result.findings[0].finding.remedy) == (
        "hypothesis is not there.",
        "Install it.",
    )


def test_most_checks_need_a_plugin_that_is_loaded(tmp_path: Path) -> None:
    broken = object()  # no hooks: quarantined
    looked, left = run(tmp_path, made(lambda _: [FOUND], needs_load=False), made(lambda _: [FOUND]), plugin=broken)
    assert (looked.state, left.state) == (State.FAILED, State.NOT_RUN)
    assert left.reason == "the plugin did not load"


class Waiving(PluginOf):
    def __init__(self, **waivers: str) -> None:
        super().__init__()
        self.promptdock_waivers = {key.replace("_", "-").replace("--", ":"): reason for key, reason in waivers.items()}


def test_a_reason_stands_in_for_all_findings_of_a_check(tmp_path: Path) -> None:
    plugin = Waiving(some_check="our vendor takes it too")
    (result,) = run(tmp_path, made(lambda _: [FOUND, OTHER]), plugin=plugin)
    assert (result.state, result.reason) == (State.WAIVED, "our vendor takes it too")
    assert [waiver.used for waiver in marked(read_waivers(plugin), [result])] == [True]


def test_a_reason_may_be_for_one_tool_alone(tmp_path: Path) -> None:
    plugin = PluginOf()
    plugin.promptdock_waivers = {"some-check:sample.go": "our vendor takes it too"}  # type: ignore[attr-defined]
    only, both = run(tmp_path, made(lambda _: [FOUND]), made(lambda _: [FOUND, OTHER]), plugin=plugin)
    assert only.state is State.WAIVED
    assert both.state is State.FAILED
    assert [item.waived for item in both.findings] == ["our vendor takes it too", None]


def test_nothing_stands_in_for_some_checks(tmp_path: Path) -> None:
    plugin = Waiving(some_check="our vendor takes it too")
    (result,) = run(tmp_path, made(lambda _: [FOUND], waivable=False), plugin=plugin)
    assert result.state is State.FAILED


def test_a_waiver_that_nothing_needs_is_marked(tmp_path: Path) -> None:
    plugin = Waiving(some_check="our vendor takes it too", other_check="that is not so in here")
    results = run(tmp_path, made(lambda _: [FOUND]), made(lambda _: (), "other-check"), plugin=plugin)
    assert {waiver.key: waiver.used for waiver in marked(read_waivers(plugin), results)} == {
        "some-check": True,
        "other-check": False,
    }
