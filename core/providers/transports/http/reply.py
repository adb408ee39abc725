"""One reply, while it comes: the parser tells it what came, and whoever asked waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from .errors import HttpError, InvalidReply

if TYPE_CHECKING:
    from .connection import Connection

__all__ = ["Reply"]

_MOST_HEADERS = 256
_MOST_OVERHEAD = 131_072
"""Bytes of a head, of trailers or of anything else that brings nothing of the body."""
_MOST_BUFFERED = 131_072
"""Bytes that came with pieces which nobody has read."""


class Reply:
    """The reply to one request.

    Attributes:
        status: Its status; 0 while the head has not come.
        headers: Its headers as they came, in order.
        ended: The whole body has come, though it may not have been read yet.
        reusable: The server takes further requests over this connection.
        on_body: For the parser: takes some of the body.

    Args:
        connection: What it comes over.
        method: Method of the request.
    """

    __slots__ = (
        "_bodiless",
        "_buffered",
        "_connection",
        "_connects",
        "_error",
        "_overhead",
        "_parser",
        "_pieces",
        "_waiter",
        "ended",
        "headers",
        "on_body",
        "reusable",
        "status",
    )

    def __init__(self, connection: Connection, method: str) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.ended = False
        self.reusable = False
        self._connection = connection
        self._connects = method == "CONNECT"
        self._bodiless = self._connects or method == "HEAD"
        self._pieces: list[bytes] = []
        # a fast stream comes in many pieces at a time: the parser appends them by itself
        self.on_body: Callable[[bytes], None] | None = self._pass_over if self._bodiless else self._pieces.append
        self._buffered = 0
        self._overhead = 0
        self._error: HttpError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._parser: Any = HttpResponseParser(self)
        # what harms nobody who only reads: a lone LF as the end of a line, and blanks after the size of a chunk
        self._parser.set_dangerous_leniencies(lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True)

    # --- for whoever asked

    async def head(self) -> None:
        """Wait for status and headers.

        Raises:
            HttpError: They do not come.
        """
        while not self.status:
            if self._error is not None:
                raise self._error
            await self._news()

    async def piece(self) -> bytes:
        """What has come of the body since the last time, at least a byte; nothing at its end.

        Raises:
            HttpError: The body breaks off. What came of it before is given first.
        """
        pieces = self._pieces
        while not pieces:
            if self.ended:
                return b""
            if self._error is not None:
                raise self._error
            await self._news()
        piece = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        if self._buffered > _MOST_BUFFERED:
            self._connection.resume(self)
        self._buffered = 0
        return piece

    async def read(self, limit: int) -> bytes:
        """The rest of the body.

        Args:
            limit: The most bytes that are taken.

        Raises:
            HttpError: The body breaks off, or is longer.
        """
        first = await self.piece()
        if self.ended and not self._pieces:
            return first  # most bodies come in one piece
        pieces, size = [first], len(first)
        while piece := await self.piece():
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                raise InvalidReply("the body is too long")
        return b"".join(pieces)

    def header(self, name: bytes) -> bytes | None:
        """The first header with a name, which is given in lower case."""
        for key, value in self.headers:
            if key.lower() == name:
                return value
        return None

    @property
    def waiting(self) -> bool:
        """Whether somebody waits for something to come."""
        return self._waiter is not None and not self._waiter.done()

    def close(self) -> None:
        """Let go of it: where the body has not come to its end the connection is closed."""
        self._connection.leave(self)

    def _news(self) -> asyncio.Future[None]:
        self._waiter = waiter = self._connection.waiter()
        return waiter

    # --- for the connection

    def feed(self, data: bytes) -> None:
        """Take in what came.

        Raises:
            InvalidReply: It is no reply.
        """
        pieces = self._pieces
        before = len(pieces)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self.reusable = False
            if not self.ended:
                raise InvalidReply("the reply is not what HTTP says") from None
        if self.ended:
            return
        if len(pieces) > before:
            self._overhead = 0
            self._buffered += len(data)
            if self._buffered > _MOST_BUFFERED:
                self._connection.pause()
        else:
            self._overhead += len(data)
            if self._overhead > _MOST_OVERHEAD:
                raise InvalidReply("the head of the reply is too long")

    def wake(self) -> None:
        """Let whoever waits look again."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def break_off(self, error: HttpError) -> None:
        """Nothing more comes."""
        if not self.ended and self._error is None:
            self._error = error
        self.wake()

    def release(self) -> None:
        """The parser is not needed any more; it knows this object, and makes a cycle, as the method does."""
        self._parser = self.on_body = None

    def end_of_input(self) -> bool:
        """The server has closed: whether that is how this body ends."""
        if not self.status or self.header(b"content-length") is not None or self.header(b"transfer-encoding"):
            return False
        self.ended = True
        self.reusable = False
        return True

    # --- for the parser

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer, which nobody wants."""
        if self.status:
            return
        if len(self.headers) == _MOST_HEADERS:
            raise InvalidReply("too many headers")
        if len(name) == 17 and name.lower() == b"transfer-encoding" and value.strip().lower() != b"chunked":
            raise InvalidReply("an unknown transfer coding")
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The end of a head, which may be an interim one."""
        if self.ended:
            raise InvalidReply("a second reply")
        status = self._parser.get_status_code()
        if status < 200:
            if status < 100 or status == 101:
                raise InvalidReply("a status that was not asked for")
            self.headers.clear()
            return
        self.status = status
        # to the parser a way through a proxy looks like a body without an end
        self.reusable = self._parser.should_keep_alive() or (self._connects and status < 300)
        if self._bodiless:
            self.ended = True

    def on_message_begin(self) -> None:
        """A head begins; where the reply is complete that is one that nobody asked for."""
        if self.ended:
            self.reusable = False

    def on_message_complete(self) -> None:
        """The end of the body, or of an interim head."""
        if self.status:
            self.ended = True

    def _pass_over(self, _: bytes) -> None:
        """Some of a body where there is none."""
        self.reusable = False
