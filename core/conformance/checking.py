"""Checking one plugin in a process of its own: whatever it does to that process, there is a report."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from .check import Check, Grade, all_checks
from .job import OUTPUT, Job, read_progress
from .report import CheckResult, PluginReport, State, Waiver
from .standing import ask_where
from .targets import Target

__all__ = ["check_plugin", "checks_up_to"]

_POLL: Final = 0.05
_LAST_WORDS: Final = 300
_MOST_OUTPUT: Final = 65_536
_LOADING: Final = ""
"""Stands for the id of the check that runs while the plugin is loaded and none does."""


def checks_up_to(grade: Grade) -> tuple[Check, ...]:
    """The checks that a grade demands, those of the grades below it first."""
    return tuple(check for check in all_checks() if check.grade.rank <= grade.rank)


@dataclass(slots=True)
class _Found:
    """What is known so far.

    Attributes:
        results: Results by the check's id.
        waivers: The plugin's waivers, as the last process that came to its end saw them.
        notes: What is worth knowing.
        version: The distribution's version.
        doing: What the process is at: a check's id.
        own: Beginnings of the names of files that are the plugin's.
        where: The line at which the process stood when the time was over.
        done: Whether the process came to its end.
        missing: Whether the process did not find the plugin.
    """

    results: dict[str, CheckResult] = field(default_factory=dict)
    waivers: list[Waiver] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    version: str = ""
    doing: str = _LOADING
    own: list[str] = field(default_factory=list)
    where: str | None = None
    done: bool = False
    missing: bool = False


def check_plugin(
    target: Target,
    *,
    checks: Sequence[Check] | None = None,
    timeout: float = 300.0,
    import_budget_ms: float = 200.0,
    progressed: Callable[[str], object] | None = None,
    said: Callable[[str], object] | None = None,
    environment: Mapping[str, str] | None = None,
) -> PluginReport:
    """Check a plugin.

    Args:
        target: The plugin.
        checks: What to run; None for all.
        timeout: Seconds for all of it.
        import_budget_ms: What its import may cost.
        progressed: Told of the id of each check when it begins.
        said: Told what the process and the plugin in it wrote to stdout and stderr.
        environment: Environment of the process; None for this process's own.

    Returns:
        The report. A check that ends the process, or is still running when the time is over, has failed; the checks
        after one that ended the process are run in a new one.
    """
    wanted = all_checks() if checks is None else tuple(checks)
    end = time.monotonic() + timeout
    found = _Found(version=target.version)
    if target.distribution.startswith("file:"):
        found.own = [target.distribution.removeprefix("file:")]
    while left := [check for check in wanted if check.id not in found.results]:
        job = Job(
            name=target.name,
            distribution=target.distribution,
            checks=tuple(check.id for check in left),
            import_budget_ms=import_budget_ms,
            timeout=max(1.0, end - time.monotonic()),
        )
        what = _one_process(job, end, found, progressed, said, environment)
        if found.done:
            break
        _blame(found, left, what, over=time.monotonic() >= end)
    return PluginReport(
        name=target.name,
        distribution=target.distribution,
        version=found.version,
        checks=tuple(found.results[check.id] for check in wanted if check.id in found.results),
        waivers=tuple(found.waivers),
        notes=(*dict.fromkeys(found.notes), *_unneeded(found.waivers, found.results.values(), wanted)),
    )


def _one_process(
    job: Job,
    end: float,
    found: _Found,
    progressed: Callable[[str], object] | None,
    said: Callable[[str], object] | None,
    environment: Mapping[str, str] | None,
) -> str:
    """Run one process and take over what it tells; say in which way it ended."""
    found.doing, found.done, found.where = _LOADING, False, None
    with tempfile.TemporaryDirectory(prefix="promptdock-check-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with (folder / OUTPUT).open("wb") as output:
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-P", "-m", str(__package__), str(job.write(folder))],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=None if environment is None else dict(environment),
                start_new_session=True,  # so that what the plugin starts can be ended with it
            )
            heard = 0
            try:
                while process.poll() is None and time.monotonic() < end:
                    heard = _hear(folder, heard, found, progressed)
                    time.sleep(_POLL)
                heard = _hear(folder, heard, found, progressed)
                if process.poll() is None:
                    found.where = ask_where(process.pid, folder, found.own)
            finally:
                timely = process.poll() is not None
                _end(process)
        _hear(folder, heard, found, progressed)
        output_text = _tail(folder / OUTPUT)
    if said is not None and output_text.strip():
        said(output_text)
    if found.missing:
        return "was not found by the process that checks it"
    return _ending(process.returncode, output_text) if timely else "was still running when the time was over"


def _hear(folder: Path, heard: int, found: _Found, progressed: Callable[[str], object] | None) -> int:
    events = list(read_progress(folder))
    for event in events[heard:]:
        _take(event, found, progressed)
    return len(events)


def _take(event: dict[str, Any], found: _Found, progressed: Callable[[str], object] | None) -> None:
    match event["event"]:
        case "missing":
            found.missing = True
        case "loading":
            found.version = event["version"]
        case "loaded":
            found.notes += event["notes"]
            found.own = event["own"]
        case "begun":
            found.doing = event["id"]
            if progressed is not None:
                progressed(found.doing)
        case "ended":
            result = CheckResult.from_json(event["result"])
            found.results[result.id] = result
        case "done":
            found.waivers = [Waiver(**waiver) for waiver in event["waivers"]]
            found.done = True


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process, and on POSIX all that it started."""
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def _tail(file: Path) -> str:
    try:
        with file.open("rb") as output:
            output.seek(max(0, file.stat().st_size - _MOST_OUTPUT))
            return output.read().decode(errors="replace")
    except OSError:  # the plugin has removed it
        return ""


def _ending(code: int, output: str) -> str:
    if code < 0:
        with suppress(ValueError):
            return f"killed its process by {signal.Signals(-code).name}"
    words = output.strip().splitlines()
    last = f"; its last words: {words[-1][:_LAST_WORDS]!r}" if words else ""
    return f"ended its process with exit code {code}{last}"


def _blame(found: _Found, left: Sequence[Check], what: str, *, over: bool) -> None:
    """Put a process that did not come to its end down to the check that it was at."""
    loading = found.doing == _LOADING
    for check in left:
        if check.id in found.results:
            continue
        if check.id == found.doing or (loading and check is left[0]):
            found.results[check.id] = CheckResult.broken(
                check,
                f"The plugin {what} while {'it was loaded' if loading else 'this check ran'}"
                f"{f', at {found.where}' if found.where else ''}.",
                "Find what exits or crashes there: 'promptdock plugin check --debug' shows what the process wrote."
                if not over
                else "Find what waits there for ever; where the plugin is only slow, give it more time: --timeout.",
            )
        elif loading or over:
            reason = "the plugin did not load" if loading else "the time was over"
            found.results[check.id] = CheckResult.of(check, State.NOT_RUN, reason=reason)


def _unneeded(waivers: Iterable[Waiver], results: Iterable[CheckResult], wanted: Sequence[Check]) -> Iterable[str]:
    """Waivers of checks that were run and did not need them."""
    run = {check.id for check in wanted}
    broken = {result.id for result in results if result.state is State.FAILED}
    for waiver in waivers:
        check = waiver.key.partition(":")[0]
        if not waiver.used and check in run and check not in broken:
            yield f"Nothing needs the waiver of {waiver.key!r}; take it out."
