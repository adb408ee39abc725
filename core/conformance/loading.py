"""What loading a plugin costs and does: measured once, in a process in which nobody has imported it yet."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from ..effect_watch import Observed, carried_into_threads, watching
from ..effects import Effect
from ..plugins.discovery import Candidate, find_plugins
from ..plugins.loader import load_plugins
from ..settings import Settings
from .job import IMPORT
from .required import lacks_settings, with_required_secrets
from .subject import LoadFacts

__all__ = ["find_candidate", "import_ms", "measure_again", "observe_loading"]

_ATTEMPTS: Final = 4
_HOPELESS: Final = 10
"""An import this many times over the budget is not measured again."""
_LONGEST_OUTPUT: Final = 2_000


def find_candidate(settings: Settings, name: str, distribution: str) -> Candidate | None:
    """Find one plugin among all that are installed or lie in the plugins folder, without importing it."""
    for candidate in find_plugins(settings.plugins_folder, {}).candidates:
        if (candidate.name, candidate.distribution) == (name, distribution):
            return candidate
    return None


def import_ms(candidate: Candidate) -> float:
    """Import a plugin and give the milliseconds; what promptdock brings is imported before, so it does not count."""
    _import_promptdock()
    started = time.perf_counter()
    with suppress(BaseException):  # whatever it raises, the loader will say so
        candidate.load()
    return (time.perf_counter() - started) * 1000


def observe_loading(
    candidate: Candidate, settings: Settings, *, budget: float, again: Callable[[], float]
) -> LoadFacts:
    """Import a plugin and call its register hooks, and see what that does.

    Args:
        candidate: The plugin; not imported yet.
        settings: Settings under which it is loaded alone.
        budget: Milliseconds that its import may take.
        again: Measures the import in another fresh process: one slow start on a busy machine proves nothing.

    Returns:
        What was seen; of several measurements of the import the best.
    """
    _import_promptdock()
    network: list[str] = []
    threads: list[str] = []

    def seen(observed: Observed) -> None:
        if observed.effect is Effect.NETWORK:
            network.append(str(observed))

    with ExitStack() as stack:
        output = stack.enter_context(_captured_output())
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")  # the host's, about hooks that are deprecated
        stack.enter_context(carried_into_threads())
        stack.enter_context(_noting_threads(threads))
        stack.enter_context(watching(seen))
        best = import_ms(candidate)
        loaded = load_plugins(settings, {})
        if any(record.name == candidate.name and lacks_settings(record) for record in loaded.catalog.plugins):
            load_plugins(with_required_secrets(settings, candidate)[0], {})
    for _ in range(_ATTEMPTS):
        if not budget < best < budget * _HOPELESS:
            break
        best = min(best, again())
    return LoadFacts(
        import_ms=best,
        output=output(),
        network=tuple(dict.fromkeys(network)),
        threads=tuple(dict.fromkeys(threads)),
    )


def measure_again(job: Path, timeout: float) -> float:
    """Measure the import of a job's plugin in a fresh process.

    Args:
        job: The job that this process was given.
        timeout: Seconds after which it is given up.

    Returns:
        Milliseconds; infinite when the process did not tell.
    """
    command = [sys.executable, "-P", "-m", str(__package__), "--import", str(job)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=timeout, check=False, stdin=subprocess.DEVNULL)  # noqa: S603
        return float(json.loads((job.parent / IMPORT).read_text())) if done.returncode == 0 else float("inf")
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return float("inf")


def _import_promptdock() -> None:
    """Import all that a plugin gets from promptdock, so that its own import is what is measured."""
    package: Any = importlib.import_module((__package__ or "").partition(".")[0])
    for name in package.__all__:
        getattr(package, name)


@contextmanager
def _captured_output() -> Iterator[Callable[[], str]]:
    """Catch what goes to stdout and stderr, that of C code and of child processes too; at the end it can be asked."""
    texts: list[str] = []
    with tempfile.TemporaryFile() as file:
        _flush()
        kept = {number: os.dup(number) for number in (1, 2)}
        for number in kept:
            os.dup2(file.fileno(), number)
        try:
            yield lambda: "".join(texts)
        finally:
            _flush()
            for number, before in kept.items():
                os.dup2(before, number)
                os.close(before)
            file.seek(0)
            texts.append(file.read(_LONGEST_OUTPUT).decode(errors="replace").strip())


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()


@contextmanager
def _noting_threads(names: list[str]) -> Iterator[None]:
    """Note each thread that Python code starts; those that libraries start in C for themselves are not seen."""
    threads: Any = threading.Thread
    start = threads.start

    def noting(thread: threading.Thread) -> None:
        names.append(thread.name)
        start(thread)

    before = set(threading.enumerate())
    threads.start = noting
    try:
        yield
    finally:
        threads.start = start
        left = set(threading.enumerate()) - before  # started by _thread itself
        names.extend(thread.name for thread in left if thread.name not in names)
