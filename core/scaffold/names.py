"""The names of a new plugin: its id, its distribution and its module, all from one word."""

from __future__ import annotations

import keyword
import re
import sys
from dataclasses import dataclass
from typing import Final

from .refusal import NameRefused

__all__ = ["PREFIX", "PluginNames", "check_module_name"]

PREFIX: Final = "promptdock"
"""What distributions and modules of plugins begin with."""

_LONGEST: Final = 64
_ID: Final = re.compile(rf"[a-z][a-z0-9_]{{0,{_LONGEST - 1}}}")
_SEPARATORS: Final = re.compile(r"[-_.]+")
_SPOKEN: Final = re.compile(r"[A-Za-z0-9_.-]+")
_TOOL_LENGTH: Final = 64


@dataclass(frozen=True, slots=True)
class PluginNames:
    """What a plugin is called, where.

    Attributes:
        id: In promptdock: name of the entry point, of its settings, and the first half of its tools' ids.
        distribution: For pip.
        module: For Python.
    """

    id: str
    distribution: str
    module: str

    @classmethod
    def of(cls, name: str) -> PluginNames:
        """Make the names of what an author typed: ``dice``, ``Dice-Roller`` and ``promptdock-dice`` will do.

        Raises:
            NameRefused: It cannot become an id.
        """
        _check_spelling(name)
        plain = _SEPARATORS.sub("_", name).strip("_").lower()
        identity = plain.removeprefix(f"{PREFIX}_")
        if identity == PREFIX:
            raise NameRefused(f"{name!r} is the host's own name.", hint="Name the plugin for what it does, e.g. dice.")
        return cls.of_id(identity, told=name)

    @classmethod
    def of_id(cls, identity: str, *, told: str = "") -> PluginNames:
        """Make the names that belong to an id.

        Args:
            identity: The id.
            told: What the author typed, when that was something else.

        Raises:
            NameRefused: It is no valid id.
        """
        if not _ID.fullmatch(identity):
            became = f", which would be the id {identity!r}" if told and identity != told else ""
            raise NameRefused(
                f"No plugin can be named {(told or identity)[:100]!r}{became}.",
                hint=f"An id has 1 to {_LONGEST} lower-case letters, digits and '_', a letter first: take e.g. dice.",
            )
        module = identity if identity.startswith(f"{PREFIX}_") else f"{PREFIX}_{identity}"
        return cls(identity, module.replace("_", "-"), module)

    @property
    def words(self) -> str:
        """The name as a prompt would say it: ``dice roller``."""
        return " ".join(self.id.split("_"))

    def tool(self, verb: str) -> str:
        """A tool's name, ``roll_dice``: the id in it keeps the tools of two plugins apart."""
        return f"{verb}_{self.id}"[:_TOOL_LENGTH].rstrip("_")


def _check_spelling(name: str) -> None:
    shown = repr(name[:100])
    if any(part in name for part in ("/", "\\")) or name in {".", ".."}:
        raise NameRefused(
            f"{shown} is a path, not a name.", hint="Give a name such as dice, and the folder with --directory."
        )
    if name.endswith(".py"):
        raise NameRefused(
            f"{shown} is the name of a file.",
            hint=f"Leave '.py' out; to make a package of a file: promptdock plugin promote {name}",
        )
    if not name.isascii():
        raise NameRefused(
            f"{shown} has letters beyond a to z, which package indexes do not take.", hint="Spell it with a to z."
        )
    if not _SPOKEN.fullmatch(name):
        raise NameRefused(f"{shown} is no name for a plugin.", hint="Take letters, digits, '-' and '_', e.g. dice.")


def check_module_name(identity: str) -> None:
    """Make sure that a file ``<id>.py`` and the test beside it mean to Python and pytest what they should.

    Raises:
        NameRefused: The file would hide a module of Python, could not be imported, or would be taken for tests.
    """
    file = f"{identity}.py"
    if keyword.iskeyword(identity):
        raise NameRefused(f"No program could import {file}: {identity!r} is a word of Python's own.", hint=_OTHERWISE)
    if identity in sys.stdlib_module_names:
        raise NameRefused(
            f"{file} would hide Python's own module {identity!r} from every program that is run beside it.",
            hint=_OTHERWISE,
        )
    if identity == "conftest" or identity.startswith("test_"):
        raise NameRefused(f"pytest takes {file} for a file of its own.", hint=_OTHERWISE)


_OTHERWISE: Final = "Take another name, or leave --single-file out: the module of a package has a prefix."
