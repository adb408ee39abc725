"""Sessions: found by their key, bound to one LLM client and one caller, and read as the thread that they hold."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import BadRequest, NotFound
from ..identity import Principal
from ..turn.messages import PRIVATE_ROLES, Message
from .tables import LLMClient, MessageRow, SessionRow

__all__ = ["StoredThread", "check_session_key", "new_session", "new_session_key", "read_thread", "session_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredThread:
    """A session as it stands.

    Attributes:
        session: The row.
        messages: The newest of its messages that a provider may see, oldest first.
        older: How many such messages are older than these.
    """

    session: SessionRow
    messages: tuple[Message, ...]
    older: int = 0


def new_session_key() -> str:
    """64 hex digits, by which a caller names a session."""
    return secrets.token_hex(32)


def check_session_key(key: object) -> str:
    """Take a session key from a caller.

    Raises:
        BadRequest: It is not 64 hex digits.
    """
    if not isinstance(key, str) or len(key) != 64 or not all(digit in "0123456789abcdefABCDEF" for digit in key):
        raise BadRequest(
            "The session key must be 64 hex digits.",
            hint="POST to the client's config/ issues one; or leave it out, and the reply tells a new one.",
            param="session_key",
            code="invalid_session_key",
        )
    return key.lower()


async def session_of(session: AsyncSession, key: str, client: LLMClient, principal: Principal) -> SessionRow | None:
    """Find a session by its key.

    Args:
        session: The transaction.
        key: As :func:`check_session_key` gave it.
        client: The LLM client that is prompted.
        principal: Who asks.

    Returns:
        The row; None when the key is new and the caller may bring one along. Keys are issued here, but a caller who
        is known may also make one: it is theirs alone. An anonymous one may not, as everybody with the key is the same
        caller then, and whoever made it up would share what others say under it.

    Raises:
        NotFound: It is another client's or another caller's, or an anonymous caller made it up.
    """
    row = (await session.exec(select(SessionRow).where(SessionRow.key == key))).first()
    if row is None and not principal.is_anonymous:
        return None
    if row is None or row.llm_client_id != client.id or row.owner != principal.owner:
        raise NotFound("There is no such session.", param="session_key", code="session_not_found")
    return row


def new_session(key: str, client: LLMClient, principal: Principal) -> SessionRow:
    """Make the row of a session that begins; the caller adds it to a transaction."""
    return SessionRow(
        key=key,
        llm_client_id=client.id,
        account_id=client.account_id,
        profile_id=principal.profile_id,
        owner=principal.owner,
    )


async def read_thread(session: AsyncSession, row: SessionRow, *, limit: int) -> StoredThread:
    """Read a session's thread.

    Args:
        session: The transaction.
        row: The session.
        limit: The most messages to read; the newest are.
    """
    public = (MessageRow.session_id == row.id, col(MessageRow.role).not_in(PRIVATE_ROLES))
    newest = select(MessageRow).where(*public).order_by(col(MessageRow.position).desc()).limit(limit + 1)
    found = (await session.exec(newest)).all()
    older = 0
    if len(found) > limit:
        older = await _count_before(session, row.id, found[limit].position)
    return StoredThread(session=row, messages=tuple(one.body for one in reversed(found[:limit])), older=older)


async def _count_before(session: AsyncSession, session_id: UUID, position: int) -> int:
    counted = select(func.count()).where(
        MessageRow.session_id == session_id,
        col(MessageRow.role).not_in(PRIVATE_ROLES),
        MessageRow.position <= position,
    )
    return (await session.exec(counted)).one()
