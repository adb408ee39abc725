"""The reply to a prompt to an LLM client: finds it, runs the turn in its session, and sends what comes of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING

from litestar.types import Receive, Scope, Send

from ..errors import BadRequest
from ..prompts.reply import reply_data
from ..prompts.resuming import stored_entries
from ..prompts.task import PromptTask
from ..service_events import LLMClientCalled
from ..turn.events import TurnFailed
from .auth import asked_at, caller_of, principal_in
from .body import read_json_body
from .channel import Channel, send_json
from .client_lookup import FoundClient
from .connection import CallerGone, Connected
from .envelope import API
from .errors import TurnError
from .farewell import FAREWELL
from .journal import journal_key
from .journal_rows import PromptDraft
from .prompt_request import AskedPrompt, parse_prompt
from .prompt_stream import Resumption, farewell, resumption_of, stream_entries
from .request_headers import header_of
from .request_id import request_id
from .subject import subject_of

if TYPE_CHECKING:
    from ..prompts.dock import Dock
    from ..prompts.running import OpenTurn

__all__ = ["PromptReply"]

_log = logging.getLogger("promptdock.web")


class PromptReply:
    """Answers one request; an ASGI app, so that all of it happens while somebody watches the connection.

    Args:
        dock: Runs the turn.
        find: Finds the LLM client, and refuses who may not prompt it.
        keep_alive: Seconds of silence in a stream until a comment is sent.
    """

    def __init__(
        self,
        dock: Dock,
        find: Callable[[], Awaitable[FoundClient]],
        *,
        keep_alive: float = 15.0,
    ) -> None:
        self._dock = dock
        self._find = find
        self._keep_alive = keep_alive

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer.

        Raises:
            PromptdockError: The request cannot be answered.
            TurnError: The turn failed before anything was sent.
        """
        scope["state"][FAREWELL] = partial(farewell, scope)
        try:
            found = await self._find()
            body = await read_json_body(scope, receive, self._dock.settings.max_body_bytes)
            asked = parse_prompt(
                body,
                header_key=header_of(scope, b"x-session-key"),
                max_messages=self._dock.settings.max_messages,
                request_id=request_id(scope),
                caller=caller_of(principal_in(scope)),
            )
            resumption = resumption_of(header_of(scope, b"last-event-id"))
            if resumption is not None and not asked.request.stream:
                raise BadRequest("Last-Event-ID reads a stream on: it needs 'stream': true.", param="stream")
            with Connected(receive):
                await self._answer(found, asked, resumption, scope, send)
        except CallerGone:
            named = request_id(scope)
            _log.info("request %s: the caller hung up", named, extra={"request_id": named})

    async def _answer(
        self, found: FoundClient, asked: AskedPrompt, resumption: Resumption | None, scope: Scope, send: Send
    ) -> None:
        task = PromptTask(
            principal=principal_in(scope),
            request=asked.request,
            client=found.prompted,
            session_key=asked.session_key,
            journal=PromptDraft(scope, found.prompted.id),
            asked_at=asked_at(scope),
        )
        if resumption is not None:
            await self._resume(task, resumption, scope, send)
            return
        self._tell(found, task)
        if asked.request.stream:
            await self._stream(task, scope, send)
        else:
            await self._whole(task, scope, send)

    async def _whole(self, task: PromptTask, scope: Scope, send: Send) -> None:
        async with self._dock.opened(task) as turn:
            last = await turn.run()
            if isinstance(last, TurnFailed) and not turn.answers_failures:
                raise TurnError(last.error, _session_header(turn))
            subject = subject_of(scope)
            metadata = {"command": subject.command, "thing": subject.thing, "key": journal_key(scope)}
            reply = {"data": reply_data(turn), "api": API, "metadata": metadata}
            await send_json(send, reply, headers=_as_bytes(_session_header(turn)))

    async def _stream(self, task: PromptTask, scope: Scope, send: Send) -> None:
        feed = self._dock.feeds.start(task)
        entries = feed.entries()
        async with aclosing(entries):
            try:
                turn = await feed.opened()
            except BaseException:
                feed.cancel()  # who hangs up now has heard nothing that they could ask for again
                raise
            channel = Channel(send, _as_bytes(_session_header(turn)))
            try:
                async with channel.kept_alive(self._keep_alive):
                    await stream_entries(entries, channel, scope, turn.opening.turn_id)
            except TurnError as error:
                raise TurnError(error.info, _session_header(turn)) from None
            except asyncio.CancelledError:
                if not channel.open:
                    feed.cancel()
                raise
        await channel.close()

    async def _resume(self, task: PromptTask, resumption: Resumption, scope: Scope, send: Send) -> None:
        entries = await stored_entries(self._dock, task, resumption.turn_id, after=resumption.after)
        channel = Channel(send)
        async with channel.kept_alive(self._keep_alive):
            await channel.write(b": resumed\n\n")
            await stream_entries(entries, channel, scope, resumption.turn_id)
        await channel.close()

    def _tell(self, found: FoundClient, task: PromptTask) -> None:
        if not self._dock.host.wants(LLMClientCalled):
            return
        self._dock.host.tell(
            LLMClientCalled(
                request_id=task.request.request_id,
                caller=task.principal.name,
                account=task.principal.account_number,
                llm_client=found.prompted.name,
                llm_client_id=str(found.prompted.id),
                host=found.host,
                stream=task.request.stream,
            )
        )


def _session_header(turn: OpenTurn) -> dict[str, str]:
    """Also on errors: the session that a prompt began is there although its first turn failed."""
    return {"x-session-key": str(turn.opening.session_key)}


def _as_bytes(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]
