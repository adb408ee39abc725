"""Accounts and users over HTTP."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest

from promptdock.rights import Thing
from promptdock.service_events import AccountCreated, UserCreated
from tests.core.web.resources.conftest import Listener
from tests.core.web.tenancy import Tenancy


@pytest.fixture
def name() -> str:
    return f"user-{uuid4().hex[:8]}"


def test_superusers_make_and_delete_accounts(call: Any, listener: Listener) -> None:
    listener.forget()
    made = call("superuser", "POST", "accounts/", {"name": "New"})

    account = made.json()["data"]
    assert made.status_code == 201
    assert re.fullmatch(r"\d{4}-\d{4}-\d{4}", account["number"])
    event = listener.hear()
    assert isinstance(event, AccountCreated)
    assert event.number == account["number"]
    assert (
        call("superuser", "PATCH", f"accounts/{account['id']}", {"is_active": False}).json()["data"]["is_active"]
        is False
    )
    assert call("superuser", "DELETE", f"accounts/{account['id']}/").status_code == 204
    assert call("superuser", "GET", f"accounts/{account['id']}").status_code == 404


def test_staff_renames_its_account_and_no_more(acme: Tenancy, call: Any) -> None:
    path = f"accounts/{acme.account.id}"

    assert call("staff", "PATCH", path, {"name": "Acme & Co"}).json()["data"]["name"] == "Acme & Co"
    for member in ("is_active", "is_platform"):
        refused = call("staff", "PATCH", path, {"name": "x", member: True})
        assert (refused.status_code, refused.json()["error"]["param"]) == (403, member)
    assert call("same", "PATCH", path, {"name": "x"}).status_code == 403
    assert call("same", "GET", path).json()["data"]["name"] == "Acme & Co"


def test_staff_makes_users_in_its_account(acme: Tenancy, call: Any, listener: Listener, name: str) -> None:
    listener.forget()
    made = call("staff", "POST", "users/", {"name": name, "email": "x@example.com", "is_staff": True})

    assert made.status_code == 201
    user = made.json()["data"]
    assert [(one["account_number"], one["is_staff"]) for one in user["profiles"]] == [(acme.account.number, True)]
    assert isinstance(listener.hear(), UserCreated)
    assert call("same", "GET", made.headers["location"].removeprefix("/api/v1/")).json()["data"] == user
    assert call("other", "GET", f"users/{user['id']}").status_code == 404
    assert call("staff", "POST", "users", {"name": name}).status_code == 409

    changed = call("staff", "PATCH", f"users/{user['id']}", {"is_active": False, "is_staff": False}).json()["data"]
    assert (changed["is_active"], changed["profiles"][0]["is_staff"]) == (False, False)
    assert call("staff", "DELETE", f"users/{user['id']}").status_code == 204
    assert call("staff", "GET", f"users/{user['id']}").status_code == 404


def test_staff_makes_no_superusers(acme: Tenancy, call: Any, name: str) -> None:
    assert call("staff", "POST", "users", {"name": name, "is_superuser": True}).status_code == 403
    user = acme.make(Thing.USER)
    assert call("staff", "PATCH", f"users/{user}", {"is_superuser": True}).status_code == 403

    assert call("superuser", "PATCH", f"users/{user}", {"is_superuser": True}).json()["data"]["is_superuser"] is True
    assert call("staff", "PATCH", f"users/{user}", {"is_active": False}).status_code == 403
    assert call("staff", "PATCH", f"users/{user}", {"is_staff": True}).status_code == 403
    assert call("staff", "DELETE", f"users/{user}").status_code == 403


def test_staff_does_not_reach_into_other_accounts(acme: Tenancy, call: Any) -> None:
    user = acme.make(Thing.USER)
    elsewhere = str(acme.people["other"].principal.account_id)
    refused = call("staff", "PATCH", f"users/{user}", {"account_id": elsewhere, "is_staff": True})
    assert refused.status_code == 404

    added = call("superuser", "PATCH", f"users/{user}", {"account_id": elsewhere, "is_staff": False}).json()["data"]
    assert len(added["profiles"]) == 2
    seen = call("staff", "GET", f"users/{user}").json()["data"]["profiles"]
    assert [one["account_id"] for one in seen] == [str(acme.account.id)]

    assert call("staff", "PATCH", f"users/{user}", {"is_active": False}).status_code == 403
    assert call("staff", "PATCH", f"users/{user}", {"is_staff": True}).status_code == 200
    assert call("staff", "DELETE", f"users/{user}").status_code == 204
    assert call("staff", "GET", f"users/{user}").status_code == 404
    assert call("other", "GET", f"users/{user}").json()["data"]["is_active"] is True


@pytest.mark.parametrize("name", ["", "a b", "a@b", "-a", "é", "x" * 65, "a\0"])
def test_names_that_would_be_misread_are_refused(call: Any, name: str) -> None:
    """``user@account number`` names somebody in logs and events."""
    refused = call("staff", "POST", "users", {"name": name})
    assert (refused.status_code, refused.json()["error"]["param"]) == (422, "name")
