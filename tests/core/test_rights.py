"""Who may do what: the table, read for one caller."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from promptdock.errors import Forbidden, NotFound, Unauthorized
from promptdock.identity import ANONYMOUS_PRINCIPAL, OPERATOR, Principal, PrincipalKind
from promptdock.ids import new_id
from promptdock.rights import RIGHTS, Action, Place, Thing, check, reach

ACCOUNT, OTHER_ACCOUNT, PLATFORM = new_id(), new_id(), new_id()
ME, COLLEAGUE, STRANGER = new_id(), new_id(), new_id()


def person(account: UUID, profile: UUID, *, is_staff: bool = False) -> Principal:
    return Principal(
        kind=PrincipalKind.USER, name="somebody", account_id=account, profile_id=profile, is_staff=is_staff
    )


MEMBER = person(ACCOUNT, ME)
STAFF = person(ACCOUNT, new_id(), is_staff=True)
OUTSIDER = person(OTHER_ACCOUNT, STRANGER, is_staff=True)

MINE = Place(account_id=ACCOUNT, profile_id=ME)
COLLEAGUES = Place(account_id=ACCOUNT, profile_id=COLLEAGUE)
PLATFORMS = Place(account_id=PLATFORM, is_platform=True)


@pytest.mark.parametrize(("thing", "action"), RIGHTS)
def test_superusers_and_the_operator_may_do_everything(thing: Thing, action: Action) -> None:
    """In every account."""
    for place in (MINE, COLLEAGUES, PLATFORMS, Place()):
        check(OPERATOR, thing, action, place)
        check(replace(MEMBER, is_superuser=True), thing, action, place)


@pytest.mark.parametrize(("thing", "action"), RIGHTS)
def test_callers_without_a_key_may_do_nothing(thing: Thing, action: Action) -> None:
    """They get 401, whatever there is."""
    with pytest.raises(Unauthorized) as caught:
        check(ANONYMOUS_PRINCIPAL, thing, action, MINE)
    assert caught.value.code == "missing_api_key"


@pytest.mark.parametrize(("thing", "action"), [right for right in RIGHTS if right[0] is not Thing.PRICE])
def test_t75_another_accounts_things_do_not_exist(thing: Thing, action: Action) -> None:
    """Not even for its staff, and not even to be told that they may not."""
    with pytest.raises(NotFound):
        check(OUTSIDER, thing, action, MINE)


def test_t75_the_platforms_clients_are_read_only() -> None:
    """For everybody with a key; nothing else of the platform's is."""
    check(OUTSIDER, Thing.LLM_CLIENT, Action.READ, PLATFORMS)
    with pytest.raises(Forbidden):
        check(OUTSIDER, Thing.LLM_CLIENT, Action.UPDATE, PLATFORMS)
    with pytest.raises(NotFound):
        check(OUTSIDER, Thing.BUDGET, Action.READ, PLATFORMS)


@pytest.mark.parametrize("thing", [Thing.LLM_CLIENT, Thing.API_KEY, Thing.CUSTOM_DOMAIN])
def test_t76_staff_edits_a_colleagues_resource_and_a_plain_user_does_not(thing: Thing) -> None:
    """Who made it does, too."""
    check(STAFF, thing, Action.UPDATE, COLLEAGUES)
    check(MEMBER, thing, Action.UPDATE, MINE)
    check(MEMBER, thing, Action.READ, COLLEAGUES)
    with pytest.raises(Forbidden, match="Only who made it and the account's staff may update"):
        check(MEMBER, thing, Action.UPDATE, COLLEAGUES)


@pytest.mark.parametrize("thing", [Thing.SESSION, Thing.TURN, Thing.TOOL_CALL, Thing.CHARGE, Thing.JOURNAL_ENTRY])
def test_what_a_colleague_said_is_not_a_plain_users_to_read(thing: Thing) -> None:
    """Staff reads it."""
    check(STAFF, thing, Action.READ, COLLEAGUES)
    check(MEMBER, thing, Action.READ, MINE)
    with pytest.raises(NotFound):
        check(MEMBER, thing, Action.READ, COLLEAGUES)


def test_prices_are_everybodys_to_read_and_superusers_to_set() -> None:
    """Staff of an account cannot make itself cheap."""
    check(OUTSIDER, Thing.PRICE, Action.READ, Place())
    with pytest.raises(Forbidden):
        check(STAFF, Thing.PRICE, Action.CREATE, Place())


@pytest.mark.parametrize("action", [Action.CREATE, Action.UPDATE, Action.DELETE])
def test_budgets_are_staffs_to_set(action: Action) -> None:
    """Whom they bind only reads them."""
    check(STAFF, Thing.BUDGET, action, COLLEAGUES)
    check(MEMBER, Thing.BUDGET, Action.READ, COLLEAGUES)
    with pytest.raises(Forbidden):
        check(MEMBER, Thing.BUDGET, action, MINE)


def test_a_thing_of_nobodys_is_in_nobodys_reach() -> None:
    """None is no account that callers without one share."""
    nobody = replace(MEMBER, account_id=None, profile_id=None)
    for thing, action in RIGHTS:
        assert reach(nobody, thing, action).holds(Place()) == (thing is Thing.PRICE and action is Action.READ)
