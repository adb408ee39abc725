"""The request id: in every reply, every error and every log line about a request."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import uuid4

from litestar.types import Message, Scope

from ..redaction import redact_text

__all__ = ["RequestIdHeader", "request_id"]

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
        state[_KEY] = _given(scope) or f"req_{uuid4().hex}"
    made: str = state[_KEY]
    return made


def _given(scope: Mapping[str, Any]) -> str | None:
    for name, value in scope["headers"]:
        if name == _HEADER:
            given = value.decode() if _LEGAL.fullmatch(value) else ""
            # ids are stored, logged and sent back, and who confuses two headers would have a key there
            return given if given and redact_text(given) == given else None
    return None


class RequestIdHeader:
    """Puts ``X-Request-ID`` on every reply, also on those that no route handler makes.

    It is a ``before_send`` hook and no middleware: Litestar's middlewares never see an unknown route.

    Args:
        concerns: Says of a scope whether its reply gets the header.
    """

    def __init__(self, concerns: Callable[[Mapping[str, Any]], bool]) -> None:
        self._concerns = concerns

    async def __call__(self, message: Message, scope: Scope) -> None:
        """Add the header to the start of a reply."""
        if message["type"] == "http.response.start" and self._concerns(scope):
            message["headers"] = [*message.get("headers", ()), (_HEADER, request_id(scope).encode())]
