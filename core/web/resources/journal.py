"""``/api/v1/journal``: one entry per API request."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from sqlmodel.ext.asyncio.session import AsyncSession

from ...rights import Action, Thing
from ...store.reading import get_row
from ...store.tables import JournalRow
from ..auth import principal_of
from ..envelope import Envelope, reply
from ..operations import ListOperation
from .describing import Resource, filtering
from .filters import PERIOD, filtered, within_period
from .rows import AnyRequest, list_of, read, shown

__all__ = ["HANDLERS"]

_JOURNAL: Final = Resource(Thing.JOURNAL_ENTRY, "Journal")
_FILTERS: Final = (
    "request_id",
    "profile_id",
    "api_key_id",
    "method",
    "command",
    "thing",
    "status",
    "llm_client_id",
    "turn_id",
)


class JournalEntryView(msgspec.Struct, frozen=True):
    """One request: who, what, how it ended; ``headers`` and ``body`` as far as they may be shown."""

    id: UUID
    request_id: str
    account_id: UUID | None
    profile_id: UUID | None
    api_key_id: UUID | None
    caller: str
    method: str
    path: str
    command: str
    thing: str
    llm_client_id: UUID | None
    turn_id: UUID | None
    status: int
    ms: float
    headers: dict[str, str]
    body: Any
    created_at: datetime


class JournalEntryReply(Envelope, frozen=True, kw_only=True):
    """One entry."""

    data: JournalEntryView


class JournalEntryList(Envelope, frozen=True, kw_only=True):
    """Entries, newest first."""

    data: list[JournalEntryView]


async def _shown(_: AsyncSession, rows: Sequence[JournalRow]) -> list[JournalEntryView]:
    return [shown(JournalEntryView, row) for row in rows]


@_JOURNAL.route(
    get,
    "/journal",
    "Read the journal",
    command="list",
    action=Action.READ,
    operation=filtering(ListOperation, {**dict.fromkeys(_FILTERS, "As in the entry"), **PERIOD}),
    errors=(400, 401, 503),
    operation_id="listJournalEntries",
)
async def list_entries(request: AnyRequest) -> Response[JournalEntryList]:
    """The caller's own requests; for staff, those of the account."""
    where = filtered(request, *PERIOD, **{name: getattr(JournalRow, name) for name in _FILTERS})
    period = within_period(request, JournalRow)
    return await list_of(request, JournalRow, Thing.JOURNAL_ENTRY, _shown, *where, *period)


@_JOURNAL.reads("/journal/{entry_id:str}", "Look at an entry of the journal")
async def retrieve(request: AnyRequest, entry_id: FromPath[str]) -> Response[JournalEntryReply]:
    """One entry."""
    found = await read(request, partial(get_row, principal=principal_of(request), table=JournalRow, row_id=entry_id))
    return reply(shown(JournalEntryView, found), command="get", thing=Thing.JOURNAL_ENTRY)


HANDLERS: Final = (list_entries, retrieve)
