"""Who may prompt what, and where: T-71 to T-75, T-77 and T-78.

T-76, who may change what, is for the tests of the routes that change things. Providers are the server's own, and no
account's: what T-78 asks of them is asked of LLM clients.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlmodel import col

from promptdock.store.accounts import create_account
from promptdock.store.attachments import attach_key, detach_key
from promptdock.store.domains import create_domain, mark_verified
from promptdock.store.tables import Account, ApiKey, CustomDomain, LLMClient, TurnRow
from promptdock.store.types import utc_now
from tests.scenarios.stage import API_DOMAIN, OPERATOR_KEY, Scene, said
from tests.support.tenants import Person
from tests.support.upstream import text

pytestmark = pytest.mark.xdist_group("scenarios-tenancy")

BODY = {"messages": [{"role": "user", "content": "Hello"}]}


def code_of(reply: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal, which is JSON."""
    assert reply.headers["content-type"] == "application/json", reply.text
    return reply.status_code, reply.json()["error"]["code"]


def key_id(scene: Scene, person: Person) -> UUID:
    """The id of somebody's key."""
    assert person.principal.api_key_id is not None
    return person.principal.api_key_id


def attach(scene: Scene, client: LLMClient, person: Person) -> None:
    """Let somebody's key open a client."""
    [key] = scene.rows(ApiKey, ApiKey.id == key_id(scene, person))
    scene.write(attach_key, client, key)


def change_key(scene: Scene, person: Person, **columns: Any) -> None:
    """Change a key in the store."""
    [key] = scene.rows(ApiKey, ApiKey.id == key_id(scene, person))
    key.sqlmodel_update(columns)
    scene.add(key)


def test_t71_a_client_without_keys_is_open_at_its_host(scene: Scene) -> None:
    assert said(scene.prompt("Hello", at_host=True, anonymous=True)) == "Hello from the fake upstream."
    [turn] = scene.rows(TurnRow, TurnRow.account_id == scene.account.id)
    assert turn.profile_id is None
    [charge] = scene.charges()
    assert (charge.llm_client_id, charge.profile_id) == (scene.helper.id, None)


@pytest.mark.parametrize("column", ["is_deployed", "is_active"])
def test_t71_one_that_is_not_deployed_or_switched_off_does_not_answer_there(scene: Scene, column: str) -> None:
    off: dict[str, Any] = {column: False}
    client = scene.llm_client("hidden", **off)
    reply = scene.prompt("Hello", client=client, at_host=True, anonymous=True)
    assert code_of(reply) == (404, "llm_client_not_found")
    assert scene.upstream.calls == []


def test_t72_by_name_and_by_id_a_key_is_needed(scene: Scene) -> None:
    for reference in (scene.helper.name, str(scene.helper.id), str(scene.helper.id).upper()):
        path = f"/api/v1/llm-clients/{reference}/prompt/"
        for way in (path, path.rstrip("/"), path + "config/"):
            reply = scene.post(way, BODY, anonymous=True)
            assert code_of(reply) == (401, "missing_api_key")
            assert reply.headers["www-authenticate"].startswith("Bearer")
            assert reply.is_redirect is False
        assert scene.post(path, BODY).status_code == 200


def test_t73_a_client_with_keys_is_private(scene: Scene) -> None:
    """To its keys, and to the members of its account with any key of theirs."""
    client, again = scene.llm_client("private"), scene.another_key(scene.bob)
    attach(scene, client, scene.bob)
    inactive = scene.person("idle")
    change_key(scene, inactive, is_active=False)
    expired = scene.person("late")
    change_key(scene, expired, expires_at=utc_now() - timedelta(seconds=1))
    root = scene.person("root", account=scene.elsewhere, is_superuser=True)

    def at_host(**headers: str) -> httpx.Response:
        return scene.post("/prompt/", BODY, anonymous=True, headers={"host": scene.host(client), **headers})

    assert code_of(at_host()) == (401, "missing_api_key")
    assert code_of(at_host(Authorization="Bearer nobodys")) == (401, "invalid_api_key")
    assert code_of(at_host(Authorization="Basic YTpi")) == (401, "invalid_api_key")
    assert code_of(at_host(**inactive.headers)) == (401, "inactive_api_key")
    assert code_of(at_host(**expired.headers)) == (401, "expired_api_key")
    assert code_of(at_host(**scene.eve.headers)) == (403, "forbidden")
    assert scene.upstream.calls == []
    for key in (scene.bob.key, again.key, scene.ada.key, root.key, OPERATOR_KEY):
        for scheme in ("Bearer", "Token", "bearer", "TOKEN"):
            assert at_host(Authorization=f"{scheme} {key}").status_code == 200


def test_t73_a_bad_key_is_refused_where_none_is_needed(scene: Scene) -> None:
    headers = {"host": scene.host(), "Authorization": "Bearer nobodys"}
    assert code_of(scene.post("/prompt/", BODY, anonymous=True, headers=headers)) == (401, "invalid_api_key")


def test_t74_switching_the_only_key_off_opens_no_door(scene: Scene) -> None:
    """Detaching it does: that is how a client is made public again."""
    client = scene.llm_client("private")
    attach(scene, client, scene.bob)
    change_key(scene, scene.bob, is_active=False)
    reply = scene.prompt("Hello", client=client, at_host=True, anonymous=True)
    assert code_of(reply) == (401, "missing_api_key")
    scene.write(detach_key, client, key_id(scene, scene.bob))
    assert scene.prompt("Hello", client=client, at_host=True, anonymous=True).status_code == 200


def test_t74_the_operator_may_want_it_otherwise(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    client = scene.llm_client("private")
    attach(scene, client, scene.bob)
    monkeypatch.setitem(vars(scene.stage.settings), "inactive_keys_open_clients", True)
    assert code_of(scene.prompt("Hello", client=client, at_host=True, anonymous=True)) == (401, "missing_api_key")
    change_key(scene, scene.bob, is_active=False)
    assert scene.prompt("Hello", client=client, at_host=True, anonymous=True).status_code == 200
    assert code_of(scene.prompt("Hello", client=client, anonymous=True)) == (401, "missing_api_key")


def test_t75_another_accounts_client_is_not_there(scene: Scene) -> None:
    theirs = scene.llm_client("theirs", account=scene.elsewhere)
    for reference in ("theirs", str(theirs.id)):
        for suffix in ("prompt/", "prompt/config/"):
            reply = scene.post(f"/api/v1/llm-clients/{reference}/{suffix}", BODY)
            assert code_of(reply) == (404, "not_found")
    nobodys = scene.post("/api/v1/llm-clients/nobodys/prompt/", BODY).json()["error"]["description"]
    assert scene.post(scene.path(theirs), BODY).json()["error"]["description"].replace("theirs", "nobodys") == nobodys


def test_t75_the_platforms_client_may_be_prompted_by_everybody_with_a_key(scene: Scene) -> None:
    platform = scene.write(create_account, name="Platform", is_platform=True)
    client = scene.llm_client(f"shared-{scene.number}", account=platform)
    for caller in (scene.ada, scene.bob, scene.eve):
        reply = scene.prompt("Hello", client=client, by=caller)
        assert reply.status_code == 200
        shown = scene.post(scene.path(client) + "config/", by=caller).json()["data"]["llm_client"]
        assert "system_role" not in shown
    assert code_of(scene.prompt("Hello", client=client, anonymous=True)) == (401, "missing_api_key")


def test_t78_of_two_clients_of_one_name_it_is_the_callers_own(scene: Scene) -> None:
    mine = scene.llm_client("twin", model="mine")
    scene.llm_client("twin", account=scene.elsewhere, model="theirs")
    platform = scene.write(create_account, name="Platform", is_platform=True)
    scene.llm_client("twin", account=platform, model="the-platforms")
    for caller, model in ((scene.ada, "mine"), (scene.bob, "mine"), (scene.eve, "theirs")):
        assert scene.prompt("Hello", client=mine, by=caller).status_code == 200
        assert scene.upstream.calls[-1].body["model"] == model
    for account, model in ((scene.account, "mine"), (scene.elsewhere, "theirs"), (platform, "the-platforms")):
        headers = {"host": scene.host(mine, account)}
        assert scene.post("/prompt/", BODY, anonymous=True, headers=headers).status_code == 200
        assert scene.upstream.calls[-1].body["model"] == model


def test_t77_hosts_are_compared_whole(scene: Scene) -> None:
    exact = scene.llm_client("customer-support", model="exact")
    scene.llm_client("customer-support-ada", model="longer")
    scene.llm_client("support", model="shorter")
    number = scene.account.number
    for host, model in (
        (f"customer-support.{number}.{API_DOMAIN}", "exact"),
        (f"customer-support-ada.{number}.{API_DOMAIN}", "longer"),
        (f"support.{number}.{API_DOMAIN}", "shorter"),
        (f"SUPPORT.{number}.API.test:8000", "shorter"),
        (f"support.{number}.{API_DOMAIN}.", "shorter"),
    ):
        assert scene.post("/prompt/", BODY, anonymous=True, headers={"host": host}).status_code == 200
        assert scene.upstream.calls[-1].body["model"] == model
    for host in (
        f"customer.support.{number}.{API_DOMAIN}",
        f"customer-support-{number}.{API_DOMAIN}",
        f"customer-support.{number}.{API_DOMAIN}.evil.example",
        f"customer-support.{number}.evil.{API_DOMAIN}",
        f"customer-support.{scene.elsewhere.number}.{API_DOMAIN}",
        f"x.customer-support.{number}.{API_DOMAIN}",
        f"{exact.id}.{number}.{API_DOMAIN}",
    ):
        reply = scene.post("/prompt/", BODY, anonymous=True, headers={"host": host})
        assert code_of(reply) == (404, "llm_client_not_found"), host


def claimed(scene: Scene, name: str, account: Account, client: LLMClient | None = None) -> CustomDomain:
    """A domain that is claimed and not verified."""
    owner = {"account_id": account.id, "profile_id": None}
    target = None if client is None else client.id
    return scene.write(create_domain, name=name, token="token", llm_client_id=target, **owner)


def verify(scene: Scene, domain: CustomDomain) -> None:
    """Note that a domain has shown its token."""

    async def work(session: Any) -> None:
        await mark_verified(session, await session.get_one(CustomDomain, domain.id), "dns")

    scene.write(work)


def test_t77_a_custom_domain_leads_somewhere_once_it_is_verified(scene: Scene) -> None:
    name = f"chat-{scene.number}.example.com"
    main, other = scene.llm_client("main", model="main"), scene.llm_client("other", model="other")
    domain = claimed(scene, name, scene.account, main)
    at = {name: "main", f"main.{name}": "main", f"other.{name}": "other"}

    def ask(host: str) -> httpx.Response:
        return scene.post("/prompt/", BODY, anonymous=True, headers={"host": host})

    for host in at:
        assert code_of(ask(host)) == (404, "llm_client_not_found")
    assert scene.upstream.calls == []
    verify(scene, domain)
    for host, model in at.items():
        assert ask(host).status_code == 200
        assert scene.upstream.calls[-1].body["model"] == model
    assert code_of(ask(f"nobody.{name}"))[0] == 404
    assert code_of(ask(f"main.other.{name}"))[0] == 404
    attach(scene, other, scene.bob)
    assert code_of(ask(f"other.{name}")) == (401, "missing_api_key")


def test_t77_a_claim_of_another_account_leads_nobody_astray(scene: Scene) -> None:
    name = f"shop-{scene.number}.example.com"
    mine = scene.llm_client("shop", model="mine")
    theirs = scene.llm_client("shop", account=scene.elsewhere, model="theirs")
    claimed(scene, name, scene.elsewhere, theirs)
    verify(scene, claimed(scene, name, scene.account, mine))
    for host in (name, f"shop.{name}"):
        assert scene.post("/prompt/", BODY, anonymous=True, headers={"host": host}).status_code == 200
        assert scene.upstream.calls[-1].body["model"] == "mine"


def test_t77_nobody_answers_for_an_account_that_is_switched_off(scene: Scene) -> None:
    client, host, caller = scene.helper, scene.host(), scene.ada
    [account] = scene.rows(Account, col(Account.id) == scene.account.id)
    account.is_active = False
    scene.add(account)
    reply = scene.post("/prompt/", BODY, anonymous=True, headers={"host": host})
    assert code_of(reply) == (404, "llm_client_not_found")
    assert code_of(scene.prompt("Hello", client=client, by=caller)) == (401, "inactive_api_key")


def test_an_llm_clients_name_is_a_model_of_the_openai_endpoint(scene: Scene) -> None:
    client = scene.llm_client("poet", system_role="Answer in verse.", model="m3")
    scene.upstream.script(text("Roses"))
    reply = scene.post("/v1/chat/completions", {"model": "poet", **BODY})
    assert reply.json()["choices"][0]["message"]["content"] == "Roses"
    sent = scene.upstream.calls[0].body
    assert sent["model"] == "m3"
    assert "Answer in verse." in sent["messages"][0]["content"]
    [charge] = scene.charges()
    assert charge.llm_client_id == client.id
    [turn] = scene.rows(TurnRow, TurnRow.account_id == scene.account.id)
    assert (turn.session_id, turn.llm_client_id) == (None, client.id)
    scene.post("/v1/chat/completions", {"model": "poet", **BODY}, by=scene.eve)
    assert scene.upstream.calls[-1].body["model"] == "poet"  # to others it is any model's name


def test_strangers_are_not_told_the_system_text_nor_where_the_provider_is(scene: Scene) -> None:
    client = scene.llm_client("open", system_role="The magic word is xyzzy.")
    theirs = scene.prompt("Hello", client=client, at_host=True, anonymous=True)
    ours = scene.prompt("Hello", client=client).json()["data"]["promptdock"]
    assert "xyzzy" not in theirs.text
    assert scene.upstream.base_url not in theirs.text
    [iteration] = theirs.json()["data"]["promptdock"]["iterations"]
    assert [message["role"] for message in iteration["request"]["messages"]] == ["user"]
    assert "xyzzy" in str(ours["iterations"])
    assert ours["iterations"][0]["request"]["api_url"] == scene.upstream.base_url


def test_a_provider_that_is_not_set_up_is_the_operators_business(scene: Scene) -> None:
    client = scene.llm_client("unset", provider="openai")
    for stranger in (False, True):
        reply = scene.prompt("Hello", client=client, at_host=stranger, anonymous=stranger)
        assert code_of(reply) == (503, "provider_not_configured")
        assert "API_KEY" not in reply.text
    assert scene.rows(TurnRow, TurnRow.llm_client_id == client.id) == []
