"""``POST /api/v1/explain``: the record that is stored with a turn, without a turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from promptdock import Settings
from promptdock.explaining.why_not import why_not
from promptdock.selection.decisions import decision_from_json
from promptdock.web import create_app
from tests.support.server import live_server

KEY = "the operator's own key"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    home: Path = tmp_path_factory.mktemp("home")
    settings = Settings(
        home=home,
        plugins_allow=("calculator", "date_calculator", "offline"),
        default_provider="offline",
        api_key=SecretStr(KEY),
    )
    headers = {"authorization": f"Bearer {KEY}"}
    with (
        live_server(create_app(settings)) as url,
        httpx.Client(base_url=f"{url}/api/v1", timeout=30, headers=headers) as client,
    ):
        account = client.post("/accounts", json={"name": "Sums"}).json()["data"]["id"]
        sums = {
            "account_id": account,
            "name": "sums",
            "tools": ["calculator.calculate"],
            "system_role": "A secret text.",
        }
        assert client.post("/llm-clients", json=sums).status_code == 201
        yield client


def explained(api: httpx.Client, **body: Any) -> dict[str, Any]:
    reply = api.post("/explain", json=body)
    assert reply.status_code == 200, reply.text
    assert reply.json()["metadata"]["command"] == "explain"
    data: dict[str, Any] = reply.json()["data"]
    return data


def test_a_prompt_is_explained(api: httpx.Client) -> None:
    data = explained(api, prompt="What is 2 + 2?", why_not="date_calculator")
    assert data["tools_presented"] == ["calculator"]
    assert data["settings"]["provider"] == "offline"
    assert data["why_not"].startswith("date_calculator.calculate_dates (date_calculator) is not presented")
    thread = [{"role": "user", "content": "What is 2 + 2?"}]
    assert explained(api, messages=thread)["tools_presented"] == ["calculator"]


def test_the_same_record_is_stored_with_a_turn(api: httpx.Client) -> None:
    prompt = {"messages": [{"role": "user", "content": "What is 2 + 2, and what day is it?"}]}
    replied = api.post("/llm-clients/sums/prompt/", json=prompt).json()["data"]["promptdock"]
    stored = api.get(f"/turns/{replied['turn']['id']}").json()["data"]["decisions"]
    explanation = explained(api, **prompt, llm_client="sums")["decisions"]

    def untimed(decisions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**decision, "ms": 0} for decision in decisions]

    assert untimed(stored) == untimed(explanation)
    assert [(item["tool"], item["reason"]) for item in stored if item["overruled"]] == [
        ("date_calculator.calculate_dates", "the LLM client does not offer it")
    ]
    assert "date_calculator" not in str(replied), "what else is installed is nothing to a client's callers"


def test_nothing_is_left_behind(api: httpx.Client) -> None:
    before = [api.get(path).json()["data"] for path in ("/turns", "/sessions", "/charges")]
    explained(api, prompt="What is 2 + 2?")
    assert [api.get(path).json()["data"] for path in ("/turns", "/sessions", "/charges")] == before


def test_what_strangers_are_told_of_a_client(api: httpx.Client) -> None:
    """As with prompts: what it decides, and neither its texts nor its settings."""
    platform = api.post("/accounts", json={"name": "Platform", "is_platform": True}).json()["data"]["id"]
    shared = {"account_id": platform, "name": "shared", "system_role": "xyzzy", "model": "offline"}
    assert api.post("/llm-clients", json=shared).status_code == 201
    elsewhere = api.post("/accounts", json={"name": "Elsewhere"}).json()["data"]["id"]
    eve = api.post("/users", json={"account_id": elsewhere, "name": "eve"}).json()["data"]
    key = api.post("/api-keys", json={"profile_id": eve["profiles"][0]["id"], "name": "hers"}).json()
    headers = {"authorization": f"Bearer {key['data']['key']}"}
    body = {"prompt": "What is 2 + 2?", "llm_client": "shared"}
    told = api.post("/explain", json=body, headers=headers).json()["data"]
    assert told["tools_presented"] == ["calculator"]
    assert not {"settings", "additions", "conflicts"} & told.keys()
    assert "xyzzy" not in str(told)
    assert api.post("/explain", json={**body, "llm_client": "sums"}, headers=headers).status_code == 404
    assert explained(api, **body)["settings"]["model"] == "offline"


def test_a_client_is_explained_as_it_would_be_prompted(api: httpx.Client) -> None:
    """System messages of the caller's are not taken over, and somebody has to have said something."""
    system = {"role": "system", "content": "What is 2 + 2?"}
    thread = [system, {"role": "user", "content": "Hello"}]
    assert explained(api, messages=thread, llm_client="sums")["text"] == "Hello"
    reply = api.post("/explain", json={"messages": [system], "llm_client": "sums"})
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "messages")


def test_a_stored_turn_answers_for_its_tools(api: httpx.Client) -> None:
    prompt = {"messages": [{"role": "user", "content": "What is 2 + 2?"}]}
    replied = api.post("/llm-clients/sums/prompt/", json=prompt).json()["data"]["promptdock"]
    stored = api.get(f"/turns/{replied['turn']['id']}").json()["data"]["decisions"]
    record = [decision_from_json(decision) for decision in stored]
    for wanted in ("calculator", "date_calculator", "nobody"):
        now = explained(api, **prompt, llm_client="sums", why_not=wanted)["why_not"]
        then = why_not(record, wanted)
        assert then == now or (wanted == "nobody" and then.startswith("No plugin that was loaded then"))


@pytest.mark.parametrize(
    "wanted", ["x" * 100_000, "\x1b[31m\n", "calculator.", ".", "../../etc/passwd", "'; DROP TABLE turns; --"]
)
def test_names_that_are_no_names_are_answered(api: httpx.Client, wanted: str) -> None:
    assert len(explained(api, prompt="Hello", why_not=wanted)["why_not"]) < 1000


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"messages": []}, 400, "messages"),
        ({"messages": [{"role": "robot", "content": "x"}]}, 400, None),
        ({"messages": [{"role": "promptdock", "content": "x"}]}, 400, "messages"),
        ({"prompt": "x", "tool_choice": {"type": "function", "function": {"name": "nobody"}}}, 400, None),
        ({}, 400, "messages"),
        ({"prompt": "x", "messages": [{"role": "user", "content": "x"}]}, 400, "messages"),
        ({"prompt": 3}, 400, "prompt"),
        ({"prompt": "x", "why": "y"}, 400, "why"),
        ({"prompt": ""}, 400, "prompt"),
        ({"prompt": " \n"}, 400, "prompt"),
        ({"prompt": "x", "why_not": 3}, 400, "why_not"),
        ({"prompt": "x", "why_not": ""}, 400, "why_not"),
        ({"prompt": "x", "why_not": " "}, 400, "why_not"),
        ({"prompt": "x", "model": "offline/nope"}, 404, None),
        ({"prompt": "x", "llm_client": "nobody"}, 404, None),
        ({"prompt": "x", "llm_client": "sums", "model": "m"}, 400, "model"),
        ({"prompt": "x", "tools": 3}, 400, "tools"),
        ({"prompt": "x", "tool_choice": "maybe"}, 400, "tool_choice"),
        ([], 400, None),
    ],
)
def test_bad_bodies_are_refused(api: httpx.Client, body: Any, status: int, param: str | None) -> None:
    reply = api.post("/explain", json=body)
    assert reply.status_code == status, reply.text
    assert reply.json()["error"]["param"] == param or param is None


def test_a_key_is_needed(api: httpx.Client) -> None:
    assert httpx.post(f"{api.base_url}explain", json={"prompt": "x"}, timeout=30).status_code == 401
