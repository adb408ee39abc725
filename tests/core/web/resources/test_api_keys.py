"""API keys over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from promptdock.rights import Thing
from promptdock.service_events import KeyCreated, KeyDeleted, KeyUpdated
from promptdock.store.tables import Profile
from promptdock.store.types import utc_now
from tests.core.web.resources.conftest import Listener
from tests.core.web.tenancy import Tenancy


def ask(acme: Tenancy, key: str, scheme: str = "Bearer") -> httpx.Response:
    return httpx.get(f"{acme.url}/api/v1/accounts", headers={"Authorization": f"{scheme} {key}"}, timeout=30)


def test_a_key_is_shown_once_and_opens_at_once(acme: Tenancy, call: Any) -> None:
    made = call("owner", "POST", "api-keys/", {"name": "laptop", "description": "mine"})

    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    data = made.json()["data"]
    key = data.pop("key")
    assert data["hint"] == key[-4:]
    assert data["owner"] == f"ann@{acme.account.number}"
    assert ask(acme, key).status_code == 200
    assert ask(acme, key, "Token").status_code == 200
    for path in (f"api-keys/{data['id']}", "api-keys", "journal"):
        assert key not in call("owner", "GET", path).text
    assert call("owner", "GET", f"api-keys/{data['id']}").json()["data"]["last_used_at"] is not None


def test_t73_a_key_that_is_switched_off_is_refused_at_once(acme: Tenancy, call: Any) -> None:
    data = call("owner", "POST", "api-keys", {"name": "laptop"}).json()["data"]
    assert ask(acme, data["key"]).status_code == 200

    assert call("owner", "PATCH", f"api-keys/{data['id']}/", {"is_active": False}).status_code == 200
    refused = ask(acme, data["key"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "inactive_api_key")

    assert call("owner", "PATCH", f"api-keys/{data['id']}", {"is_active": True}).status_code == 200
    assert ask(acme, data["key"]).status_code == 200
    assert call("owner", "DELETE", f"api-keys/{data['id']}").status_code == 204
    assert ask(acme, data["key"]).json()["error"]["code"] == "invalid_api_key"


def test_a_key_expires(acme: Tenancy, call: Any) -> None:
    now = utc_now()
    past = call("owner", "POST", "api-keys", {"name": "x", "expires_at": (now - timedelta(days=1)).isoformat()})
    assert (past.status_code, past.json()["error"]["param"]) == (422, "expires_at")

    data = call("owner", "POST", "api-keys", {"name": "x", "expires_at": "2999-01-01T00:00:00+02:00"}).json()["data"]
    assert data["expires_at"] == "2998-12-31T22:00:00Z"
    call("owner", "PATCH", f"api-keys/{data['id']}", {"expires_at": now.isoformat()})
    assert ask(acme, data["key"]).json()["error"]["code"] == "expired_api_key"


def test_staff_makes_keys_for_its_members_and_a_plain_user_does_not(acme: Tenancy, call: Any) -> None:
    body = {"name": "for ann", "profile_id": str(acme.profile_id)}

    made = call("staff", "POST", "api-keys", body)
    assert (made.status_code, made.json()["data"]["profile_id"]) == (201, str(acme.profile_id))
    refused = call("same", "POST", "api-keys", body)
    assert refused.status_code == 403
    assert refused.json()["error"]["description"] == "Only the account's staff may create API keys for others."
    assert call("other", "POST", "api-keys", body).status_code == 404
    assert call("operator", "POST", "api-keys", {"name": "x"}).json()["error"]["param"] == "profile_id"
    assert call("operator", "POST", "api-keys", body).status_code == 201


def test_staff_does_not_get_at_a_superusers_keys(acme: Tenancy, call: Any) -> None:
    """A superuser who also is in the account has keys there that open everything."""
    root = acme.people["superuser"].principal
    assert root.user_id is not None
    profile = Profile(user_id=root.user_id, account_id=acme.account.id)
    acme.add(profile)
    body = {"name": "mine now", "profile_id": str(profile.id)}

    assert call("staff", "POST", "api-keys", body).status_code == 403
    key = call("superuser", "POST", "api-keys", body).json()["data"]
    assert call("staff", "GET", f"api-keys/{key['id']}").status_code == 200
    assert call("staff", "PATCH", f"api-keys/{key['id']}", {"expires_at": None}).status_code == 403
    assert call("staff", "DELETE", f"api-keys/{key['id']}").status_code == 403


def test_the_last_key_of_a_client_is_not_deleted_by_the_way(acme: Tenancy, call: Any) -> None:
    client, key = acme.make(Thing.LLM_CLIENT), acme.make(Thing.API_KEY)
    acme.attach(client, key)

    refused = call("owner", "DELETE", f"api-keys/{key}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "last_key")

    assert call("owner", "DELETE", f"llm-clients/{client}/keys/{key}").status_code == 204
    assert call("owner", "DELETE", f"api-keys/{key}").status_code == 204


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "x\0"}, {"name": "x", "key": "pd_mine"}])
def test_a_body_that_cannot_be_used_is_refused(call: Any, body: dict[str, Any]) -> None:
    assert call("owner", "POST", "api-keys", body).status_code == 422


def test_hooks_are_told_without_the_key(call: Any, listener: Listener) -> None:
    listener.forget()
    data = call("owner", "POST", "api-keys", {"name": "laptop"}).json()["data"]
    call("owner", "PATCH", f"api-keys/{data['id']}", {"name": "laptop", "description": "old"})
    call("owner", "DELETE", f"api-keys/{data['id']}")

    heard = [listener.hear() for _ in range(3)]

    assert [type(event) for event in heard] == [KeyCreated, KeyUpdated, KeyDeleted]
    assert getattr(heard[1], "changed", None) == ("description",)
    assert data["key"] not in repr(heard)
