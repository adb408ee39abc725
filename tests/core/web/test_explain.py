"""``POST /api/v1/explain``: the record that is stored with a turn, without a turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from promptdock import Settings
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
    account = api.post("/accounts", json={"name": "Sums"}).json()["data"]["id"]
    client = {"account_id": account, "name": "sums", "tools": ["calculator.calculate"], "system_role": "A secret text."}
    assert api.post("/llm-clients", json=client).status_code == 201
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


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({}, 400, "messages"),
        ({"prompt": "x", "messages": [{"role": "user", "content": "x"}]}, 400, "messages"),
        ({"prompt": 3}, 400, "prompt"),
        ({"prompt": "x", "why": "y"}, 400, "why"),
        ({"prompt": "x", "why_not": 3}, 400, "why_not"),
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
