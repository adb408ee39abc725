"""Who the author is: what git knows, or a name to fill in."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .tomltext import toml_string

__all__ = ["Author", "find_author"]

_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")
_PATIENCE: Final = 5.0
_NOBODY: Final = "Your Name"


@dataclass(frozen=True, slots=True)
class Author:
    """An author, as package metadata has it.

    Attributes:
        name: The name.
        email: The address; empty for none.
    """

    name: str = _NOBODY
    email: str = ""

    @property
    def toml(self) -> str:
        """The author as an inline table of TOML."""
        email = f", email = {toml_string(self.email)}" if self.email else ""
        return f"{{ name = {toml_string(self.name)}{email} }}"


def find_author(folder: Path) -> Author:
    """Ask git who works in a folder; without git, or without a name there, give a placeholder that is valid."""
    name = _git(folder, "user.name")
    if not name:
        return Author()
    email = _git(folder, "user.email")
    return Author(name, email if _EMAIL.fullmatch(email) else "")


def _git(folder: Path, key: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603  (no shell, and nothing of the command is foreign)
            ["git", "-C", str(folder), "config", "--get", key],  # noqa: S607  (git is wherever its user has it)
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    text = done.stdout.decode(errors="replace") if done.returncode == 0 else ""
    return "".join(character for character in text if character.isprintable()).strip()
