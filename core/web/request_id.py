"""The request id: in every reply, every error and every log line about a request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from ..ids import new_request_id
from ..redaction import redact_text

if TYPE_CHECKING:
    from litestar.types import HTTPResponseStartEvent, Scope

__all__ = ["add_request_id", "request_id"]

_HEADER: Final = b"x-request-id"
_LEGAL: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_KEY: Final = "promptdock_request_id"


def request_id(scope: Mapping[str, Any]) -> str:
    """The id of a request: the caller's own ``X-Request-ID`` when it is legal and looks like no key, else a new one.

    It is always the same one.

    Args:
        scope: The request's ASGI scope.
    """
    state: dict[str, Any] = scope["state"]
    if _KEY not in state:
        state[_KEY] = _given(scope) or new_request_id()
    made: str = state[_KEY]
    return made


def _given(scope: Mapping[str, Any]) -> str | None:
    for name, value in scope["headers"]:
        if name == _HEADER:
            given = value.decode() if _LEGAL.fullmatch(value) else ""
            # ids are stored, logged and sent back, and who confuses two headers would have a key there
            return given if given and redact_text(given) == given else None
    return None


def add_request_id(start: HTTPResponseStartEvent, scope: Scope) -> None:
    """Put ``X-Request-ID`` on a reply; one of :class:`promptdock.web.heads.Head`."""
    start["headers"] = [*start.get("headers", ()), (_HEADER, request_id(scope).encode())]
