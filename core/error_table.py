"""One table from every exception to what a caller is told about it.

Classes are named as text, so that a look-up never imports the package they come from. The nearest class along the MRO
with a row decides: a subclass that nobody thought of fares as its parent does.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Any, Final

from .errors import ErrorInfo, PromptdockError
from .redaction import redact_text

__all__ = ["describe", "retry_after", "row_of", "scrub"]

_MAX_MESSAGE: Final = 500
_MAX_RETRY_AFTER: Final = 86_400.0
_INVALID: Final = "invalid_request_error"
_SERVER: Final = "server_error"


def _row(status: int, code: str, message: str, kind: str = _SERVER) -> ErrorInfo:
    return ErrorInfo(status=status, code=code, type=kind, message=message)


_DEFAULT: Final = _row(500, "internal_error", "Something went wrong inside the server; its log has the details.")
_MISUSE: Final = _row(
    500, "provider_error", "The provider's client is set up or used wrongly; the log has the details."
)
_UPSTREAM: Final = _row(502, "upstream_error", "The provider failed to answer; try again later.")
_TIMEOUT: Final = _row(504, "upstream_timeout", "The provider did not answer in time; try again later.")
_UNREACHABLE: Final = _row(502, "upstream_unreachable", "The provider cannot be reached; try again later.")
_BAD_ANSWER: Final = _row(502, "upstream_invalid_response", "The provider sent an answer that cannot be read.")
_BAD_REQUEST: Final = _row(400, "invalid_request", "The provider refused the request.", _INVALID)
_TOO_LARGE: Final = _row(413, "payload_too_large", "The request is too large for the provider.", _INVALID)
_CANCELLED: Final = _row(503, "cancelled", "The request was cancelled before it was answered.")
_REFUSED_KEY: Final = _row(
    502,
    "upstream_auth",
    "The provider refused this server's key; the server's operator has to check it.",
)
_FILTERED: Final = _row(422, "content_filter", "The provider's content filter rejected the request.", _INVALID)

_ROWS: Final[Mapping[str, ErrorInfo]] = MappingProxyType(
    {
        "openai.RateLimitError": _row(
            429,
            "rate_limit_exceeded",
            "The provider's rate limit is reached; wait and try again.",
            "rate_limit_error",
        ),
        "openai.AuthenticationError": _REFUSED_KEY,
        "openai.PermissionDeniedError": _REFUSED_KEY,
        "openai.SubjectTokenProviderError": _REFUSED_KEY,
        "openai.NotFoundError": _row(404, "model_not_found", "The provider does not know this model.", _INVALID),
        "openai.BadRequestError": _BAD_REQUEST,
        "openai.UnprocessableEntityError": replace(_BAD_REQUEST, status=422),
        "openai.ConflictError": _row(409, "conflict", "The request conflicts with another one; try again.", _INVALID),
        "openai.InternalServerError": _UPSTREAM,
        "openai.APIStatusError": _UPSTREAM,
        "openai.APITimeoutError": _TIMEOUT,
        "openai.APIConnectionError": _UNREACHABLE,
        "openai.APIResponseValidationError": _BAD_ANSWER,
        "openai.ContentFilterFinishReasonError": _FILTERED,
        "openai.LengthFinishReasonError": _row(
            413, "length_exceeded", "The answer reached the token limit before it was complete.", _INVALID
        ),
        "openai.WebSocketConnectionClosedError": _UNREACHABLE,
        "openai.WebSocketQueueFullError": _row(503, "service_unavailable", "Too much is waiting to be sent."),
        "openai.InvalidWebhookSignatureError": _row(
            400, "invalid_signature", "The signature of the webhook is not valid.", _INVALID
        ),
        "openai.APIError": _UPSTREAM,
        "openai.OpenAIError": _UPSTREAM,
        # the package's helpers, which providers of third parties may use
        "openai._AmbiguousModuleClientUsageError": _MISUSE,
        "openai._extras._common.MissingDependencyError": _MISUSE,
        "openai._legacy_response.MissingStreamClassError": _MISUSE,
        "openai._response.MissingStreamClassError": _MISUSE,
        "openai._response.StreamAlreadyConsumed": _MISUSE,
        "openai.auth._x509._TransientTokenExchangeError": _UNREACHABLE,
        "openai.lib._old_api.APIRemovedInV1": _MISUSE,
        "openai.lib.azure.MutuallyExclusiveAuthError": _MISUSE,
        "openai.lib.beta.agents._result.AgentOutputParseError": _BAD_ANSWER,
        "openai.lib.browser.BrowserCancelledError": _CANCELLED,
        "openai.lib.browser.BrowserError": _UPSTREAM,
        "openai.lib.computer.ComputerUseError": _UPSTREAM,
        "openai.lib.decisions_tool_runner.DecisionsToolRunnerError": _UPSTREAM,
        "openai.lib.responses_tool_runner.ToolRunnerError": _UPSTREAM,
        "openai.lib.responses_websocket._session.ResponsesWebSocketBufferError": _UPSTREAM,
        "openai.lib.responses_websocket._session.ResponsesWebSocketError": _UPSTREAM,
        # what a provider with its own HTTP client may let through
        "httpx2.TimeoutException": _TIMEOUT,
        "httpx2.RequestError": _UNREACHABLE,
        "httpx.TimeoutException": _TIMEOUT,
        "httpx.RequestError": _UNREACHABLE,
        "aiohttp.client_exceptions.ServerTimeoutError": _TIMEOUT,
        "aiohttp.client_exceptions.ClientError": _UNREACHABLE,
        "builtins.TimeoutError": _TIMEOUT,
        "builtins.ConnectionError": _UNREACHABLE,
        "asyncio.exceptions.CancelledError": _CANCELLED,
        "builtins.BaseException": _DEFAULT,
    }
)

# statuses for which the openai package has no class of its own
_BY_STATUS: Final[Mapping[int, ErrorInfo]] = MappingProxyType({402: _REFUSED_KEY, 408: _TIMEOUT, 413: _TOO_LARGE})

# rows about the caller's own request: only there may the vendor's words and code be shown
_ABOUT_THE_REQUEST: Final = frozenset({400, 404, 409, 413, 422})

_FILTER_CODES: Final = frozenset({"content_filter", "content_policy_violation", "responsible_ai_policy_violation"})
_CODE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]{0,63}\Z")


def row_of(kind: type[BaseException]) -> ErrorInfo:
    """The row that decides for a class: its own, or its nearest ancestor's."""
    names = (f"{parent.__module__}.{parent.__qualname__}" for parent in kind.__mro__)
    return next((_ROWS[name] for name in names if name in _ROWS), _DEFAULT)


def describe(error: BaseException) -> ErrorInfo:
    """What a caller is told about an exception.

    Args:
        error: Any exception. Promptdock's own speak for themselves; the others are looked up along their MRO.

    Returns:
        Status, code and a public message without keys or tracebacks; a vendor's own words appear only where they are
        about the caller's request. It never raises.
    """
    try:
        return _describe(error)
    except Exception:  # noqa: BLE001  (an exception's members are whatever somebody put there)
        return _DEFAULT


def _describe(error: BaseException) -> ErrorInfo:
    if isinstance(error, PromptdockError):
        return error.info
    row = row_of(type(error))
    if row is _UPSTREAM:
        row = _BY_STATUS.get(_attribute(error, "status_code"), row)
    code = _attribute(error, "code")
    if row.status in {400, 422} and code in _FILTER_CODES:
        row = _FILTERED
    if row.code == "rate_limit_exceeded" and code == "insufficient_quota":
        row = replace(row, code=code)  # clients know this code and stop trying
    if row.status in _ABOUT_THE_REQUEST and _attribute(error, "response") is not None:
        row = _in_the_vendors_words(row, error, code)
    return replace(row, retry_after=retry_after(_headers(error)))


def _in_the_vendors_words(row: ErrorInfo, error: BaseException, code: object) -> ErrorInfo:
    words = scrub(_words(_attribute(error, "body")))
    param = _attribute(error, "param")
    keep_code = isinstance(code, str) and _CODE.match(code) and row.code == _BAD_REQUEST.code
    return replace(
        row,
        code=str(code) if keep_code else row.code,
        message=words or row.message,
        param=scrub(param) or None if isinstance(param, str) else None,
    )


def _words(body: object) -> str:
    """The message in an error body, in any of the shapes that vendors use; empty when there is none."""
    if isinstance(body, str):
        return "" if body.lstrip()[:1] in {"<", "{", "["} else body
    if isinstance(body, (list, tuple)):
        return _words(body[0]) if body else ""
    if isinstance(body, Mapping):
        found = (_words(body.get(name)) for name in ("message", "error", "detail", "msg"))
        return next((words for words in found if words), "")
    return ""


def scrub(text: str) -> str:
    """Make foreign text fit to show: one line, no keys, no traceback, bounded length."""
    text = text.split("Traceback (most recent call last)")[0]
    text = " ".join(redact_text(text[: 8 * _MAX_MESSAGE]).split())
    return text if len(text) <= _MAX_MESSAGE else text[: _MAX_MESSAGE - 1] + "…"


def retry_after(headers: Mapping[str, str] | None) -> float | None:
    """Seconds to wait, as ``Retry-After`` (seconds or a date) or ``retry-after-ms`` say.

    Args:
        headers: Response headers with case-insensitive or lower-case names.

    Returns:
        More than 0 and at most a day; None when the headers say nothing usable.
    """
    if headers is None:
        return None
    seconds = _number(headers.get("retry-after-ms"), 1000)
    if seconds is None:
        value = headers.get("retry-after")
        seconds = _number(value, 1)
        if seconds is None:
            seconds = _seconds_until(value)
    if seconds is None or seconds <= 0:
        return None
    return min(seconds, _MAX_RETRY_AFTER)


def _number(value: str | None, divisor: int) -> float | None:
    try:
        number = float(value) / divisor if value is not None else None
    except ValueError:
        return None
    return number if number is not None and math.isfinite(number) else None


def _seconds_until(date: str | None) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp() - time.time() if date else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _headers(error: BaseException) -> Mapping[str, str] | None:
    headers = getattr(_attribute(error, "response"), "headers", None)
    return headers if isinstance(headers, Mapping) else None


def _attribute(error: BaseException, name: str) -> Any:
    """An attribute of a foreign exception, whose properties may fail."""
    try:
        return getattr(error, name, None)
    except Exception:  # noqa: BLE001  (describing one error must not raise another)
        return None
