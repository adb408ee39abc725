"""What a check is: an id, a grade, what it demands, and a function that looks at one plugin."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .subject import Subject

__all__ = ["CONFORMANCE_VERSION", "Check", "Finding", "Grade", "NotApplicable", "all_checks"]

CONFORMANCE_VERSION: Final = "1"
"""Grows when a plugin that had a grade could lose it without any change of its own; every report names it."""


class Grade(StrEnum):
    """How much was shown of a plugin. Each grade demands its own checks and those of the grades below."""

    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"

    @property
    def rank(self) -> int:
        """0 for bronze, 2 for gold; compare these, since grades themselves compare as words."""
        return list(Grade).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a check found to be wrong.

    Attributes:
        text: What is wrong and where, in one sentence.
        remedy: What to write instead.
        subject: What it is about: the id of a tool (``dice.roll``), those of a rule, the name of a hook; empty for
            the plugin as a whole. Waivers name it after the check's id.
    """

    text: str
    remedy: str
    subject: str = ""


class NotApplicable(Exception):
    """Raised by a check that has nothing to look at; it counts as passed, and the report says why.

    Args:
        reason: Why, in a few words: "it has no tools".
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check.

    Attributes:
        id: Stable name, in kebab-case: waivers, reports and documents use it.
        grade: The lowest grade that demands it.
        title: What it demands, in one line.
        remedy: How to mend a plugin that does not pass, in one or two sentences, for the documents.
        run: Looks at a plugin and gives what is wrong; nothing found is passed. Raises :class:`NotApplicable` when
            there is nothing to look at; anything else that it raises is a defect of the check, and reported as such.
        waivable: Whether a written reason may stand in for it.
        needs_load: Whether it can only look at a plugin that was loaded; of one in quarantine it is not run.
    """

    id: str
    grade: Grade
    title: str
    remedy: str
    run: Callable[[Subject], Awaitable[Sequence[Finding]]]
    waivable: bool = True
    needs_load: bool = True


@cache
def all_checks() -> tuple[Check, ...]:
    """Give every check, bronze first, then in the order of their modules.

    They are those in ``CHECKS`` of the modules here that are named after a grade: ``bronze_….py`` and so on. Those
    that need hypothesis import it when they run, and say so when it is not there.
    """
    folder = import_module(__package__ or "")
    names = [found.name for found in iter_modules(folder.__path__)]
    modules = [name for grade in Grade for name in sorted(names) if name.startswith(f"{grade}_")]
    return tuple(check for name in modules for check in import_module(f".{name}", __package__).CHECKS)
