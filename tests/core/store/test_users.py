"""Accounts, users and their profiles."""

from __future__ import annotations

import re
from functools import partial

import pytest

from promptdock.errors import Conflict
from promptdock.store.accounts import account_by_number
from promptdock.store.database import Database
from promptdock.store.users import create_user, get_profile, profiles_of, put_profile
from tests.support.tenants import make_account

pytestmark = pytest.mark.anyio


async def test_an_accounts_number_is_random_and_leads_back_to_it(database: Database) -> None:
    accounts = [await make_account(database) for _ in range(3)]

    assert len({account.number for account in accounts}) == 3
    for account in accounts:
        assert re.fullmatch(r"\d{4}-\d{4}-\d{4}", account.number)
        found = await database.read(partial(account_by_number, number=account.number))
        assert found is not None
        assert found.id == account.id
    assert await database.read(partial(account_by_number, number="0000")) is None


async def test_a_user_acts_in_several_accounts_with_a_profile_in_each(database: Database) -> None:
    first, second = [await make_account(database, name) for name in ("First", "Second")]
    user, _ = await database.write(partial(create_user, name="ann", account_id=first.id, is_staff=True))
    await database.write(partial(put_profile, user_id=user.id, account_id=second.id, is_staff=False))

    profiles = await database.read(partial(profiles_of, user_ids=[user.id]))
    assert [(profile.is_staff, account.name) for profile, account in profiles] == [(True, "First"), (False, "Second")]

    await database.write(partial(put_profile, user_id=user.id, account_id=second.id, is_staff=True))
    changed = await database.read(partial(get_profile, user_id=user.id, account_id=second.id))
    assert changed is not None
    assert changed.is_staff

    for account, is_staff in ((second, True), (await make_account(database, "Third"), False)):
        kept = await database.write(partial(put_profile, user_id=user.id, account_id=account.id, is_staff=None))
        assert kept.is_staff is is_staff, "who says nothing about it changes nothing"


async def test_a_users_name_is_taken_once(database: Database) -> None:
    account = await make_account(database)
    await database.write(partial(create_user, name="ann", account_id=account.id))

    with pytest.raises(Conflict, match="a user 'ann' already"):
        await database.write(partial(create_user, name="ann", account_id=account.id))
