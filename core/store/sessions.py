"""Sessions: found by their key, bound to one LLM client and one caller, and read as the thread that they hold."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

import msgspec
from sqlalchemy import Integer, and_, bindparam, func
from sqlmodel import col, select

from ..errors import BadRequest, NotFound
from ..identity import Principal
from ..ids import new_id
from ..turn.messages import PRIVATE_ROLES, Message
from .tables import MessageRow, SessionRow

if TYPE_CHECKING:
    from sqlalchemy.sql.base import Executable

    from .short import Transaction

__all__ = [
    "Conversation",
    "Prompted",
    "StoredThread",
    "check_session_key",
    "new_session",
    "new_session_key",
    "read_thread",
    "session_by_id",
    "session_of",
]


class Prompted(Protocol):
    """An LLM client that is prompted: its row, or what turns need of that."""

    @property
    def id(self) -> UUID:
        """Of the row."""
        ...

    @property
    def account_id(self) -> UUID:
        """The account that it belongs to."""
        ...


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """A session as it stands in the store, or as it will when its first turn opens.

    Attributes:
        id: Of its row.
        key: 64 hex digits.
        llm_client_id: The LLM client that is prompted.
        account_id: The client's account.
        profile_id: Who began it.
        owner: Whose it is: ``Principal.owner``.
        turns: How many turns were opened.
        messages: How many messages it has.
        edits: How many of them were deleted or changed.
    """

    id: UUID = msgspec.field(default_factory=new_id)
    key: str
    llm_client_id: UUID
    account_id: UUID
    profile_id: UUID | None
    owner: str
    turns: int = 0
    messages: int = 0
    edits: int = 0


class StoredThread(msgspec.Struct, frozen=True, kw_only=True):
    """A session as it stands.

    Attributes:
        session: The session.
        messages: The newest of its messages that a provider may see, oldest first.
        older: How many such messages are older than these.
    """

    session: Conversation
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


async def session_of(transaction: Transaction, key: str, client: Prompted, principal: Principal) -> Conversation | None:
    """Find a session by its key.

    Args:
        transaction: Reads.
        key: As :func:`check_session_key` gave it.
        client: The LLM client that is prompted.
        principal: Who asks.

    Returns:
        The session; None when the key is new and the caller may bring one along. Keys are issued here, but a caller who
        is known may also make one: it is theirs alone. An anonymous one may not, as everybody with the key is the same
        caller then, and whoever made it up would share what others say under it.

    Raises:
        NotFound: It is another client's or another caller's, or an anonymous caller made it up.
    """
    found = _first(await transaction.rows(_by_key, key=key))
    if found is None and not principal.is_anonymous:
        return None
    if found is None or found.llm_client_id != client.id or found.owner != principal.owner:
        raise NotFound("There is no such session.", param="session_key", code="session_not_found")
    return found


async def session_by_id(transaction: Transaction, session_id: UUID, *, lock: bool = False) -> Conversation | None:
    """Read a session anew.

    Args:
        transaction: Reads.
        session_id: Id of the row.
        lock: Whether no other transaction may change it until this one ends.
    """
    return _first(await transaction.rows(_by_id_locked if lock else _by_id, session_id=session_id))


def new_session(key: str, client: Prompted, principal: Principal) -> Conversation:
    """A session that begins; it is written with its first turn."""
    return Conversation(
        key=key,
        llm_client_id=client.id,
        account_id=client.account_id,
        profile_id=principal.profile_id,
        owner=principal.owner,
    )


async def read_thread(transaction: Transaction, session: Conversation, *, limit: int) -> StoredThread:
    """Read a session's thread.

    Args:
        transaction: Reads.
        session: The session.
        limit: The most messages to read; the newest are.
    """
    found = await transaction.rows(_newest, session_id=session.id, most=limit + 1)
    older = 0
    if len(found) > limit:
        counted = await transaction.rows(_up_to, session_id=session.id, position=found[limit][0])
        older = counted[0][0]
    return StoredThread(session=session, messages=tuple(body for _, body in reversed(found[:limit])), older=older)


def _first(rows: list[tuple[Any, ...]]) -> Conversation | None:
    return Conversation(**dict(zip(Conversation.__struct_fields__, rows[0], strict=True))) if rows else None


def _sessions() -> Any:
    return select(*(getattr(SessionRow, name) for name in Conversation.__struct_fields__))


def _by_key() -> Executable:
    found: Executable = _sessions().where(col(SessionRow.key) == bindparam("key"))
    return found


def _by_id() -> Executable:
    found: Executable = _sessions().where(col(SessionRow.id) == bindparam("session_id"))
    return found


def _by_id_locked() -> Executable:
    found: Executable = _sessions().where(col(SessionRow.id) == bindparam("session_id")).with_for_update()
    return found


def _is_public() -> Any:
    roles = (col(MessageRow.role) != role for role in sorted(PRIVATE_ROLES))
    return and_(col(MessageRow.session_id) == bindparam("session_id"), *roles)


def _newest() -> Executable:
    rows = select(MessageRow.position, MessageRow.body).where(_is_public())
    return rows.order_by(col(MessageRow.position).desc()).limit(bindparam("most", type_=Integer))


def _up_to() -> Executable:
    return select(func.count(col(MessageRow.id))).where(_is_public(), col(MessageRow.position) <= bindparam("position"))
