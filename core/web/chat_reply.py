"""The reply to a chat completion: reads the request, runs the turn, and sends what comes of it, whole or streamed."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from litestar.types import Receive, Scope, Send

from ..error_table import describe
from ..prompts.task import PromptTask
from ..turn.events import CompletionDelta, Event, TurnFailed, TurnFinished
from .auth import asked_at, caller_of, principal_in
from .body import read_json_body
from .channel import Channel, send_json
from .chat_request import ChatRequest, parse_chat_request
from .client_lookup import client_as_model
from .connection import CallerGone, Connected
from .errors import TurnError
from .journal_rows import PromptDraft
from .request_id import request_id
from .sse import ChunkFrames, error_frame

if TYPE_CHECKING:
    from ..prompts.dock import Dock

__all__ = ["ChatReply"]

_log = logging.getLogger("promptdock.web")


class ChatReply:
    """Answers one request; an ASGI app, so that all of it happens while somebody watches the connection.

    Args:
        dock: Runs the turn.
        keep_alive: Seconds of silence in a stream until a comment is sent, so that nobody between takes it for dead.
    """

    def __init__(self, dock: Dock, *, keep_alive: float = 15.0) -> None:
        self._dock = dock
        self._keep_alive = keep_alive

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer.

        Raises:
            PromptdockError: The request cannot be answered.
            TurnError: The turn failed before anything was sent.
        """
        try:
            chat = await self._read(scope, receive)
            task = await self._task(chat, scope)
            with Connected(receive):
                await self._answer(chat, task, send)
        except CallerGone:
            asked = request_id(scope)
            _log.info("request %s: the caller hung up", asked, extra={"request_id": asked})

    async def _read(self, scope: Mapping[str, Any], receive: Receive) -> ChatRequest:
        settings = self._dock.settings
        body = await read_json_body(scope, receive, settings.max_body_bytes)
        return parse_chat_request(
            body,
            max_messages=settings.max_messages,
            request_id=request_id(scope),
            caller=caller_of(principal_in(scope)),
        )

    async def _task(self, chat: ChatRequest, scope: Mapping[str, Any]) -> PromptTask:
        """What is asked; the name of an LLM client as the model means that client."""
        principal = principal_in(scope)
        found = await client_as_model(self._dock, principal, chat.prompt.model, since=asked_at(scope))
        client = None if found is None else found.prompted
        return PromptTask(
            principal=principal,
            request=chat.prompt,
            client=client,
            keeps_thread=False,
            journal=PromptDraft(scope, None if client is None else client.id),
            asked_at=asked_at(scope),
        )

    async def _answer(self, chat: ChatRequest, task: PromptTask, send: Send) -> None:
        async with self._dock.opened(task) as turn:
            if chat.prompt.stream:
                async with aclosing(turn.events()) as events:
                    await self._stream(chat, events, Channel(send))
            else:
                last = await turn.run()
                if isinstance(last, TurnFailed):
                    raise TurnError(last.error)
                await send_json(send, last.completion if isinstance(last, TurnFinished) else None)

    async def _stream(self, chat: ChatRequest, events: AsyncGenerator[Event, None], channel: Channel) -> None:
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
                asked = chat.prompt.request_id
                _log.exception("request %s failed while it was answered", asked, extra={"request_id": asked})
                await channel.write(error_frame(describe(error)))
        await channel.close()


async def _send_event(event: Event, frames: ChunkFrames, channel: Channel) -> None:
    """The status is sent with the first piece of the answer: what fails before has a status of its own."""
    if isinstance(event, CompletionDelta):
        await channel.write(frames.delta(event))
    elif isinstance(event, TurnFinished):
        await channel.write(frames.end(event))
    elif isinstance(event, TurnFailed):
        if not channel.open:
            raise TurnError(event.error)
        await channel.write(error_frame(event.error))
