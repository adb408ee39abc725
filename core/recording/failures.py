"""Failures of providers, written down and raised again as the exceptions that they were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..error_table import describe, retry_after
from ..errors import PromptdockError
from ..jsontext import JsonObject, dumps
from ..providers.transports.failures import Failures

__all__ = ["ReplayedFailure", "failure_as_json", "replayed_failure"]

_NO_SUCCESS: Final = 300
_URL: Final = "https://recorded.invalid/v1/chat/completions"


class ReplayedFailure(PromptdockError):
    """A recorded failure that was no exception of the openai package; it says what callers were told."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message, code=code)
        self.status = status  # type: ignore[misc]  # its own, not its class's


def failure_as_json(error: BaseException) -> JsonObject:
    """A failure as it is recorded: its class, what callers are told of it, and what the vendor sent."""
    told = describe(error)
    status = _whole(getattr(error, "status_code", None))
    failure: JsonObject = {
        "type": _kind(type(error)),
        "status": status if status >= _NO_SUCCESS else told.status,
        "code": told.code,
        "message": told.message,
    }
    body = getattr(error, "body", None)
    if body is not None:
        failure["body"] = body
    headers = getattr(getattr(error, "response", None), "headers", None)
    seconds = retry_after(headers) if isinstance(headers, Mapping) else None
    if seconds is not None:
        failure["retry_after"] = seconds
    return failure


async def replayed_failure(failure: JsonObject) -> Exception:
    """The exception that a recorded failure was, built as the transports build it."""
    failures = Failures("POST", _URL)
    kind, body = str(failure.get("type", "")), failure.get("body")
    if kind == "openai.APITimeoutError":
        return await failures.timed_out()
    if kind == "openai.APIConnectionError":
        return await failures.unreachable()
    if kind == "openai.APIResponseValidationError":
        return await failures.unreadable()
    if kind == "openai.APIError":
        return await failures.reported({"error": body if body is not None else {"message": failure.get("message")}})
    status = _whole(failure.get("status"))
    if not kind.startswith("openai.") or status < _NO_SUCCESS:
        return ReplayedFailure(status or 500, str(failure.get("code", "")), str(failure.get("message", "")))
    headers = {"retry-after": f"{failure['retry_after']:g}"} if "retry_after" in failure else {}
    content = body.encode() if isinstance(body, str) else dumps({"error": body if body is not None else {}})
    return await failures.status(status, headers, content)


def _kind(cls: type[BaseException]) -> str:
    """The name of a class; of one that a provider derived from the openai package's, the name of that one."""
    named = [f"{parent.__module__.partition('.')[0]}.{parent.__qualname__}" for parent in cls.__mro__]
    return next((name for name in named if name.startswith("openai.")), named[0])


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else 0
