"""When a failed call is tried again: as the openai package decides."""

from __future__ import annotations

import httpx2
import pytest
from openai import AsyncOpenAI

from promptdock.providers.transports.retries import backoff, pause, should_retry

CLIENT = AsyncOpenAI(api_key="none", base_url="http://127.0.0.1:1/v1")
HEADERS = [
    {},
    {"retry-after": "3"},
    {"retry-after": "120"},
    {"retry-after": "121"},
    {"retry-after": "-1"},
    {"retry-after": "nan"},
    {"retry-after-ms": "700"},
    {"retry-after-ms": "700000"},
    {"retry-after": "Fri, 31 Dec 2100 23:59:59 GMT"},
    {"x-should-retry": "true"},
    {"x-should-retry": "false"},
    {"x-should-retry": "true", "retry-after": "300"},
]


@pytest.mark.parametrize("headers", HEADERS, ids=str)
def test_the_same_answers_are_worth_another_try(headers: dict[str, str]) -> None:
    for status in [304, 400, 401, 404, 408, 409, 418, 422, 429, 500, 502, 503, 504, 529]:
        response = httpx2.Response(status, headers=headers)
        assert should_retry(status, headers) == CLIENT._should_retry(response)


@pytest.mark.parametrize("attempt", [0, 1, 2, 3, 4, 5, 50])
def test_the_back_off_doubles_up_to_eight_seconds(attempt: int) -> None:
    longest = min(0.5 * 2**attempt, 8)
    assert all(0.75 * longest <= backoff(attempt) <= longest for _ in range(100))


def test_the_servers_wish_wins_when_it_is_bearable() -> None:
    assert pause({"retry-after": "7"}, 0) == 7
    assert pause({"retry-after-ms": "7"}, 0) == 0.007
    assert pause({"retry-after": "500"}, 0) <= 0.5
    assert pause({}, 9) <= 8
