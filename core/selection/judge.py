"""Asking the rules: each by itself, timed, and without letting one spoil the others."""

from __future__ import annotations

import asyncio
import inspect
import logging
import operator
import time
from collections.abc import Mapping, Sequence

import msgspec

from ..jsontext import well_formed
from ..plugins.catalog import RegisteredRule
from ..tasks import is_cancelled
from ..threads import WorkerThreads
from .candidates import Candidates
from .rules import SelectionRequest, Verdict
from .term_index import Hit
from .tool_sets import Judgement

__all__ = ["judge"]

_log = logging.getLogger("promptdock.selection")
_PLACE = operator.attrgetter("place")
_LONG = 20_000
"""Characters of text that are read on the event loop; more of them are read in a thread."""


async def judge(
    candidates: Candidates,
    request: SelectionRequest,
    *,
    threads: WorkerThreads,
    timeout: float,  # noqa: ASYNC109  (a bound on each rule, not on this function)
) -> tuple[Judgement, ...]:
    """Ask every rule about one prompt.

    Args:
        candidates: The rules, sorted.
        request: What they get to see.
        threads: Where synchronous rules run that may wait.
        timeout: Seconds that one rule may take.

    Returns:
        The judgements of the rules that select, and of all that were asked by themselves, in the order of the rules;
        the others have not selected. Neither has a rule that fails or takes too long.
    """
    rules = candidates.catalog.rules
    found = [*candidates.settled, *await _looked_up(candidates, request, threads)]
    found += [_ask_quick(place, rules[place], request) for place in candidates.quick]
    if candidates.waiting:
        found += await _waited_for(candidates, request, threads, timeout)
    found.sort(key=_PLACE)
    return tuple(found)


async def _waited_for(
    candidates: Candidates,
    request: SelectionRequest,
    threads: WorkerThreads,
    timeout: float,  # noqa: ASYNC109
) -> Sequence[Judgement]:
    """What the rules say that may wait, side by side."""
    rules = candidates.catalog.rules
    waiting = [
        asyncio.ensure_future(_ask_waiting(place, rules[place], request, threads, timeout))
        for place in candidates.waiting
    ]
    try:
        return await asyncio.gather(*waiting)
    finally:
        for task in waiting:
            task.cancel()


async def _looked_up(candidates: Candidates, request: SelectionRequest, threads: WorkerThreads) -> list[Judgement]:
    """What the rules say whose terms are looked up together."""
    if candidates.looks_at_threads or len(request.text) > _LONG:
        read = await _read(candidates, request, threads)
    else:
        read = candidates.nothing_read
    rules = candidates.catalog.rules
    found: list[Judgement] = []
    for (lookup, places), just_read in zip(candidates.lookups, read, strict=True):
        for number, verdict in lookup.selecting(request, just_read):
            found += [Judgement(place, rules[place], verdict) for place in places[number]]
    return found


async def _read(
    candidates: Candidates, request: SelectionRequest, threads: WorkerThreads
) -> Sequence[Mapping[str, tuple[Hit, ...]]]:
    """Read the texts that terms are looked up in, and that were not read lately."""
    unread = [lookup.unread(request) for lookup, _ in candidates.lookups]
    again = request.user_texts if candidates.reads_threads else ()
    if len(request.text) + sum([len(text) for texts in (again, *unread) for text in texts]) > _LONG:
        # reading takes about 0.2 s a megabyte, which the event loop need not feel
        return await threads.call(_read_all, candidates, request, unread)
    return [lookup.read(texts) for (lookup, _), texts in zip(candidates.lookups, unread, strict=True)]


def _read_all(
    candidates: Candidates, request: SelectionRequest, unread: Sequence[Sequence[str]]
) -> list[Mapping[str, tuple[Hit, ...]]]:
    """Read the texts of the request itself, too, which keeps what was read of it."""
    _ = request.input_words
    if candidates.reads_threads:
        _ = request.thread_words
    return [lookup.read(texts) for (lookup, _), texts in zip(candidates.lookups, unread, strict=True)]


def _ask_quick(place: int, rule: RegisteredRule, request: SelectionRequest) -> Judgement:
    started = time.perf_counter()
    try:
        verdict = _checked(rule.rule.decide(request))
    except BaseException as error:  # noqa: BLE001  (a plugin's failure is that plugin's alone, whatever it raises)
        verdict = _failed(rule, error)
    return Judgement(place, rule, verdict, (time.perf_counter() - started) * 1000)


async def _ask_waiting(
    place: int,
    rule: RegisteredRule,
    request: SelectionRequest,
    threads: WorkerThreads,
    timeout: float,  # noqa: ASYNC109
) -> Judgement:
    started = time.perf_counter()
    # a task of its own: a rule that swallows its cancellation is left behind instead of holding up the prompt
    asking = asyncio.ensure_future(_ask(rule, request, threads))
    try:
        await asyncio.wait({asking}, timeout=timeout)
    finally:
        asking.cancel()
    if asking.done():
        verdict = asking.result()
    else:
        _log.warning("a rule of plugin %s took over %s s: %s", rule.plugin.name, timeout, rule.rule.description)
        verdict = Verdict(selected=False, reason=f"the rule took over {timeout:g} s")
    return Judgement(place, rule, verdict, (time.perf_counter() - started) * 1000)


async def _ask(rule: RegisteredRule, request: SelectionRequest, threads: WorkerThreads) -> Verdict:
    """Ask a rule that may wait; never raises, save when this task is cancelled."""
    try:
        answer: object
        if inspect.iscoroutinefunction(rule.rule.decide):
            answer = rule.rule.decide(request)
        else:
            answer = await threads.call(_decided, rule, request)
        if isinstance(answer, _Raised):
            return _failed(rule, answer.error)
        return _checked(await answer if inspect.isawaitable(answer) else answer)
    except BaseException as error:
        if isinstance(error, asyncio.CancelledError) and is_cancelled():
            raise
        return _failed(rule, error)


class _Raised(msgspec.Struct, frozen=True):
    """An exception as a value: ``SystemExit`` and the like must not travel from a thread into the event loop."""

    error: BaseException


def _decided(rule: RegisteredRule, request: SelectionRequest) -> object:
    try:
        return rule.rule.decide(request)
    except BaseException as error:  # noqa: BLE001
        return _Raised(error)


def _checked(answer: object) -> Verdict:
    if not isinstance(answer, Verdict):
        msg = f"decide() gave {type(answer).__name__}, not a Verdict"
        raise TypeError(msg)
    members: tuple[object, object, object] = (answer.selected, answer.reason, answer.terms)
    if not (isinstance(members[0], bool) and isinstance(members[1], str) and isinstance(members[2], tuple)):
        raise TypeError("decide() gave a Verdict with members of wrong types")
    if answer.reason.isascii() and not answer.terms:
        return answer
    return Verdict(answer.selected, well_formed(answer.reason), tuple(well_formed(str(term)) for term in answer.terms))


def _failed(rule: RegisteredRule, error: BaseException) -> Verdict:
    _log.error(
        "a rule of plugin %s %s failed: %s",
        rule.plugin.name,
        rule.plugin.version,
        type(rule.rule).__name__,
        exc_info=error,
    )
    return Verdict(selected=False, reason=f"the rule failed ({type(error).__name__}); the log says why")
