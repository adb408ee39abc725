"""Rate limits, in memory and in a real Redis."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from limits import parse
from pydantic import SecretStr

from promptdock import ConfigurationError
from promptdock.error_table import describe
from promptdock.rate_limits import RateLimiter, RateLimitReached, RateState, headers
from promptdock.rate_windows import MemoryWindows
from tests.support.loopback import closed_port
from tests.support.redis import redis_url

pytestmark = pytest.mark.anyio

REDIS = redis_url()
PATIENCE = 30.0
"""Seconds, for tests of what Redis counts: a machine under load may take longer than a service would wait."""


@pytest.fixture(params=["memory", "redis"])
def url(request: pytest.FixtureRequest) -> SecretStr | None:
    """Where to count."""
    if request.param == "memory":
        return None
    if REDIS is None:
        pytest.skip("no Redis: set PROMPTDOCK_TEST_REDIS_URL, or start one on 127.0.0.1:6379")
    return SecretStr(REDIS)


@pytest.fixture
async def limiter(url: SecretStr | None) -> AsyncIterator[RateLimiter]:
    """Ten requests a minute."""
    limiter = RateLimiter("10/minute", url, patience=PATIENCE)
    yield limiter
    await limiter.aclose()


async def test_of_fifty_requests_at_once_ten_are_allowed(limiter: RateLimiter) -> None:
    """Exactly ten, however they mix; the rest learns when to come back."""
    key = str(uuid4())
    states = await asyncio.gather(*(limiter.hit("key", key) for _ in range(50)))
    assert sum(state is not None and state.allowed for state in states) == 10
    refused = [state for state in states if state is not None and not state.allowed]
    assert {state.remaining for state in refused} == {0}
    assert all(50 < state.reset_seconds <= 60 for state in refused)


async def test_the_state_counts_down(limiter: RateLimiter) -> None:
    """Each key and each scope has its own count."""
    key = str(uuid4())
    states = [await limiter.hit("key", key) for _ in range(3)]
    assert [state and state.remaining for state in states] == [9, 8, 7]
    other = await limiter.hit("host", key)
    assert other is not None
    assert (other.limit, other.window_seconds, other.remaining, other.allowed) == (10, 60, 9, True)
    another = await limiter.hit("key", str(uuid4()))
    assert another is not None
    assert another.remaining == 9


async def test_a_refused_request_is_a_429_with_headers(limiter: RateLimiter) -> None:
    """The error carries everything that the reply needs."""
    key = str(uuid4())
    for _ in range(10):
        await limiter.check("key", key)
    with pytest.raises(RateLimitReached, match=r"at most 10 in 60 s are allowed\. Try again in \d\d s") as caught:
        await limiter.check("key", key)
    info = describe(caught.value)
    assert (info.status, info.code) == (429, "rate_limit_exceeded")
    assert caught.value.headers["Retry-After"] == str(info.retry_after)
    assert caught.value.headers["X-RateLimit-Remaining"] == "0"


async def test_a_request_is_forgotten_when_its_time_is_over(url: SecretStr | None) -> None:
    """The window moves: what is refused now is allowed once the oldest request is old enough."""
    limiter = RateLimiter("2/second", url, patience=PATIENCE)
    key = str(uuid4())
    assert [(await _hit(limiter, key)).allowed for _ in range(3)] == [True, True, False]
    async with asyncio.timeout(10):
        while not (state := await _hit(limiter, key)).allowed:
            assert state.reset_seconds <= 1
            await asyncio.sleep(state.reset_seconds)
    await limiter.aclose()


async def _hit(limiter: RateLimiter, key: str) -> RateState:
    state = await limiter.hit("key", key)
    assert state is not None
    return state


async def test_two_machines_share_one_count_in_redis() -> None:
    """Whichever of them a caller asks."""
    if REDIS is None:
        pytest.skip("no Redis: set PROMPTDOCK_TEST_REDIS_URL, or start one on 127.0.0.1:6379")
    here, there = (RateLimiter("3/minute", SecretStr(REDIS), patience=PATIENCE) for _ in range(2))
    key = str(uuid4())
    allowed = [(await _hit(limiter, key)).allowed for limiter in (here, there, here, there)]
    assert allowed == [True, True, True, False]
    await here.aclose()
    await there.aclose()


async def test_without_redis_each_process_counts_for_itself(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody waits for it, and the log tells once."""
    caplog.set_level(logging.WARNING, "promptdock.limits")
    limiter = RateLimiter("10/minute", SecretStr(f"redis://:hunter2-secret@127.0.0.1:{closed_port()}/0"))
    states = [await _hit(limiter, "somebody") for _ in range(12)]
    assert [state.allowed for state in states] == [True] * 10 + [False] * 2
    told = [record.getMessage() for record in caplog.records if record.name == "promptdock.limits"]
    assert told == ["Redis fails (ConnectionError); rate limits are counted in each process meanwhile"]
    await limiter.aclose()


async def test_a_redis_that_hangs_costs_one_request_a_moment() -> None:
    """It is not asked again for a while."""

    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await released.wait()
        writer.close()

    released = asyncio.Event()
    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    limiter = RateLimiter("100/minute", SecretStr(f"redis://127.0.0.1:{port}/0"))
    loop = asyncio.get_running_loop()
    started = loop.time()
    for _ in range(20):
        await limiter.hit("key", "somebody")
    assert loop.time() - started < 4  # twenty time-outs would be ten seconds
    released.set()
    await limiter.aclose()
    server.close()
    await server.wait_closed()


async def test_redis_is_used_again_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One request finds out."""
    if REDIS is None:
        pytest.skip("no Redis: set PROMPTDOCK_TEST_REDIS_URL, or start one on 127.0.0.1:6379")
    caplog.set_level(logging.INFO, "promptdock.limits")
    monkeypatch.setattr("promptdock.rate_limits._PAUSE", 0.0)
    limiter = RateLimiter("5/minute", SecretStr(REDIS), patience=PATIENCE)
    key = str(uuid4())
    limiter._tell(OSError("gone"), 0.0)
    assert (await _hit(limiter, key)).remaining == 4
    assert "Redis answers again" in caplog.text
    await limiter.aclose()


async def test_memory_is_bounded() -> None:
    """Keys whose requests count no longer go, and there are never more than so many."""
    now = 0.0
    windows = MemoryWindows(parse("5/minute"), most_keys=100, clock=lambda: now)
    for number in range(150):
        await windows.hit("host", str(number))
    assert len(windows) == 100
    now = 61.0
    assert (await windows.hit("host", "newcomer")).used == 1
    assert len(windows) == 1


@pytest.mark.parametrize("limit", ["", "many", "10", "10/fortnight", "0/minute", "1000000/day", "1/s;2/m"])
async def test_a_limit_that_cannot_be_read_is_found_at_start(limit: str) -> None:
    """The error names the setting and shows how to write it."""
    with pytest.raises(ConfigurationError, match="rate_limit_per_key: "):
        RateLimiter(limit, setting="rate_limit_per_key")


async def test_a_url_that_is_not_of_redis_is_found_at_start_and_not_shown() -> None:
    """It may hold a password."""
    with pytest.raises(ConfigurationError, match="redis_url is not a URL of Redis") as caught:
        RateLimiter("1/second", SecretStr("mysql://:hunter2-secret@db"))
    assert "hunter2" not in str(caught.value)


async def test_no_limit_counts_nothing() -> None:
    """And says nothing."""
    limiter = RateLimiter(None, SecretStr("redis://127.0.0.1:1"))
    assert await limiter.check("key", "somebody") is None
    assert headers(None) == {}
    await limiter.aclose()


async def test_what_a_reply_says() -> None:
    """The usual names and the standard's."""
    state = RateState("key", limit=10, window_seconds=60, remaining=3, reset_seconds=11.2, allowed=True)
    assert headers(state) == {
        "X-RateLimit-Limit": "10",
        "X-RateLimit-Remaining": "3",
        "X-RateLimit-Reset": "12",
        "RateLimit-Policy": '"key";q=10;w=60',
        "RateLimit": '"key";r=3;t=12',
    }
