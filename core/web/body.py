"""Reading a request's body: bounded, and only when it is JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, ClassVar, Final

from litestar.types import Receive

from ..errors import BadRequest, PayloadTooLarge
from .connection import CallerGone

__all__ = ["UnsupportedMediaType", "read_body", "read_json_body"]

_LINGER_FACTOR: Final = 16
"""How many times the limit is read and thrown away, so that the caller gets to read the refusal."""
_LINGER_SECONDS: Final = 5.0


class UnsupportedMediaType(BadRequest):
    """The body is declared as something that is not taken here."""

    status: ClassVar[int] = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = "unsupported_media_type"


class BodyCutOff(PayloadTooLarge):
    """The body is too large, and there seems to be no end to it."""

    headers: ClassVar[Mapping[str, str]] = {"connection": "close"}
    """Otherwise the server would go on reading, and the caller sending."""


def read_json_body(scope: Mapping[str, Any], receive: Receive, limit: int) -> Awaitable[bytes]:
    """Read the body of a request.

    Args:
        scope: The request's ASGI scope.
        receive: Its ASGI receive channel.
        limit: The most bytes to take.

    Returns:
        The whole body, not yet decoded.

    Raises:
        UnsupportedMediaType: It is declared as something else than JSON, or as compressed.
        PayloadTooLarge: It is larger than the limit, by its header or in fact.
        CallerGone: The caller hung up meanwhile.
    """
    headers = dict(scope["headers"])
    _check_type(headers)
    return _read_announced(headers, receive, limit)


def read_body(scope: Mapping[str, Any], receive: Receive, limit: int) -> Awaitable[bytes]:
    """Read the body of a request, whatever it is.

    Args:
        scope: The request's ASGI scope.
        receive: Its ASGI receive channel.
        limit: The most bytes to take.

    Raises:
        PayloadTooLarge: It is larger than the limit, by its header or in fact.
        CallerGone: The caller hung up meanwhile.
    """
    return _read_announced(dict(scope["headers"]), receive, limit)


async def _read_announced(headers: Mapping[bytes, bytes], receive: Receive, limit: int) -> bytes:
    announced = headers.get(b"content-length", b"").decode("latin-1")
    if announced.isdecimal() and int(announced) > limit:
        # whoever waits for "100 Continue" has sent nothing yet
        raise _too_large(limit) if b"expect" in headers else await _refusal(receive, limit)
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise CallerGone
        piece = message.get("body", b"")
        size += len(piece)
        pieces.append(piece)
        more = message.get("more_body", False)
        if size > limit:
            raise await _refusal(receive, limit) if more else _too_large(limit)
        if not more:
            return b"".join(pieces)  # of one piece, which is the rule, the piece itself


def _check_type(headers: Mapping[bytes, bytes]) -> None:
    declared = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
    if declared and declared != "application/json" and not declared.endswith("+json"):
        raise UnsupportedMediaType(f"The body is {declared!r}; send 'application/json'.")
    encoding = headers.get(b"content-encoding", b"identity").decode("latin-1").strip().lower()
    if encoding not in {"", "identity"}:
        raise UnsupportedMediaType(f"The body is encoded with {encoding!r}; send it as it is.")


async def _refusal(receive: Receive, limit: int) -> PayloadTooLarge:
    """Read on for a while: a server that closes with unread input resets the connection, and the reply is lost."""
    left = limit * _LINGER_FACTOR
    with suppress(TimeoutError):
        async with asyncio.timeout(_LINGER_SECONDS):
            while left > 0:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return _too_large(limit)
                left -= len(message.get("body", b""))
    return _too_large(limit, BodyCutOff)


def _too_large(limit: int, kind: type[PayloadTooLarge] = PayloadTooLarge) -> PayloadTooLarge:
    return kind(f"The request body is larger than the {limit} bytes that are taken.")
