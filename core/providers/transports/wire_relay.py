"""A raw passthrough over the wire: the reply, and its body as it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Self

from ..relay import RelayReply
from .failures import Failures
from .http import HttpError, Reply
from .relaying import reply_headers

__all__ = ["WireRelay", "broken", "cause"]


async def broken(error: BaseException, failures: Failures) -> Exception:
    """What a connection ended with, as the exception that callers know."""
    return await (failures.timed_out() if isinstance(error, TimeoutError) else failures.unreachable())


def cause(error: BaseException, failures: Failures) -> Exception:
    """What a log may show of it: the client's own texts hold nothing that came, no more than the system's do."""
    return failures.scrubbed(error, tellable=True)


class WireRelay(AbstractAsyncContextManager[RelayReply]):
    """A reply for the length of a block.

    Args:
        send: Sends the request, and gives the reply's head.
        failures: Gives what makes the exceptions, should there be no reply, or its body break off.
    """

    def __init__(self, send: Callable[[], Awaitable[Reply]], failures: Callable[[], Failures]) -> None:
        self._send = send
        self._failures = failures

    async def __aenter__(self) -> RelayReply:
        try:
            reply = await self._send()
        except (HttpError, OSError) as error:
            failures = self._failures()
            raise await broken(error, failures) from cause(error, failures)
        self._body = _Pieces(reply, self._failures)
        return RelayReply(status=reply.status, headers=reply_headers(reply.headers), body=self._body)

    async def __aexit__(self, *_: object) -> None:
        self._body.close()


class _Pieces(AsyncIterator[bytes]):
    """A body in the pieces in which it comes; over when it is closed."""

    def __init__(self, reply: Reply, failures: Callable[[], Failures]) -> None:
        self._reply: Reply | None = reply
        self._failures = failures

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self._reply is None:
            raise StopAsyncIteration
        try:
            piece = await self._reply.piece()
        except HttpError as error:
            failures = self._failures()
            raise await broken(error, failures) from cause(error, failures)
        if not piece:
            raise StopAsyncIteration
        return piece

    def close(self) -> None:
        """Close the connection, unless the body has come to its end."""
        reply, self._reply = self._reply, None
        if reply is not None:
            reply.close()
