"""Doing what a page says, from its first block to its last, as a reader does.

>>> with Workshop.open(tools, tmp_path) as workshop:
...     workshop.follow(page)

A reader's own values stand in for those of the page: the port of the server, and the key, the account and the id that
were printed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from promptdock.settings import Settings
from tests.support.blocks import Block, Step, blocks_of, steps_of
from tests.support.environments import Environment, built_checkout, once, wheel_in
from tests.support.shell import Shell
from tests.support.upstream import Upstream

__all__ = ["Workshop", "reader_tools"]

_PORT = "127.0.0.1:8000"
_UPSTREAM = "127.0.0.1:8080"
_LEARNED = {
    "pd_…": re.compile(r"\bpd_[A-Za-z0-9_-]{16,}"),
    "4823-0917-5526": re.compile(r"\b\d{4}-\d{4}-\d{4}\b"),
    "01a220da-2570-79cd-b4c0-de1f6a24a7af": re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"),
}
"""How a key, an account and an id stand in the documents, and how those look that are printed."""
_LATEST = "01a220da-2570-79cd-b4c0-de1f6a24a7af"
"""Of ids the page means the one that was printed last; of keys and accounts the first."""


@dataclass(slots=True)
class Workshop:
    """A folder with an environment of its own, an open shell, and what the page's values are here.

    Attributes:
        shell: Where commands run, and files are written.
        values: What stands in for the page's values.
        tests: Files with tests that pytest has not run yet.
    """

    shell: Shell
    values: dict[str, str]
    tests: list[Path] = field(default_factory=list)

    @classmethod
    @contextmanager
    def open(cls, tools: Environment, folder: Path) -> Iterator[Workshop]:
        """Make one, and close all that was started in it.

        Args:
            tools: An environment with promptdock, which stays as it is.
            folder: An empty folder.
        """
        home = folder / "home"
        work = home / "work"
        work.mkdir(parents=True)
        programs = _overlay(tools.folder / "venv", folder / "venv")
        with Upstream() as upstream:
            port, other = _free_port(), upstream.origin.removeprefix("http://")
            environ = {
                "HOME": str(home),
                "LANG": "C.UTF-8",
                "PATH": f"{programs}:{os.environ['PATH']}",
                "COLUMNS": "100",
                # the build backend is installed, and there may be no network to fetch it from
                "PIP_NO_BUILD_ISOLATION": "0",
                "PIP_NO_INDEX": "1",
                "PIP_DISABLE_PIP_VERSION_CHECK": "1",
                "PROMPTDOCK_PROVIDERS__OLLAMA__BASE_URL": upstream.base_url,
                "SHELL_PORT": str(port),
                "SHELL_LOG": str(folder / "serve.log"),
            }
            with Shell(work, environ) as shell:
                yield cls(shell, {_PORT: f"127.0.0.1:{port}", _UPSTREAM: other})

    def follow(self, page: Path) -> None:
        """Do what a page says; an AssertionError says where it is wrong."""
        for block in blocks_of(page):
            self._do(block)
        if self.tests:  # those that the page showed, and did not run itself
            code, said = self.shell.run(f"python -m pytest -q -p no:cacheprovider {' '.join(map(str, self.tests))}")
            assert code == 0, said

    def _do(self, block: Block) -> None:
        if block.not_run:
            return
        if block.title:
            self._write(block, block.title)
        match block.language:
            case "bash" | "console":
                self._run(block)
            case "python":
                self._python(block)
            case "toml":
                _check_toml(block)
            case "json":
                json.loads(block.text)
            case _:
                raise AssertionError(f"{block}: nobody knows how to run {block.language or 'a block without a word'!r}")

    def _mine(self, text: str) -> str:
        for theirs, mine in self.values.items():
            text = text.replace(theirs, mine)
        return text

    def _write(self, block: Block, name: str) -> Path:
        """Write a file where the shell is."""
        path = Path(self.shell.run("pwd")[1].strip()) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._mine(block.text), encoding="utf-8")
        if block.language == "python" and block.is_test:
            self.tests = [*(test for test in self.tests if test != path), path]
        return path

    def _python(self, block: Block) -> None:
        if block.title or not (block.is_script or block.is_test):
            return  # a file is used by what comes after it; what only defines things is run by tests/test_blocks.py
        path = self._write(block, f"{'test' if block.is_test else 'block'}_{block.line}.py")
        if block.is_script:
            code, said = self.shell.run(f"python {path}")
            assert code == 0, f"{block}: the program fails\n{said}"

    def _run(self, block: Block) -> None:
        steps = steps_of(block)
        assert steps, f"{block}: there is no command in it"
        for step in steps:
            code, said = self.shell.run(self._mine(step.command))
            self._learn(said)
            if "pytest" in step.command:
                self.tests = [test for test in self.tests if "test_" in step.command and test.name not in step.command]
            wanted = block.fails and step is steps[-1]
            where = f"{block}: {step.command}\n{said}"
            assert (code != 0) is wanted, f"it ended with {code}\n{where}"
            assert wanted or not said.lstrip().startswith('{"error"'), f"an error came back\n{where}"
            self._compare(step, said, where)

    def _compare(self, step: Step, said: str, where: str) -> None:
        if step.shown is not None:
            assert _pattern(self._mine(step.shown)).fullmatch(_plain(said)), f"the page shows something else:\n{where}"

    def _learn(self, said: str) -> None:
        for theirs, shape in _LEARNED.items():
            if (found := shape.findall(said)) and (theirs == _LATEST or theirs not in self.values):
                self.values[theirs] = found[-1]


def reader_tools(root: Path) -> Environment:
    """An environment with the wheel, pytest and hypothesis, and what installing a package takes; made once.

    Args:
        root: A folder that all workers of a test run share.
    """
    wheel = wheel_in(built_checkout(root))
    packages = (f"promptdock[testing] @ {wheel.as_uri()}", "pip", "hatchling", "editables")
    return Environment(once(root, "reader-tools", lambda folder: Environment.create(folder, *packages)))


def _plain(said: str) -> str:
    """Without what only wraps lines: readers' windows differ in width."""
    return "".join(said.split())


def _pattern(shown: str) -> re.Pattern[str]:
    """``…`` stands for anything, and lines may wrap anywhere."""
    return re.compile(".*?".join(re.escape(_plain(part)) for part in shown.split("…")), re.DOTALL)


def _check_toml(block: Block) -> None:
    found = tomllib.loads(block.text)
    if block.title == "promptdock.toml":
        Settings.model_validate(found)
        unknown = set(found) - set(Settings.model_fields)
        assert not unknown, f"{block}: there are no settings {unknown}"
    if block.title.endswith("pyproject.toml"):
        assert found["project"]["entry-points"]["promptdock"], f"{block}: it has no entry point"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _overlay(base: Path, folder: Path) -> Path:
    """A virtual environment that sees everything in another one, and may be installed into; gives its programs."""
    programs = folder / "bin"
    programs.mkdir(parents=True)
    site = folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    site.mkdir(parents=True)
    shutil.copy(base / "pyvenv.cfg", folder)
    (site / "base.pth").write_text(f"{base / site.relative_to(folder)}\n", encoding="utf-8")
    for path in (base / "bin").iterdir():
        if path.is_symlink():
            (programs / path.name).symlink_to(path.readlink())
        elif not path.name.startswith("activate"):
            text = path.read_text(encoding="utf-8").replace(str(base / "bin"), str(programs))
            (programs / path.name).write_text(text, encoding="utf-8")
            (programs / path.name).chmod(0o755)
    return programs
