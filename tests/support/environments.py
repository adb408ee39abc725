"""Fresh Python environments outside of the checkout, with the built packages in them."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import RunningServer

CHECKOUT = Path(__file__).resolve().parents[2]
_CONSTRAINTS = CHECKOUT / "constraints.txt"


def _uv(*arguments: str | Path, cwd: Path) -> None:
    """Run the uv of the development environment; what it says is shown only when it fails."""
    command = [sys.executable, "-m", "uv", *map(str, arguments), "--quiet"]
    done = subprocess.run(command, cwd=cwd, env=_outside_environ(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"


def _outside_environ() -> dict[str, str]:
    """The environment without anything that leads back to the checkout or to this run's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PROMPTDOCK_", "PYTEST_"))}
    for name in (
        "VIRTUAL_ENV",
        "PYTHONPATH",
        "PYTHONHOME",
        "PYTHONDONTWRITEBYTECODE",
        "COLUMNS",
        "UV_COMPILE_BYTECODE",
    ):
        kept.pop(name, None)
    # keys of a developer would make openai the default provider
    return {name: value for name, value in kept.items() if not name.endswith("_API_KEY")}


def build(tree: Path, into: Path, *kinds: str) -> None:
    """Build a source tree with the backend of the development environment.

    Args:
        tree: A folder with a ``pyproject.toml``, or a source distribution.
        into: Where the results go.
        kinds: ``--wheel``, ``--sdist``, or nothing for both, the wheel from the source distribution.
    """
    _uv("build", "--no-build-isolation", "--python", sys.executable, "--out-dir", into, *kinds, tree, cwd=into)


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment, and a folder to run its programs in.

    Attributes:
        folder: Where it lies.
    """

    folder: Path

    @classmethod
    def create(cls, folder: Path, *packages: str | Path, bytecode: bool = True) -> Environment:
        """Make an environment and install packages into it, bytecode included.

        Args:
            folder: Where; its parents exist.
            packages: Wheels, or requirements that the package index has.
            bytecode: Whether all modules are compiled at once, rather than each when it is first imported.
        """
        (folder / "work").mkdir(parents=True)
        _uv("venv", "--python", sys.executable, folder / "venv", cwd=folder)
        made = cls(folder)
        made.install(*packages, bytecode=bytecode)
        return made

    def install(self, *packages: str | Path, constrained: bool = True, bytecode: bool = True) -> None:
        """Install more.

        Args:
            *packages: Wheels, or requirements that the package index has.
            constrained: Whether only the versions of this checkout's constraints will do.
            bytecode: Whether all modules are compiled at once, rather than each when it is first imported.
        """
        target = ("--python", self.folder / "venv")
        constraints = ("--constraint", _CONSTRAINTS) if constrained else ()
        compiled = ("--compile-bytecode",) if bytecode else ()
        _uv("pip", "install", *target, *compiled, *constraints, *packages, cwd=self.folder)

    def run(self, program: str, *arguments: str, timeout: float = 60, **variables: str) -> Finished:
        """Run a program of the environment, in its own working folder and home.

        Args:
            program: Name of a script that the environment has, e.g. ``promptdock`` or ``python``.
            *arguments: Its arguments.
            timeout: Seconds that it may take.
            **variables: Added to its environment.
        """
        done = subprocess.run(
            [self._program(program), *arguments],
            cwd=self.folder / "work",
            env=self._environ(variables),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    @contextmanager
    def serving(self, **variables: str) -> Iterator[RunningServer]:
        """Run ``promptdock serve`` on a free port, up to the point where it says that it serves.

        Args:
            **variables: Added to its environment.
        """
        with subprocess.Popen(
            [self._program("promptdock"), "serve", "--port", "0"],
            cwd=self.folder / "work",
            env=self._environ(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                assert process.stdout is not None
                line = process.stdout.readline()
                assert line, process.communicate(timeout=10)[1]
                yield RunningServer(process, line)
            finally:
                if process.poll() is None:
                    process.kill()

    def _program(self, name: str) -> Path:
        return self.folder / "venv" / "bin" / name

    def _environ(self, variables: Mapping[str, str]) -> dict[str, str]:
        return {**_outside_environ(), "HOME": str(self.folder / "work"), **variables}


@dataclass(frozen=True, slots=True)
class Finished:
    """A program that has ended.

    Attributes:
        code: Its exit code.
        out: What it wrote to standard output.
        err: What it wrote to standard error.
    """

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Its output as JSON; it must have ended well."""
        assert self.code == 0, f"exit code {self.code}\n{self.out}{self.err}"
        return json.loads(self.out)


def once(root: Path, name: str, make: Callable[[Path], object]) -> Path:
    """Make a folder once for all workers of a test run; those that come later wait for it.

    Args:
        root: A folder that all workers share.
        name: Name of the folder in it.
        make: Fills the folder, which exists.

    Returns:
        The folder.
    """
    folder, done = root / name, root / f"{name}.done"
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)  # what another worker failed to make
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


def shared_root(factory: pytest.TempPathFactory) -> Path:
    """A temporary folder that all workers of this test run share."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def built_checkout(root: Path) -> Path:
    """The folder with the wheel and the source distribution of this checkout, built on first use."""
    return once(root, "dist", lambda folder: build(CHECKOUT, folder))


def wheel_in(folder: Path) -> Path:
    """The one wheel in a folder."""
    (wheel,) = folder.glob("*.whl")
    return wheel
