"""Budgets, prices and charges over HTTP."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from promptdock.rights import Thing
from promptdock.store.tables import Charge
from tests.core.web.tenancy import Tenancy


def budget(**members: Any) -> dict[str, Any]:
    usual = {"name": uuid4().hex, "scope": "account", "metric": "tokens", "period": "month", "limit": 10**9}
    return usual | members


@pytest.mark.parametrize(
    ("metric", "limit", "shown", "zero"),
    [
        ("cost", "1000.50", "1000.5", "0"),
        ("cost", 1000, "1000", "0"),
        ("tokens", 10**9, 10**9, 0),
        ("tool_calls", 10**6, 10**6, 0),
    ],
)
def test_a_budget_says_how_it_stands(call: Any, metric: str, limit: Any, shown: Any, zero: Any) -> None:
    made = call("staff", "POST", "budgets/", budget(metric=metric, limit=limit))

    assert made.status_code == 201
    data = made.json()["data"]
    assert (data["limit"], data["status"]["left"], data["status"]["used"]) == (shown, shown, zero)
    assert data["status"]["starts_at"].endswith("-01T00:00:00Z")
    path = f"budgets/{data['id']}"
    assert call("same", "GET", path).json()["data"] == data
    assert call("staff", "PATCH", path, {"limit": 2_000_000_000 if metric != "cost" else "0.25"}).status_code == 200
    assert call("same", "GET", path).json()["data"]["limit"] == (2_000_000_000 if metric != "cost" else "0.25")
    assert call("staff", "DELETE", path).status_code == 204


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"scope": "llm_client"}, "llm_client_id"),
        ({"plugin": "calculator"}, "plugin"),
        ({"scope": "plugin", "plugin": "calculater"}, "plugin"),
        ({"scope": "api_key", "api_key_id": str(uuid4())}, "api_key_id"),
        ({"limit": "1.5"}, "limit"),
        ({"limit": -1}, "limit"),
        ({"limit": "NaN"}, "limit"),
        ({"metric": "cost", "limit": 9_000_001}, "limit"),
        ({"period": "year"}, "period"),
    ],
)
def test_a_budget_that_bounds_nothing_is_refused(call: Any, members: dict[str, Any], param: str) -> None:
    refused = call("staff", "POST", "budgets", budget(**members))
    assert (refused.status_code, refused.json()["error"]["param"]) == (422, param)


def test_a_budget_bounds_what_is_the_accounts_own(acme: Tenancy, call: Any) -> None:
    client, key = str(acme.make(Thing.LLM_CLIENT)), str(acme.make(Thing.API_KEY))
    theirs = str(acme.people["other"].principal.api_key_id)
    for members in (
        {"scope": "llm_client", "llm_client_id": client},
        {"scope": "api_key", "api_key_id": key},
        {"scope": "plugin", "plugin": "calculator"},
    ):
        assert call("staff", "POST", "budgets", budget(**members)).status_code == 201
    for members in (
        {"scope": "api_key", "api_key_id": theirs},
        {"scope": "llm_client", "llm_client_id": client, "account_id": str(acme.people["other"].principal.account_id)},
    ):
        assert (
            call("superuser", "POST", "budgets", budget(**{"account_id": str(acme.account.id), **members})).status_code
            == 422
        )


def test_a_budgets_name_is_taken_once(call: Any) -> None:
    body = budget()
    assert call("staff", "POST", "budgets", body).status_code == 201
    assert call("staff", "POST", "budgets", body).status_code == 409


def test_superusers_set_prices_and_everybody_reads_them(call: Any) -> None:
    model = uuid4().hex
    body = {
        "kind": "completion",
        "provider": "offline",
        "model": model,
        "prompt_price": "0.150",
        "completion_price": 100,
    }

    made = call("superuser", "POST", "prices/", body)

    price = made.json()["data"]
    assert made.status_code == 201
    assert (price["prompt_price"], price["completion_price"], price["call_price"]) == ("0.15", "100", "0")
    assert price["valid_from"] is not None
    assert call("other", "GET", "prices", model=model).json()["data"] == [price]
    changed = call("superuser", "PATCH", f"prices/{price['id']}", {"call_price": "0.000000000001"}).json()["data"]
    assert (changed["call_price"], changed["prompt_price"]) == ("0.000000000001", "0.15")
    assert call("superuser", "DELETE", f"prices/{price['id']}").status_code == 204


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"kind": "completion"}, "provider"),
        ({"kind": "completion", "provider": "p", "tool": "a.b"}, "tool"),
        ({"kind": "tool", "plugin": "p", "prompt_price": "1"}, "prompt_price"),
        ({"kind": "tool", "plugin": "p", "call_price": "-1"}, "call_price"),
        ({"kind": "tool", "plugin": "p", "call_price": "0.0000000000001"}, "call_price"),
        ({"kind": "tool", "plugin": "p", "valid_from": "2026-01-01T00:00:00"}, "valid_from"),
        ({"kind": "tool", "plugin": "p", "valid_from": "0001-01-01T00:00:00+12:00"}, "valid_from"),
        ({"kind": "completion", "provider": "ofline"}, "provider"),
        ({"kind": "tool", "plugin": "calculater"}, "plugin"),
        ({"kind": "tool", "plugin": "calculator", "tool": "calculator.calcuate"}, "tool"),
    ],
)
def test_a_price_of_nothing_is_refused(call: Any, body: dict[str, Any], param: str) -> None:
    refused = call("superuser", "POST", "prices", body)
    assert (refused.status_code, refused.json()["error"]["param"]) == (422, param)


def test_a_name_that_is_mistyped_is_answered_with_the_nearest(call: Any) -> None:
    refused = call("superuser", "POST", "prices", {"kind": "completion", "provider": "ofline"})
    assert refused.json()["error"]["description"] == "There is no provider 'ofline' here. Did you mean offline?"


def test_charges_are_added_up_for_whoever_sees_them(acme: Tenancy, call: Any) -> None:
    client = acme.make(Thing.LLM_CLIENT)
    bob = acme.people["same"].principal
    for profile_id, tokens, cost in (
        (acme.profile_id, 10, "0.1"),
        (acme.profile_id, 20, "0.2"),
        (bob.profile_id, 5, None),
    ):
        acme.add(
            Charge(
                kind="completion",
                request_id="r",
                provider="offline",
                model="m",
                llm_client_id=client,
                account_id=acme.account.id,
                profile_id=profile_id,
                prompt_tokens=tokens,
                total_tokens=tokens,
                cost=None if cost is None else Decimal(cost),
            )
        )
    of_client = {"llm_client_id": str(client)}

    sums = {
        who: call(who, "GET", "charges/totals/", **of_client).json()["data"]
        for who in ("owner", "same", "staff", "other")
    }

    assert {who: (one["calls"], one["total_tokens"], one["cost"]) for who, one in sums.items()} == {
        "owner": (2, 30, "0.3"),
        "same": (1, 5, "0"),
        "staff": (3, 35, "0.3"),
        "other": (0, 0, "0"),
    }
    assert sums["staff"]["unpriced_calls"] == 1
    (by_model,) = call("owner", "GET", "charges/totals", by="model", **of_client).json()["data"]
    assert (by_model["of"], by_model["total_tokens"]) == ({"provider": "offline", "model": "m"}, 30)
    (by_client,) = call("staff", "GET", "charges/totals", by="llm_client", **of_client).json()["data"]
    assert by_client["of"] == of_client
    (by_day,) = call("staff", "GET", "charges/totals", by="day", **of_client).json()["data"]
    assert len(by_day["of"]["day"]) == len("2026-01-31")
    assert [one["cost"] for one in call("owner", "GET", "charges", **of_client).json()["data"]] == ["0.2", "0.1"]
    assert call("owner", "GET", "charges", until="2020-01-01T00:00:00Z").json()["data"] == []


@pytest.mark.parametrize(
    ("path", "params", "param"),
    [
        ("charges", {"provder": "x"}, "provder"),
        ("charges", {"llm_client_id": "x"}, "llm_client_id"),
        ("charges", {"since": "yesterday"}, "since"),
        ("charges", {"since": "2026-01-01"}, "since"),
        ("charges", {"until": "9999-12-31T23:59:59-12:00"}, "until"),
        ("charges", {"kind": ["tool", "relay"]}, "kind"),
        ("charges", {"kind": "a\0b"}, "kind"),
        ("charges/totals", {"by": "week"}, "by"),
        ("journal", {"status": "ok"}, "status"),
        ("journal", {"limit": "0"}, "limit"),
        ("turns", {"after": "x"}, "after"),
    ],
)
def test_a_query_that_cannot_be_used_is_refused(call: Any, path: str, params: dict[str, Any], param: str) -> None:
    refused = call("staff", "GET", path, **params)
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, param)
