"""Threads as they are sent, kept between the turns of their sessions: a turn then costs what is new in it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from ..jsontext import dumps
from ..turn.messages import PRIVATE_ROLES, Message
from ..turn.repair import repaired
from ..turn.tokens import estimate_messages

if TYPE_CHECKING:
    from ..store.sessions import Conversation, StoredThread

__all__ = ["KeptThread", "KeptThreads"]

_MOST_BYTES: Final = 67_108_864
"""Of all kept threads together, as JSON and with what Python needs around it, roughly."""
_MOST_OF_ONE: Final = 4_194_304
"""What is larger holds pictures or documents, and is read from the store each time."""
_PER_THREAD: Final = 1_024
_PER_MESSAGE: Final = 320


class KeptThread(msgspec.Struct, frozen=True, kw_only=True):
    """A session's thread as it may be sent.

    Attributes:
        session: The session as it stood then.
        messages: The thread without what is broken in it; private roles are not among it.
        count: How many messages it was made of; a few may be left out of it.
        older: How many messages are older than these.
        tokens: What it comes to, as estimated.
        size: Bytes that it takes, roughly.
    """

    session: Conversation
    messages: tuple[Message, ...]
    count: int
    older: int
    tokens: int
    size: int = _PER_THREAD

    @classmethod
    def of(cls, stored: StoredThread) -> KeptThread:
        """Make a stored thread into what may be sent of it."""
        messages = repaired(stored.messages)
        return cls(
            session=stored.session,
            messages=messages,
            count=len(stored.messages),
            older=stored.older,
            tokens=estimate_messages(messages),
            size=_PER_THREAD + _bytes(messages),
        )

    def grown(self, session: Conversation, new: Sequence[Message], *, limit: int) -> KeptThread:
        """The thread after a turn.

        Args:
            session: The session as it stands now.
            new: What the turn added: what the user said first. Private roles are left out.
            limit: The most messages to keep; the newest are.
        """
        public = [message for message in new if message["role"] not in PRIVATE_ROLES]
        added = repaired(public)  # a user's message parts it from what is before
        longer = replace(
            self,
            session=session,
            messages=self.messages + added,
            count=self.count + len(public),
            tokens=self.tokens + estimate_messages(added),
            size=self.size + _bytes(added),
        )
        return longer.newest(limit)

    def newest(self, limit: int) -> KeptThread:
        """The newest of its messages, as they would be read from the store."""
        cut = len(self.messages) - limit
        if cut <= 0:
            return self
        while cut < len(self.messages) and self.messages[cut]["role"] == "tool":
            cut += 1  # an answer whose call is not there any more
        return replace(
            self,
            messages=self.messages[cut:],
            count=self.count - cut,
            older=self.older + cut,
            tokens=self.tokens - estimate_messages(self.messages[:cut]),
            size=self.size - _bytes(self.messages[:cut]),
        )


def _bytes(messages: Sequence[Message]) -> int:
    return sum([_PER_MESSAGE + len(dumps(message)) for message in messages])


class KeptThreads:
    """The threads of the sessions that were prompted last, by one process.

    A session that another process has prompted meanwhile, or whose messages were deleted, does not stand where its kept
    thread does, and is read anew.
    """

    def __init__(self) -> None:
        self._threads: OrderedDict[UUID, KeptThread] = OrderedDict()
        self._size = 0

    def find(self, session: Conversation) -> KeptThread | None:
        """The thread of a session as it stands."""
        kept = self._threads.get(session.id)
        if kept is None:
            return None
        if kept.session != session:
            self._forget(session.id)
            return None
        self._threads.move_to_end(session.id)
        return kept

    def keep(self, thread: KeptThread) -> None:
        """Keep a thread in place of what was kept of its session, unless it is too large."""
        self._forget(thread.session.id)
        if thread.size > _MOST_OF_ONE:
            return
        self._threads[thread.session.id] = thread
        self._size += thread.size
        while self._size > _MOST_BYTES:
            self._forget(next(iter(self._threads)))

    def _forget(self, session_id: UUID) -> None:
        gone = self._threads.pop(session_id, None)
        if gone is not None:
            self._size -= gone.size
