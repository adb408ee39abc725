"""What the routes of stored things share: the dock, lists by pages, and rows as they are shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar, overload
from uuid import UUID

import msgspec
from litestar import Request, Response
from pydantic import AfterValidator, AwareDatetime
from sqlalchemy import ColumnElement
from sqlmodel.ext.asyncio.session import AsyncSession

from ...errors import Unprocessable
from ...identity import Principal
from ...rights import Action, Place, Thing, check
from ...service_events import ServiceEvent
from ...store.reading import get_row, list_rows
from ...store.tables import Account, Row
from ..auth import principal_of
from ..paging import listed, page_of
from ..request_id import request_id
from ..state import dock_of

if TYPE_CHECKING:
    from ...prompts.dock import Dock

__all__ = [
    "AnyRequest",
    "Moment",
    "Text",
    "account_for",
    "differing",
    "dock_in",
    "in_utc",
    "list_of",
    "plain",
    "read",
    "shown",
    "tell",
    "write",
]

AnyRequest = Request[Any, Any, Any]

R = TypeVar("R", bound=Row)
T = TypeVar("T")
V = TypeVar("V", bound=msgspec.Struct)

_NUL: Final = "\0"


def _storable(text: str) -> str:
    if _NUL in text:
        raise ValueError("it must not hold the character U+0000")
    return text


def in_utc(moment: datetime) -> datetime:
    """A moment as it is stored and shown.

    Raises:
        ValueError: It lies before the first or after the last year that there is, in UTC.
    """
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("it must lie in a year from 1 to 9999") from None


Text = Annotated[str, AfterValidator(_storable)]
"""A text that every database takes."""

Moment = Annotated[AwareDatetime, AfterValidator(in_utc)]
"""A time with an offset, as a time in UTC."""


def dock_in(request: AnyRequest) -> Dock:
    """The dock of the app that a request came to."""
    return dock_of(request.app)


async def read(request: AnyRequest, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """Run a transaction that reads."""
    return await dock_in(request).database.read(work)


async def write(request: AnyRequest, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """Run a transaction that writes."""
    return await dock_in(request).database.write(work)


async def list_of(
    request: AnyRequest,
    table: type[R],
    thing: Thing,
    show: Callable[[AsyncSession, Sequence[R]], Awaitable[Sequence[object]]],
    *where: ColumnElement[bool],
) -> Response[Any]:
    """Answer with a page of what the caller gets to see, newest first.

    Args:
        request: Says which page.
        table: The table.
        thing: What its rows are.
        show: Makes what is shown of rows, in the same transaction.
        *where: Further conditions.
    """
    page, principal = page_of(request), principal_of(request)

    async def work(session: AsyncSession) -> tuple[Sequence[object], str | None]:
        rows = await list_rows(session, principal, table, *where, limit=page.fetch, after=page.after)
        kept, further = page.cut(rows, lambda row: row.id)
        return await show(session, kept), further

    items, further = await read(request, work)
    return listed(request, items, thing=thing, next=further)


def shown(view: type[V], row: object, **further: Any) -> V:
    """Show a row.

    Args:
        view: What is shown: each member is the column of the same name.
        row: The row.
        **further: Members that are no columns, or are shown otherwise.
    """
    names = view.__struct_fields__
    return view(**{name: further[name] if name in further else getattr(row, name) for name in names})


@overload
def plain(amount: Decimal) -> str: ...
@overload
def plain(amount: None) -> None: ...
def plain(amount: Decimal | None) -> str | None:
    """An amount as text, exact: without zeros at its end, and without an exponent."""
    return None if amount is None else f"{amount.normalize():f}"


def differing(row: Row, changes: dict[str, Any]) -> dict[str, Any]:
    """Those of some changes that change something."""
    return {name: value for name, value in changes.items() if getattr(row, name) != value}


def tell(request: AnyRequest, event: type[ServiceEvent], **members: Any) -> None:
    """Tell the observe hooks that something was done; after the transaction, never in it."""
    principal = principal_of(request)
    told = event(
        request_id=request_id(request.scope), caller=principal.name, account=principal.account_number, **members
    )
    dock_in(request).host.tell(told)


async def account_for(
    session: AsyncSession, principal: Principal, thing: Thing, account_id: UUID | None
) -> tuple[Account, UUID | None]:
    """Settle in which account something is made, and as whose.

    Args:
        session: The transaction.
        principal: Who makes it.
        thing: What is made.
        account_id: The account that they named; None for their own.

    Returns:
        The account, and the profile that the thing will belong to.

    Raises:
        Unprocessable: They have none of their own, and named none.
        NotFound: They named one that they do not get to see.
        Forbidden: They may not make such things there.
    """
    if account_id is None and principal.account_id is None:
        raise Unprocessable(
            "The operator's key belongs to no account.", param="account_id", hint="Name one as 'account_id'."
        )
    account = await get_row(session, principal, Account, account_id or principal.account_id)
    profile_id = principal.profile_id if account.id == principal.account_id else None
    check(principal, thing, Action.CREATE, Place(account_id=account.id, profile_id=profile_id))
    return account, profile_id
