"""What was found of each plugin, as data and as JSON.

The JSON report is one object::

    {
      "conformance": "1",            # version of the checks; grades of one version can be compared
      "promptdock": "0.2.0",
      "required": "bronze",          # the grade that was asked for
      "ok": true,                    # whether every plugin has it
      "plugins": [
        {
          "name": "dice", "distribution": "promptdock-dice", "version": "1.0",
          "grade": "gold",           # or "silver", "bronze", null
          "waived": 0,               # how many checks passed by a waiver only
          "checks": [
            {
              "id": "schemas-strict", "grade": "bronze", "title": "…",
              "state": "passed",     # or "failed", "waived", "not_applicable", "not_run"
              "findings": [{"text": "…", "remedy": "…", "subject": "dice.roll", "waived": null}],
              "reason": null,        # why it is not applicable or was not run, or the reasons of its waivers
              "ms": 1.2
            }
          ],
          "waivers": [{"key": "schemas-strict:dice.roll", "reason": "…", "used": true}],
          "notes": ["…"]             # worth knowing, and without weight
        }
      ]
    }

Members may be added; those that are there keep their meaning. ``waived`` of a finding is the reason that stands in for
it. A grade is what the checks of it and of those below it show: all have to be run that are in the report.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .check import CONFORMANCE_VERSION, Check, Finding, Grade

__all__ = ["CheckResult", "PluginReport", "Reported", "State", "Waiver", "grade_of", "report_json"]


class State(StrEnum):
    """What became of a check. ``NOT_APPLICABLE`` had nothing to look at, ``NOT_RUN`` could not look."""

    PASSED = "passed"
    FAILED = "failed"
    WAIVED = "waived"
    NOT_APPLICABLE = "not_applicable"
    NOT_RUN = "not_run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A finding, and the author's reason that stands in for it, or None."""

    finding: Finding
    waived: str | None = None

    def as_json(self) -> dict[str, Any]:
        """It as JSON."""
        found = self.finding
        return {"text": found.text, "remedy": found.remedy, "subject": found.subject, "waived": self.waived}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Reported:
        """Read what :meth:`as_json` gave."""
        finding = Finding(text=data["text"], remedy=data["remedy"], subject=data["subject"])
        return cls(finding=finding, waived=data["waived"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """What an author wrote to stand in for a check: its id, or ``id:subject``, and why."""

    key: str
    reason: str
    used: bool = False

    def as_json(self) -> dict[str, Any]:
        """It as JSON."""
        return {"key": self.key, "reason": self.reason, "used": self.used}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What one check found of one plugin.

    Attributes:
        id: The check's id.
        grade: The lowest grade that demands it.
        title: What it demands.
        state: What became of it.
        findings: What is wrong, waived or not.
        reason: Why it is not applicable or was not run, or the reasons of its waivers.
        ms: How long it took.
    """

    id: str
    grade: Grade
    title: str
    state: State
    findings: tuple[Reported, ...] = ()
    reason: str | None = None
    ms: float = 0.0

    @classmethod
    def of(cls, check: Check, state: State, *, reason: str | None = None, ms: float = 0.0) -> CheckResult:
        """A result without findings."""
        return cls(id=check.id, grade=check.grade, title=check.title, state=state, reason=reason, ms=ms)

    @classmethod
    def broken(cls, check: Check, text: str, remedy: str, *, ms: float = 0.0) -> CheckResult:
        """A check that did not come to its end."""
        found = (Reported(finding=Finding(text=text, remedy=remedy)),)
        return cls(id=check.id, grade=check.grade, title=check.title, state=State.FAILED, findings=found, ms=ms)

    def as_json(self) -> dict[str, Any]:
        """It as JSON."""
        return {
            "id": self.id,
            "grade": self.grade,
            "title": self.title,
            "state": self.state,
            "findings": [found.as_json() for found in self.findings],
            "reason": self.reason,
            "ms": round(self.ms, 1),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> CheckResult:
        """Read what :meth:`as_json` gave."""
        found = tuple(Reported.from_json(item) for item in data["findings"])
        known = {"grade": Grade(data["grade"]), "state": State(data["state"]), "findings": found}
        return cls(**{**data, **known})


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginReport:
    """What all checks found of one plugin."""

    name: str
    distribution: str
    version: str
    checks: tuple[CheckResult, ...]
    waivers: tuple[Waiver, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def grade(self) -> Grade | None:
        """The grade that it has, or None."""
        return grade_of(self.checks)

    @property
    def waived(self) -> int:
        """How many checks passed by a waiver only."""
        return sum(result.state is State.WAIVED for result in self.checks)

    def reaches(self, grade: Grade) -> bool:
        """Whether it has a grade, or a higher one."""
        own = self.grade
        return own is not None and own.rank >= grade.rank

    def as_json(self) -> dict[str, Any]:
        """It as JSON."""
        return {
            "name": self.name,
            "distribution": self.distribution,
            "version": self.version,
            "grade": self.grade,
            "waived": self.waived,
            "checks": [result.as_json() for result in self.checks],
            "waivers": [waiver.as_json() for waiver in self.waivers],
            "notes": list(self.notes),
        }


def grade_of(results: Iterable[CheckResult]) -> Grade | None:
    """Tell the highest grade whose checks, and those of the grades below, were all run and did not fail."""
    results = tuple(results)
    reached = None
    for grade in Grade:
        own = [result for result in results if result.grade is grade]
        if not own or any(result.state in {State.FAILED, State.NOT_RUN} for result in own):
            return reached
        reached = grade
    return reached


def report_json(plugins: Sequence[PluginReport], required: Grade) -> dict[str, Any]:
    """Make the whole report; the module's text describes it."""
    from .. import __version__

    return {
        "conformance": CONFORMANCE_VERSION,
        "promptdock": __version__,
        "required": required,
        "ok": all(plugin.reaches(required) for plugin in plugins),
        "plugins": [plugin.as_json() for plugin in plugins],
    }
