"""LLM clients over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from promptdock.rights import Thing
from promptdock.service_events import (
    LLMClientCreated,
    LLMClientDeleted,
    LLMClientDeployed,
    LLMClientUndeployed,
    LLMClientUpdated,
)
from promptdock.store.tables import Account, LLMClient
from tests.core.web.resources.conftest import Listener
from tests.core.web.tenancy import Tenancy


@pytest.fixture
def name() -> str:
    return f"client-{uuid4().hex[:8]}"


def test_a_client_is_made_read_changed_and_deleted(acme: Tenancy, call: Any, name: str) -> None:
    body = {"name": name, "tools": ["calculator.calculate"], "temperature": 0.5, "page": {"welcome": "Hello"}}

    made = call("owner", "POST", "llm-clients/", body)

    assert made.status_code == 201
    data = made.json()["data"]
    assert data["host"] == f"{name}.{acme.account.number}.api.example.com"
    assert (data["is_private"], data["plugins"], data["temperature"]) == (False, None, 0.5)
    assert made.headers["location"] == f"/api/v1/llm-clients/{data['id']}"
    for path in (f"llm-clients/{data['id']}", f"llm-clients/{name}/", f"llm-clients/{name}"):
        assert call("same", "GET", path).json()["data"] == data

    changed = call("owner", "PATCH", f"llm-clients/{name}/", {"temperature": None, "description": "Sums"})
    assert changed.status_code == 200
    assert changed.json()["data"] == {
        **data,
        "temperature": None,
        "description": "Sums",
        "updated_at": changed.json()["data"]["updated_at"],
    }

    assert call("owner", "DELETE", f"llm-clients/{name}/").status_code == 204
    assert call("owner", "GET", f"llm-clients/{name}/").status_code == 404


def test_t39_t82_what_is_not_installed_is_refused_and_nothing_is_changed(call: Any, name: str) -> None:
    for body, param, meant in (
        ({"tools": ["calculator.calclate"]}, "tools[0]", "calculator.calculate"),
        ({"plugins": ["calculater"]}, "plugins[0]", "calculator"),
        ({"provider": "ofline"}, "provider", "offline"),
        ({"rules": [{"tools": ["calculator.sum"]}]}, "rules[0].tools[0]", "calculator.calculate"),
    ):
        refused = call("owner", "POST", "llm-clients", {"name": name, **body})
        error = refused.json()["error"]
        assert (refused.status_code, error["param"]) == (422, param)
        assert f"Did you mean {meant}" in error["description"]
        assert call("owner", "GET", f"llm-clients/{name}").status_code == 404

    before = call("owner", "POST", "llm-clients", {"name": name, "plugins": ["calculator"]}).json()["data"]
    refused = call("owner", "PATCH", f"llm-clients/{name}", {"description": "new", "plugins": ["calculater"]})
    assert refused.status_code == 422
    assert call("owner", "GET", f"llm-clients/{name}").json()["data"] == before


@pytest.mark.parametrize("member", ["plugins", "tools"])
def test_t83_null_is_all_of_them_and_an_empty_list_is_none(call: Any, name: str, member: str) -> None:
    path = f"llm-clients/{name}"
    assert call("owner", "POST", "llm-clients", {"name": name}).json()["data"][member] is None
    assert call("owner", "PATCH", path, {member: []}).json()["data"][member] == []
    assert call("owner", "PATCH", path, {"description": "x"}).json()["data"][member] == []
    assert call("owner", "PATCH", path, {member: None}).json()["data"][member] is None


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "name"),
        ({"name": "Not A Label"}, "name"),
        ({"name": "x", "temperature": 2.5}, "temperature"),
        ({"name": "x", "max_completion_tokens": 0}, "max_completion_tokens"),
        ({"name": "x", "rules": [{"directive": "search_terms"}]}, "rules[0]"),
        ({"name": "x", "rules": [{"directive": "never"}]}, "rules[0].directive"),
        ({"name": "x", "page": {"logo_url": "javascript:alert(1)"}}, "page.logo_url"),
        ({"name": "x", "description": "a\0b"}, "description"),
        ({"name": "x", "colour": "red"}, "colour"),
        ({"name": "x", "is_active": None}, "is_active"),
    ],
)
def test_a_body_that_cannot_be_used_is_refused_with_its_member(call: Any, body: dict[str, Any], param: str) -> None:
    refused = call("owner", "POST", "llm-clients", body)

    assert (refused.status_code, refused.json()["error"]["param"]) == (422, param)


def test_a_patch_that_changes_nothing_is_refused(acme: Tenancy, call: Any) -> None:
    assert call("owner", "PATCH", f"llm-clients/{acme.make(Thing.LLM_CLIENT)}", {}).status_code == 400


def test_a_name_is_taken_once_in_an_account(call: Any, name: str) -> None:
    assert call("owner", "POST", "llm-clients", {"name": name}).status_code == 201
    assert call("staff", "POST", "llm-clients", {"name": name}).status_code == 409
    assert call("other", "POST", "llm-clients", {"name": name}).status_code == 201


@pytest.mark.parametrize("text", ["%00", "no-such", "a%00b", "%F0%9F%98%80", "..", "x" * 300, "00000000-0000-0000"])
def test_what_names_no_client_is_not_found(call: Any, text: str) -> None:
    assert call("owner", "GET", f"llm-clients/{text}").status_code in {404, 405}
    assert call("operator", "PATCH", f"llm-clients/{text}", {"description": "x"}).status_code in {404, 405}


def test_t75_t78_the_platforms_clients_are_read_only_and_come_after_the_own_ones(
    acme: Tenancy, call: Any, name: str
) -> None:
    platform = Account(number=f"9999-{uuid4().int % 10**4:04}-{uuid4().int % 10**4:04}", name="P", is_platform=True)
    shared = LLMClient(account_id=platform.id, name=name)
    acme.add(platform, shared)

    assert call("other", "GET", f"llm-clients/{name}").json()["data"]["id"] == str(shared.id)
    assert call("other", "PATCH", f"llm-clients/{name}", {"description": "mine"}).status_code == 403
    assert call("other", "DELETE", f"llm-clients/{shared.id}").status_code == 403
    assert call("anonymous", "GET", f"llm-clients/{name}").status_code == 401

    own = call("other", "POST", "llm-clients", {"name": name}).json()["data"]
    assert call("other", "GET", f"llm-clients/{name}").json()["data"]["id"] == own["id"]


def test_the_operator_names_the_account(acme: Tenancy, call: Any, name: str) -> None:
    refused = call("operator", "POST", "llm-clients", {"name": name})
    assert (refused.status_code, refused.json()["error"]["param"]) == (422, "account_id")

    made = call("operator", "POST", "llm-clients", {"name": name, "account_id": str(acme.account.id)})
    assert (made.status_code, made.json()["data"]["profile_id"]) == (201, None)


def test_a_client_made_with_keys_is_private_from_the_beginning(acme: Tenancy, call: Any, name: str) -> None:
    key = str(acme.make(Thing.API_KEY))

    made = call("owner", "POST", "llm-clients", {"name": name, "api_key_ids": [key]})

    assert made.json()["data"]["is_private"] is True
    attached = call("owner", "GET", f"llm-clients/{name}/keys/")
    assert [item["id"] for item in attached.json()["data"]] == [key]


def test_keys_are_attached_and_detached(acme: Tenancy, call: Any) -> None:
    keys = f"llm-clients/{acme.make(Thing.LLM_CLIENT)}/keys"
    key = str(acme.make(Thing.API_KEY))

    made = call("owner", "POST", f"{keys}/", {"api_key_id": key})

    assert made.status_code == 201
    assert call("owner", "GET", made.headers["location"].removeprefix("/api/v1/")).json()["data"]["id"] == key
    assert call("owner", "POST", keys, {"api_key_id": key}).status_code == 409
    assert call("owner", "DELETE", f"{keys}/{key}/").status_code == 204
    assert call("owner", "DELETE", f"{keys}/{key}/").status_code == 404
    assert call("owner", "GET", keys).json()["data"] == []


def test_t28_another_accounts_key_is_not_there_to_attach(acme: Tenancy, call: Any) -> None:
    theirs = str(acme.people["other"].principal.api_key_id)

    assert (
        call("owner", "POST", f"llm-clients/{acme.make(Thing.LLM_CLIENT)}/keys", {"api_key_id": theirs}).status_code
        == 404
    )


def test_hooks_are_told_of_changes(acme: Tenancy, call: Any, listener: Listener, name: str) -> None:
    listener.forget()
    call("owner", "POST", "llm-clients", {"name": name})
    call("owner", "PATCH", f"llm-clients/{name}", {"is_deployed": False, "description": ""})
    call("owner", "DELETE", f"llm-clients/{name}")

    heard = [listener.hear() for _ in range(5)]

    kinds = [LLMClientCreated, LLMClientDeployed, LLMClientUpdated, LLMClientUndeployed, LLMClientDeleted]
    assert [type(event) for event in heard] == kinds
    assert {event.caller for event in heard} == {f"ann@{acme.account.number}"}
    assert {getattr(event, "llm_client", None) for event in heard} == {name}
    assert getattr(heard[2], "changed", None) == ("is_deployed",)


def test_lists_go_page_by_page(acme: Tenancy, call: Any) -> None:
    made = [str(acme.make(Thing.LLM_CLIENT)) for _ in range(3)]

    first = call("owner", "GET", "llm-clients", limit=2).json()
    second = call("owner", "GET", "llm-clients", limit=2, after=first["metadata"]["next"]).json()

    assert [item["id"] for item in first["data"]] == [made[2], made[1]]
    assert second["data"][0]["id"] == made[0]
