"""Every route of the API, tried by everybody: what is answered is what the table of rights says.

The routes are the app's own: one that says neither its right (``opt["right"]``) nor stands in ``TRIED`` fails the test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from litestar.routes import HTTPRoute

from promptdock import Settings
from promptdock.rights import RIGHTS, Action, Thing, Who
from promptdock.web import create_app
from tests.core.web.tenancy import CALLERS, Tenancy, tenancy

EVERYBODY = {"other", "same", "owner", "staff", "superuser"}
MEMBERS = {"same", "owner", "staff", "superuser"}

GRANTED: Mapping[Who, set[str]] = {
    Who.EVERYBODY: EVERYBODY,
    Who.MEMBERS_OR_PLATFORM: MEMBERS,
    Who.MEMBERS: MEMBERS,
    Who.OWNER: {"owner", "staff", "superuser"},
    Who.STAFF: {"staff", "superuser"},
    Who.SUPERUSERS: {"superuser"},
}
"""Of something that the owner made in the first account, which is not the platform's."""

PARAMETERS = {
    "account_id": Thing.ACCOUNT,
    "user_id": Thing.USER,
    "key_id": Thing.API_KEY,
    "client": Thing.LLM_CLIENT,
    "domain_id": Thing.CUSTOM_DOMAIN,
    "budget_id": Thing.BUDGET,
    "price_id": Thing.PRICE,
    "session_id": Thing.SESSION,
    "turn_id": Thing.TURN,
    "call_id": Thing.TOOL_CALL,
    "charge_id": Thing.CHARGE,
    "entry_id": Thing.JOURNAL_ENTRY,
}

PROMPT = {"messages": [{"role": "user", "content": "Hello"}]}
RELAYED = {"model": "offline", **PROMPT}
HERE = "{account}"
"""In a body: the id of the first account."""


@dataclass(frozen=True)
class Try:
    """How to try a route, and what is answered beyond what its right says.

    Attributes:
        body: What is sent; texts in braces are filled in.
        answers: Statuses by caller; whoever is missing gets what the route's right says, or 200.
        parameters: Values of path parameters that are no ids.
    """

    body: Any = None
    answers: Mapping[str, int] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)


def refused(status: int, *callers: str) -> dict[str, int]:
    return dict.fromkeys(callers, status)


KEYLESS = refused(401, "anonymous")
SUPERUSERS = KEYLESS | refused(403, "other", "same", "owner", "staff")
RELAY = Try(
    body=RELAYED,
    # the offline provider relays nothing: whoever gets that far is let in
    answers=KEYLESS | refused(400, *EVERYBODY),
    parameters={"provider_name": "offline", "provider_path": "embeddings"},
)
MEMBERS_CREATE = {"other": 404, "same": 201, "owner": 201, "staff": 201}

TRIED: Mapping[tuple[str, str], Try] = {
    ("POST", "/api/v1/accounts"): Try(
        {"name": "{name}"}, refused(403, "other", "same", "owner", "staff"),
    ),
    ("PATCH", "/api/v1/accounts/{account_id}"): Try({"name": "Acme"}),
    ("POST", "/api/v1/users"): Try(
        {"name": "{name}", "account_id": HERE}, {"other": 404, "same": 403, "owner": 403, "staff": 201}
    ),
    ("PATCH", "/api/v1/users/{user_id}"): Try({"email": "ann@example.com"}),
    ("POST", "/api/v1/api-keys"): Try(
        {"name": "a key", "profile_id": "{owner}"}, {"other": 404, "same": 403, "owner": 201, "staff": 201}
    ),
    ("PATCH", "/api/v1/api-keys/{key_id}"): Try({"name": "another name"}),
    ("POST", "/api/v1/llm-clients"): Try({"name": "{name}", "account_id": HERE}, MEMBERS_CREATE),
    ("PATCH", "/api/v1/llm-clients/{client}"): Try({"description": "x"}),
    ("POST", "/api/v1/llm-clients/{client}/keys"): Try({"api_key_id": "{key}"}),
    ("POST", "/api/v1/custom-domains"): Try({"name": "{name}.example.org", "account_id": HERE}, MEMBERS_CREATE),
    ("PATCH", "/api/v1/custom-domains/{domain_id}"): Try({"llm_client_id": None}),
    # what is not found to be somebody's is not verified, once they may try
    ("POST", "/api/v1/custom-domains/{domain_id}/verify"): Try(answers=refused(409, "owner", "staff", "superuser")),
    ("POST", "/api/v1/budgets"): Try(
        {"name": "{name}", "scope": "account", "metric": "tokens", "period": "day", "limit": 1_000_000_000,
         "account_id": HERE},
        {"other": 404, "same": 403, "owner": 403, "staff": 201},
    ),
    ("PATCH", "/api/v1/budgets/{budget_id}"): Try({"limit": 2_000_000_000}),
    ("POST", "/api/v1/prices"): Try(
        {"kind": "completion", "provider": "offline", "model": "{name}", "prompt_price": "1.5"},
        refused(403, "other", "same", "owner", "staff"),
    ),
    ("PATCH", "/api/v1/prices/{price_id}"): Try({"prompt_price": "2.5"}),
    ("GET", "/api/v1/log-levels"): Try(answers=SUPERUSERS),
    ("PUT", "/api/v1/log-levels/{component}"): Try({"level": "debug"}, SUPERUSERS, {"component": "promptdock.judge"}),
    ("DELETE", "/api/v1/log-levels/{component}"): Try(
        # what nobody has set is not there to be taken back
        answers=SUPERUSERS | refused(404, "superuser"), parameters={"component": "promptdock.router"}
    ),
    ("GET", "/api/v1/plugins"): Try(answers=KEYLESS),
    ("GET", "/api/v1/tools"): Try(answers=KEYLESS),
    ("GET", "/api/v1/providers"): Try(answers=KEYLESS),
    ("POST", "/api/v1/llm-clients/{client}/prompt"): Try(PROMPT, KEYLESS | refused(404, "other")),
    ("POST", "/api/v1/llm-clients/{client}/prompt/config"): Try({}, KEYLESS | refused(404, "other")),
    ("POST", "/api/v1/explain"): Try({"prompt": "Hello"}, KEYLESS),
    ("POST", "/api/v1/prompts/passthrough"): RELAY,
    ("POST", "/api/v1/prompts/passthrough/{provider_name}"): RELAY,
    **{
        (method, "/api/v1/passthrough/{provider_name}/{provider_path}"): RELAY
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH")
    },
    ("DELETE", "/api/v1/passthrough/{provider_name}/{provider_path}"): replace(
        RELAY, answers={**RELAY.answers, **refused(403, "same", "owner")}
    ),
}  # fmt: skip


def routes() -> list[tuple[str, str, tuple[Thing, Action] | None]]:
    """Every route of the API: method, path and right."""
    app = create_app(Settings(plugins_allow=(), allow_anonymous=False))
    return [
        (str(method), route.path_format, handler.opt.get("right"))
        for route in app.routes
        if isinstance(route, HTTPRoute) and route.path_format.startswith("/api/")
        for method, (handler, _) in sorted(route.route_handler_map.items())
        if method != "OPTIONS"
    ]


ROUTES = routes()
CASES = [pytest.param(*route, caller, id=f"{route[0]} {route[1]} {caller}") for route in ROUTES for caller in CALLERS]


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenancy]:
    with tenancy(tmp_path_factory.mktemp("tenancy")) as acme:
        yield acme


@pytest.fixture(scope="module")
def client(acme: Tenancy) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=acme.url, timeout=30) as client:
        yield client


def test_every_route_says_who_may() -> None:
    silent = [(method, path) for method, path, right in ROUTES if right is None and (method, path) not in TRIED]
    assert silent == [], "give the route's opt a 'right', or say in TRIED who gets which answer"
    assert set(TRIED) <= {(method, path) for method, path, _ in ROUTES}


def test_every_right_is_used_by_a_route() -> None:
    assert {right for _, _, right in ROUTES if right is not None} == set(RIGHTS)


@pytest.mark.parametrize(("method", "path", "right", "caller"), CASES)
def test_what_is_answered_is_what_the_table_says(
    acme: Tenancy,
    client: httpx.Client,
    method: str,
    path: str,
    right: tuple[Thing, Action] | None,
    caller: str,
) -> None:
    tried = TRIED.get((method, path), Try())
    made = _make(acme, method, path, caller)
    target = path.format(**{**made, **tried.parameters})
    body = _filled(tried.body, acme)

    answer = client.request(method, target, headers=acme.headers(caller), json=body)

    expected = tried.answers.get(caller) or _by_right(right, caller, "{" in path)
    assert _class(answer.status_code) == _class(expected), answer.text
    if expected >= 400 and method != "HEAD":
        assert answer.json()["error"]["status"] == answer.status_code


@pytest.mark.parametrize("caller", CALLERS[1:])
@pytest.mark.parametrize("thing", Thing)
def test_lists_hold_what_the_caller_gets_to_see(acme: Tenancy, client: httpx.Client, thing: Thing, caller: str) -> None:
    (path,) = (path for method, path, right in ROUTES if right == (thing, Action.READ) and "{" not in path
               and not path.endswith("/totals"))  # fmt: skip
    made = str(acme.account.id) if thing is Thing.ACCOUNT else str(acme.make(thing))

    listed = client.get(path, headers=acme.headers(caller), params={"limit": 200}).json()["data"]

    assert (made in {item["id"] for item in listed}) is (caller in GRANTED[RIGHTS[thing, Action.READ]])


def _by_right(right: tuple[Thing, Action] | None, caller: str, names_one: bool) -> int:
    """What the table says; whoever does not get to see something is told that it does not exist."""
    if caller == "anonymous":
        return 401
    if right is None or caller in GRANTED[RIGHTS[right]] or not names_one:
        return 200
    thing, action = right
    return 403 if action is not Action.READ and caller in GRANTED[RIGHTS[thing, Action.READ]] else 404


def _class(status: int) -> int:
    """The refusals are told apart; a success is a success."""
    return 200 if status < 300 else status


def _make(acme: Tenancy, method: str, path: str, caller: str) -> dict[str, Any]:
    """One of each thing that a path names, for this request alone."""
    made = {name: acme.make(thing) for name, thing in PARAMETERS.items() if f"{{{name}}}" in path}
    if "account_id" in made and not (method == "DELETE" and caller == "superuser"):
        made["account_id"] = acme.account.id  # its members are the callers; it is needed further on
    if {"client", "key_id"} <= made.keys():
        acme.attach(made["client"], made["key_id"])
    return made


def _filled(body: Any, acme: Tenancy) -> Any:
    values: dict[str, Callable[[], Any]] = {
        HERE: lambda: acme.account.id,
        "{owner}": lambda: acme.people["owner"].principal.profile_id,
        "{key}": lambda: acme.make(Thing.API_KEY),
    }
    if not isinstance(body, dict):
        return body
    name = f"made-{acme.unused()}"
    return {
        member: str(values[value]()) if isinstance(value, str) and value in values
        else value.replace("{name}", name) if isinstance(value, str) else value
        for member, value in body.items()
    }  # fmt: skip
