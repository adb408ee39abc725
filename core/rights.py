"""Who may do what: one table, and what it means for one caller. Nothing here looks anything up.

Superusers, and the operator, may do everything. Another account's things do not exist for anybody else (404); what one
sees and may not change is 403; callers without a key get 401.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

import msgspec

from .errors import Forbidden, NotFound, Unauthorized
from .identity import Principal

__all__ = [
    "RIGHTS",
    "Action",
    "Place",
    "Reach",
    "Thing",
    "Who",
    "check",
    "forbidden",
    "no_such",
    "reach",
    "require_key",
]


class Thing(StrEnum):
    """What there is, as replies name it."""

    ACCOUNT = "Account"
    USER = "User"
    API_KEY = "APIKey"
    LLM_CLIENT = "LLMClient"
    CUSTOM_DOMAIN = "CustomDomain"
    BUDGET = "Budget"
    PRICE = "Price"
    SESSION = "Session"
    TURN = "Turn"
    TOOL_CALL = "ToolCall"
    CHARGE = "Charge"
    JOURNAL_ENTRY = "JournalEntry"


class Action(StrEnum):
    """What is done with it; to read is also to list."""

    READ = "read"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Who(StrEnum):
    """Who may, besides superusers; the words complete "only … may" and "for …"."""

    EVERYBODY = "callers with a key"
    MEMBERS_OR_PLATFORM = "members of its account, or callers with a key when it is the platform's"
    MEMBERS = "members of its account"
    OWNER = "who made it and the account's staff"
    STAFF = "the account's staff"
    SUPERUSERS = "superusers"


RIGHTS: Final[Mapping[tuple[Thing, Action], Who]] = MappingProxyType(
    {
        (Thing.ACCOUNT, Action.READ): Who.MEMBERS,
        (Thing.ACCOUNT, Action.CREATE): Who.SUPERUSERS,
        (Thing.ACCOUNT, Action.UPDATE): Who.STAFF,
        (Thing.ACCOUNT, Action.DELETE): Who.SUPERUSERS,
        (Thing.USER, Action.READ): Who.MEMBERS,
        (Thing.USER, Action.CREATE): Who.STAFF,
        (Thing.USER, Action.UPDATE): Who.STAFF,
        (Thing.USER, Action.DELETE): Who.STAFF,
        (Thing.API_KEY, Action.READ): Who.MEMBERS,
        (Thing.API_KEY, Action.CREATE): Who.OWNER,
        (Thing.API_KEY, Action.UPDATE): Who.OWNER,
        (Thing.API_KEY, Action.DELETE): Who.OWNER,
        (Thing.LLM_CLIENT, Action.READ): Who.MEMBERS_OR_PLATFORM,
        (Thing.LLM_CLIENT, Action.CREATE): Who.OWNER,
        (Thing.LLM_CLIENT, Action.UPDATE): Who.OWNER,
        (Thing.LLM_CLIENT, Action.DELETE): Who.OWNER,
        (Thing.CUSTOM_DOMAIN, Action.READ): Who.MEMBERS,
        (Thing.CUSTOM_DOMAIN, Action.CREATE): Who.OWNER,
        (Thing.CUSTOM_DOMAIN, Action.UPDATE): Who.OWNER,
        (Thing.CUSTOM_DOMAIN, Action.DELETE): Who.OWNER,
        (Thing.BUDGET, Action.READ): Who.MEMBERS,
        (Thing.BUDGET, Action.CREATE): Who.STAFF,
        (Thing.BUDGET, Action.UPDATE): Who.STAFF,
        (Thing.BUDGET, Action.DELETE): Who.STAFF,
        (Thing.PRICE, Action.READ): Who.EVERYBODY,
        (Thing.PRICE, Action.CREATE): Who.SUPERUSERS,
        (Thing.PRICE, Action.UPDATE): Who.SUPERUSERS,
        (Thing.PRICE, Action.DELETE): Who.SUPERUSERS,
        # what people said is theirs: a colleague's session is as absent as another account's
        (Thing.SESSION, Action.READ): Who.OWNER,
        (Thing.SESSION, Action.DELETE): Who.OWNER,
        (Thing.TURN, Action.READ): Who.OWNER,
        (Thing.TURN, Action.DELETE): Who.OWNER,
        (Thing.TOOL_CALL, Action.READ): Who.OWNER,
        (Thing.CHARGE, Action.READ): Who.OWNER,
        (Thing.JOURNAL_ENTRY, Action.READ): Who.OWNER,
    }
)
"""Who may do what. What stands nowhere here, e.g. to change a charge, nobody can."""

_WORDS: Final[Mapping[Thing, str]] = MappingProxyType(
    {
        Thing.API_KEY: "API key",
        Thing.LLM_CLIENT: "LLM client",
        Thing.CUSTOM_DOMAIN: "custom domain",
        Thing.TOOL_CALL: "tool call",
        Thing.JOURNAL_ENTRY: "journal entry",
    }
)


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a thing stands.

    Attributes:
        account_id: The account that it belongs to; None for one of nobody's, e.g. a price.
        profile_id: Who made it; None when nobody of an account did.
        is_platform: Whether its account is the platform's.
    """

    account_id: UUID | None = None
    profile_id: UUID | None = None
    is_platform: bool = False


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """How far a caller reaches: to the things that fit any of these.

    Attributes:
        everything: All things.
        account_id: Those of this account.
        platform: Those of the platform's accounts.
        profile_id: Those that this profile made.
    """

    everything: bool = False
    account_id: UUID | None = None
    platform: bool = False
    profile_id: UUID | None = None

    def holds(self, place: Place) -> bool:
        """Whether a thing is within reach."""
        return (
            self.everything
            or (self.account_id is not None and self.account_id == place.account_id)
            or (self.platform and place.is_platform)
            or (self.profile_id is not None and self.profile_id == place.profile_id)
        )


def reach(principal: Principal, thing: Thing, action: Action) -> Reach:
    """Tell how far a caller reaches with an action.

    Raises:
        Unauthorized: The caller sent no key.
    """
    require_key(principal)
    if principal.is_superuser:
        return Reach(everything=True)
    who = RIGHTS[thing, action]
    if who is Who.EVERYBODY:
        return Reach(everything=True)
    if who in {Who.MEMBERS, Who.MEMBERS_OR_PLATFORM}:
        return Reach(account_id=principal.account_id, platform=who is Who.MEMBERS_OR_PLATFORM)
    staff = principal.account_id if principal.is_staff and who in {Who.OWNER, Who.STAFF} else None
    return Reach(account_id=staff, profile_id=principal.profile_id if who is Who.OWNER else None)


def check(principal: Principal, thing: Thing, action: Action, place: Place) -> None:
    """Refuse what a caller may not do.

    Args:
        principal: Who asks.
        thing: What it is about.
        action: What is to be done.
        place: Where the thing stands, or will.

    Raises:
        Unauthorized: The caller sent no key.
        NotFound: They do not get to see it.
        Forbidden: They see it, and may not do this.
    """
    if reach(principal, thing, action).holds(place):
        return
    if not reach(principal, thing, Action.READ).holds(place):
        raise no_such(thing)
    raise forbidden(thing, action)


def require_key(principal: Principal) -> None:
    """Refuse callers without a key.

    Raises:
        Unauthorized: The caller sent none.
    """
    if principal.is_anonymous:
        raise Unauthorized("This needs a key: send it as 'Authorization: Bearer <key>'.", code="missing_api_key")


def no_such(thing: Thing, name: object = None) -> NotFound:
    """The error for a thing that does not exist for the caller, whether it exists or not."""
    named = "" if name is None else f" {str(name)[:100]!r}"
    return NotFound(f"There is no {_words(thing)}{named} here.")


def forbidden(thing: Thing, action: Action) -> Forbidden:
    """The error for a thing that the caller sees and may not do this with."""
    who = RIGHTS[thing, action]
    if action is Action.CREATE:
        others = " for others" if who is Who.OWNER else ""
        return Forbidden(f"Only {Who.STAFF if others else who} may create {_words(thing)}s{others}.")
    return Forbidden(f"Only {who} may {action} this {_words(thing)}.")


def _words(thing: Thing) -> str:
    return _WORDS.get(thing, thing.lower())
