"""What ``promptdock doctor`` finds: each with what, why and the next thing to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ..jsontext import JsonObject

__all__ = ["Finding", "Level"]


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        check: What was looked at, e.g. ``settings``.
        level: How bad it is; only a problem makes the command fail.
        what: What was found, with its reason.
        next: What to do about it; None when there is nothing to do.
    """

    check: str
    level: Level
    what: str
    next: str | None = None

    def as_json(self) -> JsonObject:
        """The finding as ``doctor --json`` prints it."""
        return {"check": self.check, "level": self.level.value, "what": self.what, "next": self.next}
