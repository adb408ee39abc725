"""The session that a turn belongs to: the one that is meant, or a new one; and its thread as it stands."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ..store.sessions import (
    Conversation,
    StoredThread,
    check_session_key,
    new_session,
    new_session_key,
    read_thread,
    session_by_id,
    session_of,
)
from .threads import KeptThread

if TYPE_CHECKING:
    from ..store.short import Transaction
    from .dock import Dock
    from .task import PromptTask

__all__ = ["MeantSession"]


class MeantSession:
    """Finds the session of one turn, and looks at it again while the turn waits for others.

    Args:
        dock: Where the turn will run.
        task: What is asked.

    Attributes:
        conversation: The session as it was found, or made; None before :meth:`find`, and for a turn without one.
        is_new: Whether nobody has written it yet: it is, with its first turn.
    """

    def __init__(self, dock: Dock, task: PromptTask) -> None:
        self._dock = dock
        self._task = task
        self._looked = False
        self.conversation: Conversation | None = None
        self.is_new = False

    async def find(self) -> None:
        """Find the session that is meant, or make a new one; nothing for a turn that keeps no thread."""
        client, key = self._task.client, self._task.session_key
        if client is None or not self._task.keeps_thread:
            return
        principal, found = self._task.principal, None
        if key is None:
            key = new_session_key()
        else:
            key = check_session_key(key)
            found = await self._dock.database.peek(partial(session_of, key=key, client=client, principal=principal))
        self.is_new = found is None
        self.conversation = new_session(key, client, principal) if found is None else found

    async def was_made_meanwhile(self) -> bool:
        """Whether another worker has made the session since we looked; then it is the one that is meant."""
        if self.conversation is None or self._task.session_key is None:
            return False
        await self.find()
        self._looked = False
        return not self.is_new

    async def thread(self) -> KeptThread | None:
        """The session's thread, from memory where the session still stands as it did."""
        session = await self._now()
        if session is None or not session.turns:
            return None
        kept = self._dock.threads.find(session)
        if kept is not None:
            return kept
        limit = self._dock.settings.max_messages

        async def work(transaction: Transaction) -> StoredThread | None:
            now = await session_by_id(transaction, session.id)
            return None if now is None else await read_thread(transaction, now, limit=limit)

        stored = await self._dock.database.read_short(work)
        return None if stored is None else KeptThread.of(stored)

    async def _now(self) -> Conversation | None:
        """The session as it stands: the first time as it was found, then read anew."""
        session = self.conversation
        if session is None:
            return None
        if not self._looked:
            self._looked = True
            return session
        return await self._dock.database.peek(lambda transaction: session_by_id(transaction, session.id))
