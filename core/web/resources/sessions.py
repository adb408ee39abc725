"""``/api/v1/sessions``: conversations and what was said in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ...errors import BadRequest, Conflict
from ...identity import Principal
from ...rights import Action, Thing
from ...store.reading import get_row
from ...store.tables import MessageRow, SessionRow, TurnRow
from ...store.turn_statements import is_running
from ...turn.messages import PRIVATE_ROLES
from ..auth import principal_of
from ..envelope import Envelope, reply
from ..operations import ListOperation
from ..paging import listed, page_of
from .describing import Resource, filtering
from .filters import filtered
from .rows import AnyRequest, list_of, read, shown, write
from .turn_shapes import MessageList, MessageView, message_view

__all__ = ["HANDLERS"]

_SESSIONS: Final = Resource(Thing.SESSION, "History")


class SessionView(msgspec.Struct, frozen=True):
    """A conversation. ``key`` is shown to whoever's it is, and to nobody else."""

    id: UUID
    key: str | None
    llm_client_id: UUID
    account_id: UUID
    profile_id: UUID | None
    turns: int
    messages: int
    created_at: datetime
    last_used_at: datetime


class SessionReply(Envelope, frozen=True, kw_only=True):
    """One session."""

    data: SessionView


class SessionList(Envelope, frozen=True, kw_only=True):
    """Sessions, newest first."""

    data: list[SessionView]


def _view(row: SessionRow, principal: Principal) -> SessionView:
    return shown(SessionView, row, key=row.key if row.owner == principal.owner else None)


@_SESSIONS.lists(
    "/sessions", "List the sessions", {"llm_client_id": "Of one LLM client", "profile_id": "Whose they are"}
)
async def list_sessions(request: AnyRequest) -> Response[SessionList]:
    """The caller's own; for staff, those of the account's LLM clients."""
    principal = principal_of(request)

    async def show(_: AsyncSession, rows: Sequence[SessionRow]) -> list[SessionView]:
        return [_view(row, principal) for row in rows]

    where = filtered(request, llm_client_id=SessionRow.llm_client_id, profile_id=SessionRow.profile_id)
    return await list_of(request, SessionRow, Thing.SESSION, show, *where)


@_SESSIONS.reads("/sessions/{session_id:str}", "Look at a session")
async def retrieve(request: AnyRequest, session_id: FromPath[str]) -> Response[SessionReply]:
    """By its id; its key is no part of any URL."""
    principal = principal_of(request)

    async def work(session: AsyncSession) -> SessionView:
        return _view(await get_row(session, principal, SessionRow, session_id), principal)

    return reply(await read(request, work), command="get", thing=Thing.SESSION)


@_SESSIONS.route(
    get,
    "/sessions/{session_id:str}/messages",
    "Read what was said",
    command="list",
    action=Action.READ,
    operation=filtering(ListOperation, {"narration": "true: what promptdock told about the turns, too"}),
    errors=(400, 401, 404, 503),
    operation_id="listSessionMessages",
    thing="Message",
)
async def list_messages(request: AnyRequest, session_id: FromPath[str]) -> Response[MessageList]:
    """The thread, oldest first."""
    principal, page = principal_of(request), page_of(request)
    filtered(request, "narration")
    narration = _narration(request)

    async def work(session: AsyncSession) -> tuple[list[MessageView], str | None]:
        found = await get_row(session, principal, SessionRow, session_id)
        wanted = select(MessageRow).where(MessageRow.session_id == found.id)
        if not narration:
            wanted = wanted.where(col(MessageRow.role).not_in(PRIVATE_ROLES))
        if page.after is not None:
            last = select(MessageRow.position).where(MessageRow.id == page.after, MessageRow.session_id == found.id)
            wanted = wanted.where(col(MessageRow.position) > last.scalar_subquery())
        rows = (await session.exec(wanted.order_by(col(MessageRow.position)).limit(page.fetch))).all()
        kept, further = page.cut(rows, lambda row: row.id)
        return [message_view(row) for row in kept], further

    messages, further = await read(request, work)
    return listed(request, messages, thing="Message", next=further)


@_SESSIONS.removes("/sessions/{session_id:str}", "Delete a session")
async def remove(request: AnyRequest, session_id: FromPath[str]) -> None:
    """Everything that was said in it goes with it; what was charged stays."""
    principal = principal_of(request)

    async def work(session: AsyncSession) -> None:
        found = await get_row(session, principal, SessionRow, session_id, Action.DELETE)
        running = select(TurnRow.id).where(TurnRow.session_id == found.id, is_running())
        if (await session.exec(running.limit(1))).first() is not None:
            raise Conflict("A prompt of this session is running.", code="session_busy", retry_after=1)
        await session.delete(found)
        await session.flush()

    await write(request, work)


def _narration(request: AnyRequest) -> bool:
    given = request.query_params.getall("narration", [])
    if given not in ([], ["true"], ["false"]):
        raise BadRequest("'narration' must be true or false.", param="narration")
    return given == ["true"]


HANDLERS: Final = (list_sessions, retrieve, list_messages, remove)
