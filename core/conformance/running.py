"""Running checks on a plugin that is loaded: one after the other, each to its end, whatever it raises."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence

from ..errors import PromptdockError
from ..plugins.quarantine import describe_exception
from .check import Check, NotApplicable
from .report import CheckResult, Reported, State
from .subject import Subject
from .waivers import apply_waivers, read_waivers

__all__ = ["run_checks"]


async def run_checks(
    subject: Subject, checks: Sequence[Check], *, begun: Callable[[Check], object] | None = None
) -> AsyncIterator[CheckResult]:
    """Run checks on a plugin.

    Args:
        subject: The plugin.
        checks: What to run, in this order.
        begun: Told of each check before it runs.

    Yields:
        What each of them found, waivers applied.
    """
    waivers = read_waivers(subject.plugin)
    for check in checks:
        if begun is not None:
            begun(check)
        yield apply_waivers(await _run(check, subject), check, waivers)


async def _run(check: Check, subject: Subject) -> CheckResult:
    if check.needs_load and not subject.loaded:
        return CheckResult.of(check, State.NOT_RUN, reason="the plugin did not load")
    started = time.perf_counter()
    try:
        findings = tuple(await check.run(subject))
    except NotApplicable as why:
        return CheckResult.of(check, State.NOT_APPLICABLE, reason=why.reason, ms=_since(started))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # what one check, or the plugin under it, raises must not end the others
        if isinstance(error, asyncio.CancelledError) and _is_cancelled():
            raise
        if isinstance(error, PromptdockError):
            return CheckResult.broken(check, error.message, error.hint or "Correct it.", ms=_since(started))
        return CheckResult.broken(
            check,
            f"The check did not come to its end: {describe_exception(error)}.",
            "Look for what the plugin raises there; if it is not the plugin's, report it as a defect of promptdock.",
            ms=_since(started),
        )
    return CheckResult(
        id=check.id,
        grade=check.grade,
        title=check.title,
        state=State.FAILED if findings else State.PASSED,
        findings=tuple(Reported(finding=finding) for finding in findings),
        ms=_since(started),
    )


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
