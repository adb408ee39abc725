"""How a provider opens, shares, cancels and closes its connections."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from contextlib import aclosing
from importlib import import_module
from typing import Any

import openai
import pytest

from promptdock import (
    CompletionCall,
    OpenAICompatibleProvider,
    PromptdockError,
    ProviderSettings,
)
from promptdock.providers.transports import Endpoint
from tests.support.upstream import Upstream, completion, error, raw, text

KEY = "sk-test-0123456789"
CALL = CompletionCall(model="m", messages=({"role": "user", "content": "Hi"},))
TRANSPORTS = pytest.mark.parametrize("transport", ["wire", "sdk"])


def settings(**fields: Any) -> ProviderSettings:
    return ProviderSettings.model_validate(fields)


def provider(upstream: Upstream, transport: str = "wire", **fields: Any) -> OpenAICompatibleProvider:
    return OpenAICompatibleProvider(
        name="fake", base_url=upstream.base_url, api_key=KEY, settings=settings(transport=transport, **fields)
    )


async def chunks_of(asked: OpenAICompatibleProvider, call: CompletionCall = CALL) -> list[Any]:
    async with aclosing(asked.stream(call)) as chunks:
        return [chunk async for chunk in chunks]


@TRANSPORTS
@pytest.mark.anyio
async def test_t96_fifty_calls_at_once_on_two_providers_each_carry_their_own_key(transport: str) -> None:
    with Upstream() as first, Upstream() as second:
        first.script(text("Hi", delay=0.02))
        second.script(text("Hi", delay=0.01))
        asked = [
            OpenAICompatibleProvider(
                name=name, base_url=upstream.base_url, api_key=f"sk-{name}", settings=settings(transport=transport)
            )
            for name, upstream in (("one", first), ("two", second))
        ]
        calls = [asked[number % 2] for number in range(50)]
        await asyncio.gather(*(call.complete(CALL) if n % 4 < 2 else chunks_of(call) for n, call in enumerate(calls)))
        for one in asked:
            await one.aclose()
        assert [call.key for call in first.calls] == ["sk-one"] * 25
        assert [call.key for call in second.calls] == ["sk-two"] * 25


@TRANSPORTS
@pytest.mark.anyio
async def test_closing_a_stream_closes_the_upstream_connection(upstream: Upstream, transport: str) -> None:
    upstream.script(text("a long answer that nobody reads to its end", hang_after=3))
    asked = provider(upstream, transport)
    stream = asked.stream(CALL)
    assert (await anext(stream))["choices"]
    await stream.aclose()
    await upstream.until(lambda: upstream.calls[0].disconnected)
    await asked.aclose()


@TRANSPORTS
@pytest.mark.anyio
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_cancelling_a_call_disconnects_upstream(upstream: Upstream, transport: str, stream: bool) -> None:
    upstream.script(text("Hi there", hang_after=1) if stream else text("Hi", delay=60))
    asked = provider(upstream, transport)
    task = asyncio.ensure_future(chunks_of(asked) if stream else asked.complete(CALL))
    await upstream.until(lambda: upstream.calls)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await upstream.until(lambda: upstream.calls[0].disconnected)
    await asked.aclose()


@TRANSPORTS
@pytest.mark.anyio
async def test_waiting_for_the_next_attempt_can_be_cancelled(upstream: Upstream, transport: str) -> None:
    upstream.script(error(429, headers={"retry-after": "100"}))
    asked = provider(upstream, transport)
    task = asyncio.ensure_future(asked.complete(CALL))
    await upstream.until(lambda: upstream.calls and upstream.calls[0].answered)
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(10):
            await task
    await asked.aclose()
    assert len(upstream.calls) == 1


@TRANSPORTS
@pytest.mark.anyio
async def test_a_connection_is_used_again(upstream: Upstream, transport: str) -> None:
    ports: list[int] = []
    asked = provider(upstream, transport)
    for number in range(4):
        await (asked.complete(CALL) if number % 2 else chunks_of(asked))
    ports.extend(request.port for request in upstream.requests)
    await asked.aclose()
    assert len(set(ports)) == 1


@TRANSPORTS
@pytest.mark.anyio
async def test_a_proxy_in_the_environment_is_used(
    upstream: Upstream, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("NO_PROXY", "no_proxy", "http_proxy"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HTTP_PROXY", upstream.origin)
    asked = OpenAICompatibleProvider(
        name="far", base_url="http://vendor.invalid/v1", settings=settings(transport=transport)
    )
    await asked.complete(CALL)
    await asked.aclose()
    assert upstream.calls[0].headers["host"] == "vendor.invalid"


@TRANSPORTS
@pytest.mark.anyio
async def test_after_closing_nothing_is_sent_and_closing_twice_does_no_harm(upstream: Upstream, transport: str) -> None:
    asked = provider(upstream, transport)
    await asked.complete(CALL)
    await asked.aclose()
    await asked.aclose()
    with pytest.raises(PromptdockError, match="shutting down"):
        await asked.complete(CALL)
    assert len(upstream.calls) == 1


@pytest.mark.anyio
async def test_big_answers_and_big_chunks(upstream: Upstream) -> None:
    long = "Zürich 你好 " * 40_000
    upstream.script(raw(completion({"content": long}), pieces=200_000))
    asked = provider(upstream)
    assert (await asked.complete(CALL))["choices"][0]["message"]["content"] == long
    deltas = [choice["delta"].get("content") for chunk in await chunks_of(asked) for choice in chunk["choices"]]
    await asked.aclose()
    assert "".join(delta or "" for delta in deltas) == long


def test_neither_the_sdk_nor_the_http_library_is_loaded_before_it_is_used() -> None:
    code = (
        "import sys\n"
        "from promptdock import OpenAICompatibleProvider\n"
        "OpenAICompatibleProvider(name='x', base_url='http://127.0.0.1/v1')\n"
        "print(sorted({'openai', 'aiohttp', 'httpx2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"


WATCHED = """
import asyncio, sys, threading
from promptdock import CompletionCall, OpenAICompatibleProvider, ProviderSettings

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name in ("openai", "aiohttp"):
            print(name, threading.current_thread() is threading.main_thread())

async def main(transport, base_url):
    settings = ProviderSettings.model_validate({"transport": transport, "max_retries": 0})
    provider = OpenAICompatibleProvider(name="x", base_url=base_url, settings=settings)
    sys.meta_path.insert(0, Watch())
    try:
        await provider.complete(CompletionCall(model="m", messages=()))
    except Exception as error:
        print(type(error).__name__)
    await provider.aclose()

asyncio.run(main(*sys.argv[1:]))
"""


@TRANSPORTS
def test_the_first_call_and_the_first_failure_import_away_from_the_event_loop(
    upstream: Upstream, transport: str
) -> None:
    """Importing the openai package takes most of a second, in which a loop would serve nobody."""
    upstream.script(error(400, "no"))
    command = [sys.executable, "-c", WATCHED, transport, upstream.base_url]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    *imports, failure = done.stdout.splitlines()
    assert failure == "BadRequestError"
    assert set(imports) == {"openai False", "aiohttp False"}


@pytest.mark.anyio
async def test_closing_while_a_call_waits_for_its_next_attempt(upstream: Upstream) -> None:
    upstream.script(error(429, headers={"retry-after": "0.3"}))
    asked = provider(upstream)
    task = asyncio.ensure_future(asked.complete(CALL))
    await upstream.until(lambda: upstream.calls and upstream.calls[0].answered)
    await asyncio.sleep(0.05)
    await asked.aclose()
    with pytest.raises(openai.APIConnectionError):
        await task
    assert len(upstream.calls) == 1


@TRANSPORTS
@pytest.mark.anyio
async def test_closing_while_the_connections_are_being_opened_leaves_none_open(
    upstream: Upstream, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opening waits for a thread; what comes of it is closed, too."""
    wire: Any = import_module(f"promptdock.providers.transports.{transport}")
    made = getattr(wire, "WireTransport" if transport == "wire" else "SdkTransport")(
        Endpoint(base_url=upstream.base_url, api_key=None)
    )
    opened: list[Any] = []
    opening, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    build = getattr(made, "_open" if transport == "wire" else "_build")

    def wait() -> None:
        loop.call_soon_threadsafe(opening.set)
        assert go_on.wait(20)

    async def slow_open() -> Any:
        await asyncio.to_thread(wait)
        opened.append(await build())
        return opened[-1]

    def slow_build() -> Any:
        wait()
        opened.append(build())
        return opened[-1]

    monkeypatch.setattr(
        made, "_open" if transport == "wire" else "_build", slow_open if transport == "wire" else slow_build
    )
    asking = asyncio.ensure_future(made.complete({"model": "m", "messages": []}))
    await opening.wait()
    closing = asyncio.ensure_future(made.aclose())
    await asyncio.sleep(0)
    go_on.set()
    await closing
    with pytest.raises(openai.APIConnectionError):
        async with asyncio.timeout(20):
            await asking
    (client,) = opened
    assert client.closed if transport == "wire" else client.is_closed()
    assert upstream.calls == []
