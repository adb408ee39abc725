"""Reading a streamed turn on: live where it runs, else from the store once it has ended."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import NotFound
from ..jsontext import JsonObject
from ..store.recovery import recover
from ..store.tables import SessionRow, TurnLog, TurnRow
from ..store.turns import watch_turn

if TYPE_CHECKING:
    from .dock import Dock
    from .task import PromptTask

__all__ = ["entries_of", "stored_entries"]

_TELL: Final = 5
"""After so many looks the worker that runs the turn is told again that somebody waits for it."""

_LOOK: Final = 0.1
_LOOK_FOR_THE_DEAD: Final = 30
"""After so many looks it is time to ask whether the worker that runs the turn is alive."""


async def stored_entries(
    dock: Dock, task: PromptTask, turn_id: UUID, *, after: int
) -> AsyncGenerator[JsonObject, None]:
    """The entries of a turn of the caller's own.

    Args:
        dock: Where to look.
        task: Who asks, of which LLM client, in which session.
        turn_id: The turn.
        after: Number of the last entry that is known already.

    Raises:
        NotFound: There is no such streamed turn of this caller.
    """
    if not await dock.database.read(lambda session: _is_theirs(session, task, turn_id)):
        raise NotFound("There is no such turn to read on.", param="Last-Event-ID", code="turn_not_found")
    if await dock.database.read(lambda session: _is_forgotten(session, turn_id)):
        raise NotFound(
            "What was streamed of this turn is kept no longer; its messages are in the session.",
            param="Last-Event-ID",
            code="turn_log_gone",
        )
    return entries_of(dock, turn_id, after=after)


async def entries_of(dock: Dock, turn_id: UUID, *, after: int) -> AsyncGenerator[JsonObject, None]:
    """The entries of a turn after one that is known; waits for the turn's end where another process runs it."""
    feed = dock.feeds.find(turn_id)
    if feed is not None:
        async with aclosing(feed.entries(after)) as entries:  # who reads must be seen to leave
            async for entry in entries:
                yield entry
        return
    for look in itertools.count():
        stored = await dock.database.read(lambda session: _ended(session, turn_id))
        if stored is not None:
            for entry in stored:
                if entry["id"] > after:
                    yield entry
            return
        if look % _LOOK_FOR_THE_DEAD == 0:
            await recover(dock.database, dock.lease)
        if look % _TELL == 0:
            await dock.database.write(lambda session: watch_turn(session, turn_id))
        await asyncio.sleep(_LOOK)


async def _is_theirs(session: AsyncSession, task: PromptTask, turn_id: UUID) -> bool:
    turn = await session.get(TurnRow, turn_id)
    if turn is None or not turn.is_streamed or turn.session_id is None or task.client is None:
        return False
    row = await session.get(SessionRow, turn.session_id)
    if row is None or turn.llm_client_id != task.client.id or row.owner != task.principal.owner:
        return False
    # callers without a key are told apart by their sessions' keys alone
    return row.key == task.session_key if task.principal.is_anonymous else task.session_key in {None, row.key}


async def _is_forgotten(session: AsyncSession, turn_id: UUID) -> bool:
    """Whether a turn has ended by itself and its log has been kept long enough."""
    turn = await session.get(TurnRow, turn_id)
    ended = turn is not None and turn.state not in {"running", "interrupted"}
    return ended and await session.get(TurnLog, turn_id) is None


async def _ended(session: AsyncSession, turn_id: UUID) -> list[Any] | None:
    """What was streamed of a turn that has ended; None of one that runs."""
    turn = await session.get(TurnRow, turn_id)
    if turn is None or turn.state == "running":
        return None if turn is not None else []
    log = await session.get(TurnLog, turn_id)
    if log is not None:
        return log.events
    error = {"type": "server_error", "param": None, "retry_after": None, **(turn.error or {})}
    return [{"id": 2**31, "event": f"turn.{turn.state}", "data": {"error": error}}]
