"""Runs of the real pytest, in processes of their own, over files that a test writes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

__all__ = ["PytestRuns"]

_FOREIGN = re.compile(r"PROMPTDOCK_|PYTEST_|.*_API_KEY$|COLUMNS$|NO_COLOR$|FORCE_COLOR$|PYTHONWARNINGS$")


class PytestRuns:
    """A folder with tests, and pytest to run them.

    Args:
        folder: An empty folder; it becomes pytest's root.
        python: The interpreter; None takes this one.
    """

    def __init__(self, folder: Path, python: Path | None = None) -> None:
        self.folder = folder
        self._python = str(python or sys.executable)
        self.write("pytest.ini", "[pytest]\n")

    def write(self, name: str, source: str) -> Path:
        """Write a file, its indentation taken off."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(source), encoding="utf-8")
        return path

    def environment(self) -> dict[str, str]:
        """The environment without anything that would change what a run does."""
        kept = {name: value for name, value in os.environ.items() if not _FOREIGN.match(name)}
        return {**kept, "HOME": str(self.folder), "COLUMNS": "120"}

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run ``python -m pytest`` there; no plugin is left out, save the cache, which would leave files behind."""
        return self.python("-m", "pytest", "-p", "no:cacheprovider", *arguments, **variables)

    def python(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run Python there."""
        return subprocess.run(
            [self._python, *arguments],
            cwd=self.folder,
            env={**self.environment(), **variables},
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )

    def passes(self, *arguments: str, count: int | None = None) -> str:
        """Run pytest; all tests must pass. Gives what it printed."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        assert count is None or re.search(rf"\b{count} passed", done.stdout), done.stdout
        return done.stdout
