"""Rate limits of requests: per key, and per host and address for everybody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from promptdock import Settings
from promptdock.errors import ConfigurationError
from promptdock.web import create_app
from tests.support.server import live_server

ALLOWED = ("offline",)


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = Settings(
        home=tmp_path_factory.mktemp("limited"),
        plugins_allow=ALLOWED,
        api_key=SecretStr("the-operators-key"),
        allow_anonymous=True,
        rate_limit_per_key="3/hour",
        rate_limit_per_host="2/hour",
    )
    with live_server(create_app(settings)) as url:
        yield url


def test_requests_of_a_key_are_counted_and_refused_with_the_time_to_wait(limited: str) -> None:
    key = {"authorization": "Bearer the-operators-key"}

    replies = [httpx.get(f"{limited}/v1/models", headers=key) for _ in range(4)]

    assert [reply.status_code for reply in replies] == [200, 200, 200, 429]
    assert [reply.headers["x-ratelimit-remaining"] for reply in replies] == ["2", "1", "0", "0"]
    assert {reply.headers["x-ratelimit-limit"] for reply in replies} == {"3"}
    assert 0 < int(replies[-1].headers["retry-after"]) <= 3600
    assert replies[-1].json()["error"]["code"] == "rate_limit_exceeded"
    assert "retry-after" not in replies[0].headers


def test_no_made_up_host_gets_a_caller_round_the_limit(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, plugins_allow=ALLOWED, allow_anonymous=True, rate_limit_per_host="2/hour")
    with live_server(create_app(settings)) as url:
        replies = [httpx.get(f"{url}/v1/models", headers={"host": f"host{number}.example"}) for number in range(3)]

    assert [reply.status_code for reply in replies] == [200, 200, 429]


def test_guessing_keys_is_counted_like_having_none_whatever_the_host(limited: str) -> None:
    guesses = [
        httpx.get(
            f"{limited}/v1/models", headers={"host": f"guess{number}.example", "authorization": f"Bearer {number}"}
        )
        for number in range(3)
    ]

    assert [reply.status_code for reply in guesses] == [401, 401, 429]


def test_llm_clients_are_counted_by_host_however_it_is_spelled(limited: str) -> None:
    def status(host: str) -> int:
        return httpx.post(f"{limited}/prompt", json={"messages": []}, headers={"host": host}).status_code

    first = [status(host) for host in ("one.example", "ONE.example:81", "one.example.")]

    assert first == [status("other.example"), status("other.example"), 429]


def test_health_checks_are_not_counted(limited: str) -> None:
    replies = [httpx.get(f"{limited}/healthz", headers={"host": "health.example"}) for _ in range(5)]

    assert {reply.status_code for reply in replies} == {200}
    assert all("x-ratelimit-limit" not in reply.headers for reply in replies)


def test_a_limit_that_cannot_be_read_is_told_when_the_app_is_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="PROMPTDOCK_RATE_LIMIT_PER_KEY"):
        create_app(Settings(home=tmp_path, rate_limit_per_key="many"))
