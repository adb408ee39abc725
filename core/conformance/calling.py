"""Calls of one tool through the real runner, for checks: what was answered, and whether that was meant."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..http import SharedHttpClient
from ..jsontext import dumps_text
from ..plugins.catalog import RegisteredTool
from ..plugins.host import PluginHost
from ..threads import WorkerThreads
from ..tools.calls import BoundTool, CallRequest
from ..tools.errors import ToolErrorCode
from ..tools.outcome import ToolOutcome
from ..tools.runner import ToolRunner
from .refusing import process_kept

__all__ = ["Answer", "Calls", "open_calls"]

_LOG = "promptdock.tools"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one call.

    Attributes:
        outcome: The runner's answer.
        unexpected: The exception that the tool let out although it is no ``ToolError``; None for every other ending.
        seconds: How long the call took.
    """

    outcome: ToolOutcome
    unexpected: BaseException | None
    seconds: float

    @property
    def refused(self) -> bool:
        """Whether the arguments were not taken."""
        return self.outcome.error in {ToolErrorCode.INVALID_ARGUMENTS, ToolErrorCode.MALFORMED_ARGUMENTS}


class Calls:
    """Makes calls. Open it with :func:`open_calls`."""

    def __init__(self, runner: ToolRunner, failures: _Failures) -> None:
        self._runner = runner
        self._failures = failures
        self._made = 0

    async def call(self, tool: RegisteredTool, arguments: Mapping[str, Any] | str) -> Answer:
        """Make one call, as if a model had asked for it.

        Args:
            tool: What is called.
            arguments: An object, or the text that a model would write.

        Returns:
            The answer, errors as well as results.
        """
        self._made += 1
        call_id = f"call_{self._made}"
        request = CallRequest(
            call_id=call_id,
            name=tool.name,
            raw_arguments=arguments if isinstance(arguments, str) else dumps_text(arguments),
            bound=BoundTool(
                id=tool.id,
                name=tool.name,
                plugin=tool.plugin.name,
                tool=tool.tool,
                settings=tool.plugin.settings,
            ),
            request_id="req_plugin_check",
            caller="plugin check",
            text="",
            round=1,
            presented=(tool.name,),
        )
        started = time.perf_counter()
        outcome = await self._runner.run(request, _Nobody())
        seconds = time.perf_counter() - started
        return Answer(outcome=outcome, unexpected=self._failures.found.pop(call_id, None), seconds=seconds)


@contextlib.asynccontextmanager
async def open_calls(
    host: PluginHost,
    *,
    timeout: float,  # noqa: ASYNC109  (what tools get, not a bound on this)
    result_limit: int = 65_536,
    quiet: bool = True,
) -> AsyncIterator[Calls]:
    """Open what makes calls, with the approval and transform hooks of a host.

    Args:
        host: The loaded plugins.
        timeout: Seconds that a tool may take unless it says otherwise.
        result_limit: The most characters of a result.
        quiet: Whether failures are kept out of the log: of calls that are meant to fail, nobody wants to read.

    Yields:
        The calls.
    """
    threads, http = WorkerThreads(32), SharedHttpClient()
    runner = ToolRunner(
        threads=threads,
        http=http,
        timeout=timeout,
        result_limit=result_limit,
        approve=host.approve_tool_call,
        transform=host.transform_tool_result,
    )
    failures = _Failures()
    try:
        with failures.listening(quiet=quiet), process_kept():
            yield Calls(runner, failures)
    finally:
        await http.aclose()
        await asyncio.sleep(0)


class _Failures(logging.Handler):
    """Hears from the runner's log what a tool let out: the answer of a call does not tell it from a ``ToolError``."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: dict[str, BaseException] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the exception by the call's id."""
        error = record.exc_info[1] if record.exc_info else None
        call_id = getattr(record, "call_id", None)
        if error is not None and isinstance(call_id, str):
            self.found[call_id] = error

    @contextlib.contextmanager
    def listening(self, *, quiet: bool) -> Iterator[None]:
        logger = logging.getLogger(_LOG)
        level, disabled, propagate = logger.level, logger.disabled, logger.propagate
        logger.addHandler(self)
        logger.disabled = False
        logger.propagate = not quiet
        if not logger.isEnabledFor(logging.ERROR):
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            logger.removeHandler(self)
            logger.setLevel(level)
            logger.disabled = disabled
            logger.propagate = propagate


class _Nobody:
    """A watcher that does not care."""

    def called(self, arguments: Mapping[str, Any]) -> None:
        """Nothing."""

    def responded(self, error: ToolErrorCode | None, ms: float) -> None:
        """Nothing."""

    def progressed(self, message: str, fraction: float | None) -> None:
        """Nothing."""
