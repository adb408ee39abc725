"""The promise to plugin authors, kept with a clock: from nothing to a plugin that is tested, served and called.

``make minute`` runs this. The wheel of the checkout is built and uv's cache is warmed first, which does not count; then
a plugin is scaffolded, installed into a clean environment, tested, graded, served, and called with the official openai
client. Each step's seconds are printed. The exit code is 1 when all of them take more than a minute together.
"""

from __future__ import annotations

import re
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.environments import CHECKOUT, Environment, Finished, build, wheel_in

__all__ = ["main"]

_BUDGET: Final = 60.0
_PROMPT: Final = "Roll 3 dice with 20 sides."
_ROLLED: Final = re.compile(r": (\d+), (\d+) and (\d+)\.")
_CALL: Final = """
import json, sys
from openai import OpenAI

client = OpenAI(base_url=sys.argv[1], api_key="none")
completion = client.chat.completions.create(
    model="offline/offline", messages=[{"role": "user", "content": sys.argv[2]}]
)
print(json.dumps(completion.choices[0].message.content))
"""


@dataclass(slots=True)
class _Clock:
    """Prints how long each step takes, and adds them up."""

    total: float = 0.0

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step."""
        started, worked = time.perf_counter(), _worked()
        yield
        took = time.perf_counter() - started
        self.total += took
        _say(f"{took:6.1f} s  {name} ({_worked() - worked:.1f} s of one core)")


def main() -> int:
    """Keep the promise once.

    Returns:
        0 when it was kept, 1 when it took too long.
    """
    with tempfile.TemporaryDirectory(prefix="promptdock-minute-") as made:
        root = Path(made)
        wheel, before = _prepare(root)
        clock = _Clock()
        _author(root, wheel, before, clock)
    kept = clock.total <= _BUDGET
    _say(f"{clock.total:6.1f} s  in all, of {_BUDGET:.0f}: {'kept' if kept else 'too slow'}")
    return 0 if kept else 1


def _prepare(root: Path) -> tuple[Path, Environment]:
    """Build the wheel, and install what the measured environment will have once, so that all of it is cached."""
    _say("building the wheel and warming the cache (not counted)")
    dist = root / "dist"
    dist.mkdir()
    build(CHECKOUT, dist)
    wheel = wheel_in(dist)
    before = Environment.create(root / "before", f"promptdock[testing] @ {wheel.as_uri()}")
    _ran(before.run("promptdock", "plugin", "new", "warm-up"))
    before.install("--editable", f"{before.folder / 'work' / 'promptdock-warm-up'}[test]")
    return wheel, before


def _author(root: Path, wheel: Path, before: Environment, clock: _Clock) -> None:
    """Do what an author does."""
    with clock.step("promptdock plugin new dice"):
        _ran(before.run("promptdock", "plugin", "new", "dice"))
    package = before.folder / "work" / "promptdock-dice"
    with clock.step('new environment, pip install -e ".[test]"'):
        clean = Environment.create(root / "clean", wheel, "--editable", f"{package}[test]", bytecode=False)
    with clock.step("python -m pytest"):
        _ran(clean.run("python", "-m", "pytest", "-q", "--rootdir", str(package), str(package)))
    with clock.step("promptdock plugin check promptdock-dice"):
        _ran(clean.run("promptdock", "plugin", "check", "promptdock-dice", "--require", "gold"))
    with ExitStack() as closing:
        with clock.step("promptdock serve"):
            server = closing.enter_context(clean.serving())
        with clock.step("a call with the openai client"):
            answer = _ran(clean.run("python", "-c", _CALL, server.base_url, _PROMPT)).json()
        with clock.step("stopping the server"):
            code = server.stop(signal.SIGTERM)
    assert code == 0, server.log()
    rolled = _ROLLED.search(answer)
    assert rolled is not None, answer
    assert all(1 <= int(number) <= 20 for number in rolled.groups()), answer
    _say(f"{'':10}{_PROMPT} -> {answer}")


def _worked() -> float:
    """Seconds of processor time of all programs that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _ran(done: Finished) -> Finished:
    assert done.code == 0, f"exit code {done.code}\n{done.out}{done.err}"
    return done


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
