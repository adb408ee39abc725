"""Calling hook implementations one by one: timed, bounded, and each failing by itself."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from .calls import HookCall

if TYPE_CHECKING:
    from ..threads import WorkerThreads

__all__ = ["HookExecutor", "HookFailed", "HookWatch", "Unfinished"]

HookWatch: TypeAlias = Callable[[HookCall, str, float], None]
"""Told of each call: the implementation, ``ok``, ``failed``, ``timeout`` or ``cancelled``, and the seconds it took."""


class HookFailed(Exception):
    """An implementation gave no answer; it is logged and counted already.

    Args:
        what: What happened, in words that a caller may see: ``raised ValueError``, ``took longer than 5 s``.
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class _Raised(msgspec.Struct, frozen=True):
    """An exception as a value: ``SystemExit`` and the like must not travel through tasks and threads."""

    error: BaseException


class Unfinished(msgspec.Struct, frozen=True):
    """A call whose implementation gave something to await; :meth:`HookExecutor.finish` does that.

    Attributes:
        call: The implementation.
        given: What it gave.
        started: When it was called, by ``time.perf_counter``.
    """

    call: HookCall
    given: Any
    started: float


class HookExecutor:
    """Calls implementations of per-request hooks.

    Args:
        threads: Where synchronous ones run.
        timeout: Seconds that each may take.

    Attributes:
        watch: Told of each call; it never waits and never raises.
    """

    def __init__(self, *, threads: WorkerThreads, timeout: float) -> None:
        self.watch: HookWatch | None = None
        self._threads = threads
        self._timeout = timeout
        self._running: set[asyncio.Task[Any]] = set()

    async def call(self, call: HookCall, values: Mapping[str, object], *, request_id: str) -> Any:
        """Call one implementation.

        Args:
            call: The implementation.
            values: The hook's arguments by name, without ``settings``.
            request_id: Named in the log.

        Returns:
            What it gave.

        Raises:
            HookFailed: It raised, took too long, or no worker thread was free.
        """
        if call.immediate:
            # in a context of its own, as in a thread or a task: what it sets there is not for the turn to see
            answer = copy_context().run(self.call_now, call, values, request_id=request_id)
            return await self.finish(answer, request_id=request_id) if isinstance(answer, Unfinished) else answer
        call.counters.calls += 1
        work = self._answer(call, call.arguments(values))
        return await self._waited(call, work, request_id, started=time.perf_counter())

    def call_now(self, call: HookCall, values: Mapping[str, object], *, request_id: str) -> Any:
        """Call an implementation that is immediate.

        Args:
            call: The implementation.
            values: The hook's arguments by name, without ``settings``.
            request_id: Named in the log.

        Returns:
            What it gave; when that is to be awaited after all, an :class:`Unfinished`.

        Raises:
            HookFailed: It raised.
        """
        counters = call.counters
        counters.calls += 1
        arguments = call.arguments(values)
        started = time.perf_counter()
        answer = _caught(call.function, arguments)
        if answer is None:  # what most implementations give
            seconds = time.perf_counter() - started
            counters.total_ms += seconds * 1000
            if self.watch is not None:
                self.watch(call, "ok", seconds)
            return None if call.adapter.answer is None else self._given(call, None, request_id)
        if inspect.isawaitable(answer):
            return Unfinished(call, answer, started)
        self._count(call, "failed" if isinstance(answer, _Raised) else "ok", time.perf_counter() - started)
        return self._given(call, answer, request_id)

    async def finish(self, begun: Unfinished, *, request_id: str) -> Any:
        """Wait for the answer of a call that was begun; see :meth:`call`."""
        work = self._bounded(_resolved(begun.given))
        return await self._waited(begun.call, work, request_id, started=begun.started)

    async def _waited(self, call: HookCall, work: Coroutine[Any, Any, Any], request_id: str, *, started: float) -> Any:
        """Wait for an answer, and count how that ends."""
        outcome = "cancelled"
        try:
            answer = await work
            outcome = "failed" if isinstance(answer, _Raised) else "ok"
        except TimeoutError:
            call.counters.timeouts += 1
            outcome = "timeout"
            what = f"took longer than {self._timeout:g} s"
            log(call, what, request_id)
            raise HookFailed(what) from None
        finally:
            self._count(call, outcome, time.perf_counter() - started)
        return self._given(call, answer, request_id)

    def _count(self, call: HookCall, outcome: str, seconds: float) -> None:
        call.counters.total_ms += seconds * 1000
        if self.watch is not None:
            self.watch(call, outcome, seconds)

    def _given(self, call: HookCall, answer: Any, request_id: str) -> Any:
        """What an implementation gave, as the hook that it serves wants it."""
        if call.adapter.answer is not None and not isinstance(answer, _Raised):
            answer = _caught(call.answer, {"given": answer})
        if isinstance(answer, _Raised):
            call.counters.failures += 1
            what = f"raised {type(answer.error).__name__}"
            log(call, what, request_id, answer.error)
            raise HookFailed(what)
        return answer

    def refuse(self, call: HookCall, answer: object, wanted: str, *, request_id: str) -> HookFailed:
        """Count and log an answer of a wrong type, and give the failure to raise or to act on."""
        call.counters.failures += 1
        failure = HookFailed(f"gave {type(answer).__name__} instead of {wanted}")
        log(call, failure.what, request_id)
        return failure

    async def _answer(self, call: HookCall, arguments: dict[str, object]) -> Any:
        if call.asynchronous:
            return await self._bounded(_awaited(call.function, arguments))
        return await self._bounded(self._in_thread(call.function, arguments))

    async def _in_thread(self, function: Callable[..., Any], arguments: dict[str, object]) -> Any:
        try:
            answer = await self._threads.call(_caught, function, arguments)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001  (no thread is free)
            return _Raised(error)
        return await _resolved(answer)

    async def _bounded(self, work: Any) -> Any:
        """Wait for a coroutine in a task of its own, so that one which ignores its cancellation holds nobody up."""
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            await asyncio.wait({task}, timeout=self._timeout)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not task.done():
            task.cancel()
            raise TimeoutError
        return _Raised(asyncio.CancelledError()) if task.cancelled() else task.result()

    async def aclose(self) -> None:
        """Cancel what still runs; it is given a moment, not waited for."""
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=0.1)


def _caught(function: Callable[..., Any], arguments: dict[str, object]) -> Any:
    try:
        return function(**arguments)
    # a KeyboardInterrupt, too: under a server Ctrl-C comes as a cancellation, so it is the plugin's own
    except BaseException as error:  # noqa: BLE001  (isolation is the point)
        return _Raised(error)


async def _awaited(function: Callable[..., Any], arguments: dict[str, object]) -> Any:
    # called inside the task: a coroutine made outside would be left unawaited if the task never starts
    return await _resolved(_caught(function, arguments))


async def _resolved(answer: Any) -> Any:
    if not inspect.isawaitable(answer):
        return answer
    try:
        return await answer
    except BaseException as error:  # noqa: BLE001
        return _Raised(error)


def log(call: HookCall, what: str, request_id: str, error: BaseException | None = None) -> None:
    """Write one line, with the traceback when there is an exception, to the plugin's own logger."""
    logging.getLogger(f"promptdock.plugins.{call.plugin}").error(
        "Hook %s of plugin %s %s %s (request %s)",
        call.hook,
        call.plugin,
        call.version or "(no version)",
        what,
        request_id or "-",
        exc_info=error,
        extra={"hook": call.hook, "plugin": call.plugin, "version": call.version, "request_id": request_id},
    )
