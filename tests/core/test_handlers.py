"""Handlers: promptdock as a library, without HTTP of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from promptdock import Handlers, PromptDefaults, PromptRequest, RelayRequest, TurnFinished
from promptdock.errors import BadRequest, NotFound
from promptdock.service import PromptService
from tests.support.services import service_at
from tests.support.upstream import Upstream, text

HELLO = ({"role": "user", "content": "Hello"},)
BODY = b'{"model" : "m1",\n "messages":[{"role":"user","content":"Hello"}], "x": null}'

SCRIPT = """
import asyncio, json, sys

from promptdock import Handlers, PromptRequest, RelayRequest, open_service


async def main():
    async with open_service() as service:
        handlers = Handlers(service)
        chat, passthrough = handlers.chat("Lab-1"), handlers.passthrough()
        result = await chat(PromptRequest(messages=({"role": "user", "content": "Hello"},)))
        request = RelayRequest(method="POST", path="/chat/completions", body=bytes.fromhex(sys.argv[1]))
        async with passthrough(request) as reply:
            body = b"".join([piece async for piece in reply.body])
        heavy = [name for name in ("litestar", "sqlalchemy", "uvicorn") if name in sys.modules]
        listed = "lab1" in handlers.names()
        print(json.dumps([handlers.default_name, listed, result.text, reply.status, body.hex(), heavy]))


asyncio.run(main())
"""


@pytest.fixture
async def service(upstream: Upstream, tmp_path: Path) -> AsyncIterator[PromptService]:
    async with service_at(upstream, home=tmp_path) as opened:
        yield opened


def test_t90_a_plain_script_drives_both_handlers_without_a_web_server(upstream: Upstream, tmp_path: Path) -> None:
    upstream.script(text("Hi there"))
    environment = {
        "PROMPTDOCK_HOME": str(tmp_path),
        "PROMPTDOCK_PROVIDERS__LAB1__BASE_URL": upstream.base_url,
        "PROMPTDOCK_PROVIDERS__LAB1__DEFAULT_MODEL": "m1",
        "PROMPTDOCK_DEFAULT_PROVIDER": "lab1",
    }

    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, BODY.hex()], capture_output=True, text=True, timeout=60, env=environment
    )

    assert done.returncode == 0, done.stderr
    default, listed, said, status, body, heavy = json.loads(done.stdout)
    assert (default, listed, said, status, heavy) == ("lab1", True, "Hi there", 200, [])
    assert json.loads(bytes.fromhex(body))["choices"][0]["message"]["content"] == "Hi there"
    assert upstream.calls[1].raw == BODY


@pytest.mark.anyio
async def test_the_factory_knows_the_names_and_the_default(service: PromptService) -> None:
    handlers = Handlers(service)

    assert handlers.default_name == "fake"
    assert handlers.names() == tuple(service.catalog.providers)
    assert {"fake", "offline", "openai"} <= set(handlers.names())


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["fake", "FAKE", "fa_ke", "", None])
@pytest.mark.parametrize(("model", "sent"), [(None, "m1"), ("m2", "m2"), ("fake/m2", "m2"), ("a/m2", "a/m2")])
async def test_t94_a_chat_handler_asks_its_provider(
    service: PromptService, upstream: Upstream, name: str | None, model: str | None, sent: str
) -> None:
    result = await Handlers(service).chat(name)(PromptRequest(messages=HELLO, model=model))

    assert (result.text, result.provider, result.model) == ("Hello from the fake upstream.", "fake", sent)
    assert upstream.calls[0].body["model"] == sent


@pytest.mark.anyio
async def test_a_chat_handler_tells_events_and_honours_defaults(service: PromptService, upstream: Upstream) -> None:
    request = PromptRequest(messages=HELLO, defaults=PromptDefaults(model="m3"), stream=True)

    events = [event async for event in Handlers(service).chat().stream(request)]

    assert isinstance(events[-1], TurnFinished)
    assert (upstream.calls[0].body["model"], upstream.calls[0].body["stream"]) == ("m3", True)


@pytest.mark.anyio
async def test_a_passthrough_handler_gives_bytes(service: PromptService, upstream: Upstream) -> None:
    async with Handlers(service).passthrough("Fake")(
        RelayRequest(method="POST", path="/chat/completions", body=BODY)
    ) as reply:
        body = b"".join([piece async for piece in reply.body])

    assert (reply.status, json.loads(body)["id"]) == (200, "chatcmpl-fake")
    assert upstream.calls[0].raw == BODY


@pytest.mark.anyio
async def test_t94_unknown_names_are_told_which_there_are(service: PromptService) -> None:
    handlers = Handlers(service)
    for make in (handlers.chat, handlers.passthrough):
        with pytest.raises(NotFound, match="fake") as caught:
            make("nobody")
        assert caught.value.code == "provider_not_found"


@pytest.mark.anyio
async def test_a_provider_without_a_key_says_so(service: PromptService) -> None:
    request = RelayRequest(method="GET", path="/models")
    with pytest.raises(BadRequest, match="has no API key"):
        async with Handlers(service).passthrough("openai")(request):
            pass


@pytest.mark.anyio
async def test_t95_a_handler_of_the_default_follows_it(service: PromptService, upstream: Upstream) -> None:
    chat = Handlers(service).chat()
    assert (await chat(PromptRequest(messages=HELLO))).provider == "fake"

    service.router.default = "offline"

    assert (await chat(PromptRequest(messages=HELLO))).provider == "offline"
    assert len(upstream.calls) == 1
