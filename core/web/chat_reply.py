"""The reply to a chat completion: reads the request, runs the turn, and sends what comes of it, whole or streamed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from litestar.types import Receive, Scope, Send

from ..error_table import describe
from ..jsontext import dumps
from ..turn.events import CompletionDelta, Event, TurnFailed, TurnFinished
from .auth import caller_for
from .body import read_json_body
from .chat_request import ChatRequest, parse_chat_request
from .connection import CallerGone, while_connected
from .errors import TurnError
from .request_id import request_id
from .sse import KEEP_ALIVE, ChunkFrames, error_frame

if TYPE_CHECKING:
    from ..service import PromptService

__all__ = ["ChatReply"]

_log = logging.getLogger("promptdock.web")

_JSON_HEADERS: Final = ((b"content-type", b"application/json"),)
_SSE_HEADERS: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
)


class ChatReply:
    """Answers one request; an ASGI app, so that all of it happens while somebody watches the connection.

    Args:
        service: Runs the turn.
        keep_alive: Seconds of silence in a stream until a comment is sent, so that nobody between takes it for dead.
    """

    def __init__(self, service: PromptService, *, keep_alive: float = 15.0) -> None:
        self._service = service
        self._keep_alive = keep_alive

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer.

        Raises:
            PromptdockError: The request cannot be answered.
            TurnError: The turn failed before anything was sent.
        """
        try:
            chat = await self._read(scope, receive)
            await while_connected(receive, self._answer(chat, send))
        except CallerGone:
            _log.info("request %s: the caller hung up", request_id(scope))

    async def _read(self, scope: Mapping[str, Any], receive: Receive) -> ChatRequest:
        settings = self._service.settings
        body = await read_json_body(scope, receive, settings.max_body_bytes)
        return parse_chat_request(
            body,
            max_messages=settings.max_messages,
            request_id=request_id(scope),
            caller=caller_for(settings.api_key),
        )

    async def _answer(self, chat: ChatRequest, send: Send) -> None:
        async with aclosing(self._service.run(chat.prompt)) as events:
            if chat.prompt.stream:
                await self._stream(chat, events, _Channel(send))
            else:
                await _whole(events, send)

    async def _stream(self, chat: ChatRequest, events: AsyncGenerator[Event, None], channel: _Channel) -> None:
        frames: ChunkFrames | None = None
        async with channel.kept_alive(self._keep_alive):
            try:
                async for event in events:
                    frames = frames or ChunkFrames(
                        turn_id=event.turn_id, created=int(event.at), include_usage=chat.include_usage
                    )
                    await _send_event(event, frames, channel)
            except Exception as error:
                if not channel.open:
                    raise
                _log.exception("request %s failed while it was answered", chat.prompt.request_id)
                await channel.write(error_frame(describe(error)))
        await channel.close()


async def _send_event(event: Event, frames: ChunkFrames, channel: _Channel) -> None:
    """The status is sent with the first piece of the answer: what fails before has a status of its own."""
    if isinstance(event, CompletionDelta):
        await channel.write(frames.delta(event))
    elif isinstance(event, TurnFinished):
        await channel.write(frames.end(event))
    elif isinstance(event, TurnFailed):
        if not channel.open:
            raise TurnError(event.error)
        await channel.write(error_frame(event.error))


async def _whole(events: AsyncIterator[Event], send: Send) -> None:
    completion: object = None
    async for event in events:
        if isinstance(event, TurnFailed):
            raise TurnError(event.error)
        if isinstance(event, TurnFinished):
            completion = event.completion
    body = dumps(completion)
    headers = [*_JSON_HEADERS, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


class _Channel:
    """The caller's end of a stream; opens with the first frame."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._lock = asyncio.Lock()
        self._written_at = 0.0
        self.open = False

    async def write(self, frame: bytes) -> None:
        if not frame:
            return
        async with self._lock:
            if not self.open:
                self.open = True
                await self._send({"type": "http.response.start", "status": 200, "headers": [*_SSE_HEADERS]})
            self._written_at = asyncio.get_running_loop().time()
            await self._send({"type": "http.response.body", "body": frame, "more_body": True})

    async def close(self) -> None:
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    @asynccontextmanager
    async def kept_alive(self, seconds: float) -> AsyncIterator[None]:
        """Send a comment whenever nothing was sent for some seconds, once the stream is open."""
        ticking = asyncio.create_task(self._tick(seconds))
        try:
            yield
        finally:
            ticking.cancel()
            with suppress(asyncio.CancelledError):
                await ticking

    async def _tick(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        while True:
            silent = loop.time() - self._written_at if self.open else 0.0
            if silent >= seconds:
                await self.write(KEEP_ALIVE)
            else:
                await asyncio.sleep(seconds - silent)
