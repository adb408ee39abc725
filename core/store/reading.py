"""Reading rows within a caller's rights: the condition is part of the query, so that pages are never full of holes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, exists, false, or_, true
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..identity import Principal
from ..ids import read_id
from ..rights import Action, Reach, Thing, forbidden, no_such, reach
from .tables import (
    Account,
    ApiKey,
    Budget,
    Charge,
    CustomDomain,
    JournalRow,
    LLMClient,
    Price,
    Profile,
    Row,
    SessionRow,
    ToolCallRow,
    TurnRow,
    User,
)

__all__ = ["get_row", "list_rows", "within"]

R = TypeVar("R", bound=Row)
_Condition = Callable[[Any], ColumnElement[bool]]


class _Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where the rows of a thing are, and whose each is.

    Attributes:
        thing: What the rows are.
        in_account: Gives the condition that a row belongs to an account, or to one of a query's.
        of_profile: Gives the condition that a profile made it.
    """

    thing: Thing
    in_account: _Condition
    of_profile: _Condition


def _nobodys(_: Any) -> ColumnElement[bool]:
    return false()


def _columns(thing: Thing, account: Any, profile: Any = None) -> _Source:
    """The source of a table that has columns for both."""
    return _Source(
        thing=thing,
        in_account=lambda accounts: col(account).in_(accounts),
        of_profile=_nobodys if profile is None else lambda one: col(profile) == one,
    )


_SOURCES: Final[Mapping[type[Row], _Source]] = MappingProxyType(
    {
        Account: _columns(Thing.ACCOUNT, Account.id),
        User: _Source(
            thing=Thing.USER,
            in_account=lambda accounts: exists().where(
                col(Profile.user_id) == User.id, col(Profile.account_id).in_(accounts)
            ),
            of_profile=_nobodys,
        ),
        ApiKey: _Source(
            thing=Thing.API_KEY,
            in_account=lambda accounts: exists().where(
                col(Profile.id) == ApiKey.profile_id, col(Profile.account_id).in_(accounts)
            ),
            of_profile=lambda one: col(ApiKey.profile_id) == one,
        ),
        LLMClient: _columns(Thing.LLM_CLIENT, LLMClient.account_id, LLMClient.profile_id),
        CustomDomain: _columns(Thing.CUSTOM_DOMAIN, CustomDomain.account_id, CustomDomain.profile_id),
        Budget: _columns(Thing.BUDGET, Budget.account_id, Budget.profile_id),
        Price: _Source(thing=Thing.PRICE, in_account=_nobodys, of_profile=_nobodys),
        SessionRow: _columns(Thing.SESSION, SessionRow.account_id, SessionRow.profile_id),
        TurnRow: _columns(Thing.TURN, TurnRow.account_id, TurnRow.profile_id),
        ToolCallRow: _Source(
            thing=Thing.TOOL_CALL,
            in_account=lambda accounts: exists().where(
                col(TurnRow.id) == ToolCallRow.turn_id, col(TurnRow.account_id).in_(accounts)
            ),
            of_profile=lambda one: exists().where(col(TurnRow.id) == ToolCallRow.turn_id, TurnRow.profile_id == one),
        ),
        Charge: _columns(Thing.CHARGE, Charge.account_id, Charge.profile_id),
        JournalRow: _columns(Thing.JOURNAL_ENTRY, JournalRow.account_id, JournalRow.profile_id),
    }
)


def within(principal: Principal, table: type[Row], action: Action = Action.READ) -> ColumnElement[bool]:
    """The condition that a row is within a caller's rights.

    Args:
        principal: Who asks.
        table: The table.
        action: What they want to do with it.

    Raises:
        Unauthorized: The caller sent no key.
    """
    source = _SOURCES[table]
    return _condition(source, reach(principal, source.thing, action))


def _condition(source: _Source, far: Reach) -> ColumnElement[bool]:
    if far.everything:
        return true()
    fits = []
    if far.account_id is not None:
        fits.append(source.in_account([far.account_id]))
    if far.platform:
        fits.append(source.in_account(select(Account.id).where(col(Account.is_platform))))
    if far.profile_id is not None:
        fits.append(source.of_profile(far.profile_id))
    return or_(false(), *fits)


async def get_row(
    session: AsyncSession,
    principal: Principal,
    table: type[R],
    row_id: object,
    action: Action = Action.READ,
) -> R:
    """Find a row by its id, to do something with it.

    Args:
        session: The transaction.
        principal: Who asks.
        table: The table.
        row_id: The id, or what a caller sent as one.
        action: What is to be done; for what changes the row, it is locked.

    Raises:
        Unauthorized: The caller sent no key.
        NotFound: It does not exist, or not for this caller.
        Forbidden: They see it, and may not do this.
    """
    thing = _SOURCES[table].thing
    found = read_id(row_id)
    seen = select(table, within(principal, table, action)).where(within(principal, table), col(table.id) == found)
    if action is not Action.READ:
        seen = seen.with_for_update(of=table)
    answer = (await session.exec(seen)).first() if found is not None else None
    if answer is None:
        raise no_such(thing, row_id)
    row, may = answer
    if not may:
        raise forbidden(thing, action)
    return row


async def list_rows(
    session: AsyncSession,
    principal: Principal,
    table: type[R],
    *where: ColumnElement[bool],
    limit: int,
    after: UUID | None = None,
) -> Sequence[R]:
    """Read the newest rows that a caller gets to see.

    Args:
        session: The transaction.
        principal: Who asks.
        table: The table.
        *where: Further conditions.
        limit: The most rows.
        after: The last one of the page before; None for the beginning.

    Raises:
        Unauthorized: The caller sent no key.
    """
    rows = select(table).where(within(principal, table), *where)
    if after is not None:
        rows = rows.where(col(table.id) < after)
    return (await session.exec(rows.order_by(col(table.id).desc()).limit(limit))).all()
