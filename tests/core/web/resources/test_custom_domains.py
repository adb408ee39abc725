"""Custom domains over HTTP; the name server is a real one."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal
from uuid import uuid4

import pytest
from anyio import to_thread

from promptdock.domain_verification import Verified, verify_domain
from promptdock.rights import Thing
from promptdock.service_events import DomainVerificationFailed, DomainVerificationRequested, DomainVerified
from promptdock.web.resources import custom_domains
from tests.core.web.resources.conftest import Listener
from tests.core.web.tenancy import Tenancy
from tests.support.dns import LeadsTo, name_server
from tests.support.loopback import closed_port

pytestmark = pytest.mark.anyio


@pytest.fixture
def domain() -> str:
    return f"chat-{uuid4().hex[:8]}.example.org"


def claim(call: Any, caller: str, domain: str) -> dict[str, Any]:
    made = call(caller, "POST", "custom-domains/", {"name": domain})
    assert made.status_code == 201
    data: dict[str, Any] = made.json()["data"]
    return data


async def test_t77_a_domain_is_verified_by_its_token(
    acme: Tenancy, call: Any, domain: str, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = claim(call, "owner", domain.upper()), claim(call, "other", domain)
    assert (mine["name"], mine["is_verified"]) == (domain, False)
    assert mine["proof"]["txt_name"] == f"_promptdock.{domain}"
    records = {mine["proof"]["txt_name"]: [mine["proof"]["txt_content"]]}
    listener.forget()

    async with name_server(records) as resolver:
        nowhere = LeadsTo("127.0.0.1", closed_port())
        asked = partial(verify_domain, resolver=resolver, http=nowhere, allow_private=True)
        monkeypatch.setattr(custom_domains, "verify_domain", asked)
        refused = await to_thread.run_sync(call, "other", "POST", f"custom-domains/{theirs['id']}/verify/")
        verified = await to_thread.run_sync(call, "owner", "POST", f"custom-domains/{mine['id']}/verify")

    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "domain_not_verified")
    assert "has another content" in refused.json()["error"]["description"]
    assert mine["proof"]["url_content"] not in refused.text
    assert verified.status_code == 200
    assert (verified.json()["data"]["is_verified"], verified.json()["data"]["method"]) == (True, "dns")
    kinds = [DomainVerificationRequested, DomainVerificationFailed, DomainVerificationRequested, DomainVerified]
    assert [type(listener.hear()) for _ in kinds] == kinds


@pytest.mark.parametrize("method", ["dns", "http", "https"])
async def test_where_the_proof_was_found_is_told_everywhere_alike(
    call: Any, domain: str, listener: Listener, monkeypatch: pytest.MonkeyPatch, method: Literal["dns", "http", "https"]
) -> None:
    async def found(*_: object) -> Verified:
        return Verified(method)

    mine = claim(call, "owner", domain)
    monkeypatch.setattr(custom_domains, "verify_domain", found)
    listener.forget()
    assert call("owner", "POST", f"custom-domains/{mine['id']}/verify").json()["data"]["method"] == method
    listener.hear()
    told = listener.hear()
    assert isinstance(told, DomainVerified)
    assert told.method == method


async def test_a_domain_leads_to_a_client_of_its_account(acme: Tenancy, call: Any, domain: str) -> None:
    path = f"custom-domains/{claim(call, 'owner', domain)['id']}"
    client = str(acme.make(Thing.LLM_CLIENT))
    assert call("owner", "PATCH", path, {"llm_client_id": client}).json()["data"]["llm_client_id"] == client
    theirs = call("other", "POST", "llm-clients", {"name": domain.partition(".")[0]}).json()["data"]["id"]

    refused = call("owner", "PATCH", path, {"llm_client_id": theirs})

    assert (refused.status_code, refused.json()["error"]["param"]) == (422, "llm_client_id")
    assert call("owner", "PATCH", path, {"llm_client_id": None}).json()["data"]["llm_client_id"] is None
    assert call("owner", "DELETE", path).status_code == 204
    assert call("owner", "GET", path).status_code == 404


async def test_an_account_claims_a_domain_once(call: Any, domain: str) -> None:
    claim(call, "owner", domain)
    assert call("staff", "POST", "custom-domains", {"name": domain}).status_code == 409


@pytest.mark.parametrize(
    "name", ["", "localhost", "10.0.0.1", "a b.example", "api.example.com", "x.api.example.com", "[::1]", "a\0.example"]
)
async def test_what_nobody_can_own_is_refused(call: Any, name: str) -> None:
    refused = call("owner", "POST", "custom-domains", {"name": name})
    assert (refused.status_code, refused.json()["error"]["param"]) == (422, "name")
