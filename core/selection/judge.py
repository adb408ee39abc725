"""Asking the rules: each by itself, timed, and without letting one spoil the others."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from ..plugins.catalog import RegisteredRule
from ..threads import WorkerThreads
from .rules import SelectionRequest, Verdict

__all__ = ["Judgement", "judge"]

_log = logging.getLogger("promptdock.selection")


@dataclass(frozen=True, slots=True)
class Judgement:
    """A rule's verdict on one prompt, and the milliseconds it took."""

    rule: RegisteredRule
    verdict: Verdict
    ms: float


async def judge(
    rules: Sequence[RegisteredRule],
    request: SelectionRequest,
    *,
    threads: WorkerThreads,
    timeout: float,  # noqa: ASYNC109  (a bound on each rule, not on this function)
) -> tuple[Judgement, ...]:
    """Ask every rule about one prompt.

    Args:
        rules: The rules, in the catalog's order.
        request: What they get to see.
        threads: Where synchronous rules run that may wait.
        timeout: Seconds that one rule may take.

    Returns:
        The judgements, in the order of the rules. A rule that fails or takes too long has not selected.
    """
    waiting = {
        place: asyncio.ensure_future(_ask_waiting(rule, request, threads, timeout))
        for place, rule in enumerate(rules)
        if not _is_quick(rule)
    }
    try:
        quick = {place: _ask_quick(rule, request) for place, rule in enumerate(rules) if place not in waiting}
        slow = dict(zip(waiting, await asyncio.gather(*waiting.values()), strict=True))
    finally:
        for task in waiting.values():
            task.cancel()
    both = quick | slow
    return tuple(both[place] for place in range(len(rules)))


def _is_quick(rule: RegisteredRule) -> bool:
    return rule.rule.nonblocking and not inspect.iscoroutinefunction(rule.rule.decide)


def _ask_quick(rule: RegisteredRule, request: SelectionRequest) -> Judgement:
    started = time.perf_counter()
    try:
        verdict = _checked(rule.rule.decide(request))
    except Exception as error:  # noqa: BLE001  (a plugin's failure is that plugin's alone)
        verdict = _failed(rule, error)
    return Judgement(rule, verdict, _ms_since(started))


async def _ask_waiting(
    rule: RegisteredRule,
    request: SelectionRequest,
    threads: WorkerThreads,
    timeout: float,  # noqa: ASYNC109
) -> Judgement:
    started = time.perf_counter()
    try:
        async with asyncio.timeout(timeout):
            answer: object
            if inspect.iscoroutinefunction(rule.rule.decide):
                answer = rule.rule.decide(request)
            else:
                answer = await threads.call(rule.rule.decide, request)
            if inspect.isawaitable(answer):
                answer = await answer
        verdict = _checked(answer)
    except TimeoutError:
        _log.warning("a rule of plugin %s took over %s s: %s", rule.plugin.name, timeout, rule.rule.description)
        verdict = Verdict(selected=False, reason=f"the rule took over {timeout:g} s")
    except Exception as error:  # noqa: BLE001  (a plugin's failure is that plugin's alone)
        verdict = _failed(rule, error)
    return Judgement(rule, verdict, _ms_since(started))


def _checked(answer: object) -> Verdict:
    if not isinstance(answer, Verdict):
        msg = f"decide() gave {type(answer).__name__}, not a Verdict"
        raise TypeError(msg)
    return answer


def _failed(rule: RegisteredRule, error: Exception) -> Verdict:
    _log.error(
        "a rule of plugin %s %s failed: %s",
        rule.plugin.name,
        rule.plugin.version,
        type(rule.rule).__name__,
        exc_info=error,
    )
    return Verdict(selected=False, reason=f"the rule failed ({type(error).__name__}); the log says why")


def _ms_since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
