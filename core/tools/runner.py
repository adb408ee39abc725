"""The one place that calls tools: whatever goes wrong in a call becomes an answer that the model can react to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from ..jsontext import JsonObject
from ..threads import WorkerThreads
from .approval import Allow, Approval, Deny, ToolCall
from .arguments import CheckedArguments
from .calls import BoundTool, CallRequest, CallWatcher, Progress
from .context import HttpClient, ToolContext
from .errors import ToolErrorCode
from .execution import ToolExecutor
from .outcome import ToolOutcome, ToolResult
from .results import ResultNotSerialisable, ResultTooLarge, check_text, result_text
from .running import Refused, RunningCall

__all__ = ["Approve", "BoundTool", "CallRequest", "CallWatcher", "LastWord", "ToolRunner"]

Approve: TypeAlias = Callable[[ToolCall], Awaitable[Approval]]
"""Answers whether a call may run."""
LastWord: TypeAlias = Callable[[ToolCall], Approval]
"""The same of who knows at once, and is asked after all others."""


class ToolRunner:
    """Runs tool calls: parse, validate, ask for approval, run, write the result, let hooks change it.

    Args:
        threads: Where sync tools run.
        http: The HTTP client that tools get in their context.
        timeout: Seconds that a call may take unless its tool says otherwise.
        result_limit: The most characters of a result.
        approve: Asks the approval hooks; when it raises, the call is denied.
        transform: Asks the transform hooks; when it raises, the result stands as it was.
    """

    def __init__(
        self,
        *,
        threads: WorkerThreads,
        http: HttpClient,
        timeout: float,
        result_limit: int,
        approve: Approve,
        transform: Callable[[ToolResult], Awaitable[ToolResult]],
    ) -> None:
        self._executor = ToolExecutor(threads)
        self._http = http
        self._timeout = timeout
        self._result_limit = result_limit
        self._approve = approve
        self._transform = transform

    async def run(self, call: CallRequest, watcher: CallWatcher, last_word: LastWord | None = None) -> ToolOutcome:
        """Run one call to its answer.

        Args:
            call: What the model asked for.
            watcher: Told of the call's steps, on the event loop: ``called`` and ``responded`` once each when the
                function runs, ``progressed`` in between as often as the tool wishes.
            last_word: Asked last, of a call that no hook has denied; None when nobody else has a say.

        Returns:
            The answer, an error as well as a result.

        Raises:
            asyncio.CancelledError: The waiting task was cancelled; nothing else is ever raised.
        """
        one = RunningCall(call, watcher)
        try:
            return one.answered(await self._content(one, last_word))
        except Refused as refusal:
            return one.refused(refusal)
        except (asyncio.CancelledError, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001  (a call must never end the turn)
            one.log("failed outside of its function", error)
            return one.refused(one.failed())

    async def _content(self, one: RunningCall, last_word: LastWord | None) -> str:
        bound = one.require_known()
        checked = one.read_arguments(bound)
        await self._ask(one, bound, checked.data, last_word)
        value = await self._value(one, bound, checked)
        try:
            content = result_text(value, self._result_limit)
            return check_text(await self._transformed(one, bound, content), self._result_limit)
        except ResultNotSerialisable as error:
            one.log(f"gave a result that cannot be sent: {error}")
            raise Refused(
                ToolErrorCode.RESULT_NOT_SERIALISABLE, f"The result of '{one.name}' cannot be sent: {error}."
            ) from None
        except ResultTooLarge as error:
            raise Refused(
                ToolErrorCode.RESULT_TOO_LARGE,
                f"The result of '{one.name}' is too large: {error}. Ask for less, e.g. a narrower range.",
            ) from None

    async def _ask(self, one: RunningCall, bound: BoundTool, arguments: JsonObject, last_word: LastWord | None) -> None:
        call = one.request
        question = ToolCall(
            id=call.call_id,
            tool=bound.id,
            name=bound.name,
            plugin=bound.plugin,
            arguments=arguments,
            request_id=call.request_id,
            caller=call.caller,
            round=call.round,
        )
        try:
            answer = await self._approve(question)
            if last_word is not None and (answer is None or isinstance(answer, Allow)):
                answer = last_word(question) or answer
        except Exception as error:  # noqa: BLE001  (whoever cannot be asked has not agreed)
            one.log("was denied, because asking for approval failed", error)
            answer = Deny("asking for approval failed; details are in the server's log")
        if isinstance(answer, Deny):
            raise Refused(ToolErrorCode.DENIED, f"The call of '{one.name}' was denied: {answer.reason}")
        if answer is not None and not isinstance(answer, Allow):
            raise Refused(ToolErrorCode.DENIED, f"The call of '{one.name}' was denied: the answer was no approval.")

    async def _value(self, one: RunningCall, bound: BoundTool, checked: CheckedArguments) -> Any:
        tool = bound.tool
        timeout = tool.timeout if tool.timeout is not None else self._timeout
        values, progress = checked.values, None
        if tool.arguments.contexts:
            progress = Progress(one.watcher)
            context = self._context(one.request, bound, timeout, progress)
            values = values | dict.fromkeys(tool.arguments.contexts, context)
        one.watcher.called(checked.data)
        started = time.perf_counter()
        try:
            ending = await self._executor.run(tool, values, timeout)
        finally:
            if progress is not None:
                progress.end()
        refusal = one.judge(ending, timeout)
        one.watcher.responded(refusal.code if refusal else None, (time.perf_counter() - started) * 1000)
        if refusal is not None:
            raise refusal
        return ending.value

    def _context(self, call: CallRequest, bound: BoundTool, timeout: float, progress: Progress) -> ToolContext:
        return ToolContext(
            request_id=call.request_id,
            call_id=call.call_id,
            tool=bound.id,
            caller=call.caller,
            text=call.text,
            round=call.round,
            timeout=timeout,
            http=self._http,
            settings=bound.settings,
            progress=progress,
        )

    async def _transformed(self, one: RunningCall, bound: BoundTool, content: str) -> str:
        result = ToolResult(
            call_id=one.request.call_id,
            tool=bound.id,
            plugin=bound.plugin,
            arguments=one.arguments or {},
            content=content,
            request_id=one.request.request_id,
        )
        try:
            changed = (await self._transform(result)).content
        except Exception as error:  # noqa: BLE001  (the result stands)
            one.log("keeps its result, because changing it failed", error)
            return content
        return changed
