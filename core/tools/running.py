"""A call on its way through the runner: what is known of it so far, and the answers that are no results."""

from __future__ import annotations

import logging
import time

from ..jsontext import JsonError, JsonObject
from .arguments import ArgumentFaults, CheckedArguments, parse_object
from .calls import BoundTool, CallRequest, CallWatcher
from .errors import ToolError, ToolErrorCode
from .execution import Ending
from .outcome import ToolOutcome, error_content
from .results import sendable

__all__ = ["Refused", "RunningCall"]

_MOST_NAMES = 20
_LONGEST_MESSAGE = 4000


class Refused(Exception):
    """The call has no result; carries what the model is told instead."""

    def __init__(self, code: ToolErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = sendable(message, _LONGEST_MESSAGE)


class RunningCall:
    """One call on its way, with what is known of it so far."""

    def __init__(self, request: CallRequest, watcher: CallWatcher) -> None:
        self.request = request
        self.watcher = watcher
        self.name = request.name[:64]
        self.arguments: JsonObject | None = None
        self._started = time.perf_counter()

    def require_known(self) -> BoundTool:
        """The tool that is asked for."""
        if self.request.bound is not None:
            return self.request.bound
        names = self.request.presented
        known = f" There are: {', '.join(names[:_MOST_NAMES])}." if names else ""
        more = f" And {len(names) - _MOST_NAMES} more." if len(names) > _MOST_NAMES else ""
        raise Refused(ToolErrorCode.UNKNOWN_TOOL, f"There is no tool '{self.name}'.{known}{more}")

    def read_arguments(self, bound: BoundTool) -> CheckedArguments:
        """Parse and check what the model wrote."""
        try:
            self.arguments = parse_object(self.request.raw_arguments)
        except JsonError as error:
            raise Refused(
                ToolErrorCode.MALFORMED_ARGUMENTS,
                f"The arguments of '{self.name}' are not a JSON object: {error}. Send one JSON object.",
            ) from None
        try:
            checked = bound.tool.arguments.read(self.arguments)
        except ArgumentFaults as error:
            raise Refused(
                ToolErrorCode.INVALID_ARGUMENTS, f"The arguments of '{self.name}' do not fit: {error}."
            ) from None
        self.arguments = checked.data
        return checked

    def judge(self, ending: Ending, timeout: float) -> Refused | None:
        """What the model is told of a function's end, or None when it has a result."""
        if ending.stopped is ToolErrorCode.TIMEOUT:
            self.log(f"was given up after its timeout of {timeout:g} s")
            return Refused(ToolErrorCode.TIMEOUT, f"The tool '{self.name}' gave no result within {timeout:g} s.")
        if ending.stopped is not None:
            self.log("found no free worker thread; other tools hang or are slow")
            return Refused(ToolErrorCode.OVERLOADED, f"The tool '{self.name}' cannot run now: too many tools run.")
        if isinstance(ending.error, ToolError):
            return Refused(ToolErrorCode.TOOL_FAILED, str(ending.error.message))
        if ending.error is not None:
            self.log("failed", ending.error)
            return self.failed()
        return None

    def failed(self) -> Refused:
        """What the model is told of a failure whose text it must not see."""
        where = f"details are in the server's log under request {self.request.request_id}"
        return Refused(ToolErrorCode.TOOL_FAILED, f"The tool '{self.name}' failed; {where}.")

    def log(self, what: str, error: BaseException | None = None) -> None:
        """Tell the operator, with the traceback when there is one."""
        bound = self.request.bound
        logging.getLogger("promptdock.tools").log(
            logging.WARNING if error is None else logging.ERROR,
            "tool %s of plugin %s %s (request %s, call %s)",
            bound.id if bound else self.name,
            bound.plugin if bound else None,
            what,
            self.request.request_id,
            self.request.call_id,
            exc_info=error,
            extra={"request_id": self.request.request_id, "call_id": self.request.call_id},
        )

    def answered(self, content: str) -> ToolOutcome:
        """The outcome of a call that has a result."""
        return self._outcome(content)

    def refused(self, refusal: Refused) -> ToolOutcome:
        """The outcome of a call that has none."""
        return self._outcome(error_content(refusal.code, refusal.message), refusal)

    def _outcome(self, content: str, refusal: Refused | None = None) -> ToolOutcome:
        bound = self.request.bound
        return ToolOutcome(
            call_id=self.request.call_id,
            name=self.request.name,
            tool=bound.id if bound else None,
            plugin=bound.plugin if bound else None,
            raw_arguments=self.request.raw_arguments,
            arguments=self.arguments,
            content=content,
            error=refusal.code if refusal else None,
            error_message=refusal.message if refusal else None,
            ms=(time.perf_counter() - self._started) * 1000,
        )
