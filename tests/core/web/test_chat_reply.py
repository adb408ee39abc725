"""What cannot be seen through a live server in reasonable time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from promptdock import Settings
from promptdock.errors import PayloadTooLarge
from promptdock.jsontext import dumps
from promptdock.prompts.dock import open_dock
from promptdock.web.chat_reply import ChatReply
from tests.core.web.scripted import ScriptedProvider, chunk

ASK = {"model": "scripted/scripted-1", "messages": [{"role": "user", "content": "Hello"}], "stream": True}


class Connection:
    """One request as an ASGI server would bring it."""

    def __init__(self, body: bytes, *, more_body: bool = False) -> None:
        self.scope: Any = {"type": "http", "headers": [], "state": {}, "path": "/", "method": "POST"}
        self.sent: list[Any] = []
        self.hung_up = asyncio.Event()
        self.unread: list[Any] = [{"type": "http.request", "body": body, "more_body": more_body}]

    async def receive(self) -> Any:
        if self.unread:
            return self.unread.pop()
        await self.hung_up.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(message)


@pytest.mark.anyio
async def test_a_silent_stream_is_kept_alive_by_comments(settings: Settings, provider: ScriptedProvider) -> None:
    provider.steps = [slow(0.2), chunk("first"), slow(0.5), chunk("second", finish_reason="stop")]
    async with open_dock(settings, extra={"scripted": SlowProvider(provider)}) as dock:
        connection = Connection(dumps(ASK))
        await ChatReply(dock, keep_alive=0.05)(connection.scope, connection.receive, connection.send)

    start, *bodies = connection.sent
    assert start["type"] == "http.response.start"
    written = [message["body"] for message in bodies]
    assert written[0].startswith(b"data: ")
    assert written.count(b": keep-alive\n\n") >= 2
    assert written[-1] == b""
    assert not bodies[-1]["more_body"]


@pytest.mark.anyio
async def test_a_caller_who_hung_up_gets_nothing(settings: Settings, provider: ScriptedProvider) -> None:
    async with open_dock(settings, extra={"scripted": SlowProvider(provider)}) as dock:
        connection = Connection(dumps(ASK))
        connection.hung_up.set()
        provider.steps = [slow(5.0), chunk("first")]
        await asyncio.wait_for(ChatReply(dock)(connection.scope, connection.receive, connection.send), timeout=4)

    assert connection.sent == []


@pytest.mark.anyio
async def test_a_caller_who_hangs_up_in_the_middle_of_the_body_gets_nothing(
    settings: Settings, provider: ScriptedProvider
) -> None:
    async with open_dock(settings, extra={"scripted": SlowProvider(provider)}) as dock:
        connection = Connection(dumps(ASK)[:20], more_body=True)
        connection.hung_up.set()
        await ChatReply(dock)(connection.scope, connection.receive, connection.send)

    assert connection.sent == []


@pytest.mark.anyio
async def test_who_waits_for_100_continue_is_refused_before_sending(
    settings: Settings, provider: ScriptedProvider
) -> None:
    async with open_dock(settings, extra={"scripted": SlowProvider(provider)}) as dock:
        connection = Connection(b"")
        connection.scope["headers"] = [(b"content-length", b"2000000"), (b"expect", b"100-continue")]
        with pytest.raises(PayloadTooLarge):
            await ChatReply(dock)(connection.scope, connection.receive, connection.send)

    assert connection.unread


def slow(seconds: float) -> dict[str, Any]:
    return {"sleep": seconds}


class SlowProvider(ScriptedProvider):
    """Follows another one's script, with pauses in it."""

    def __init__(self, script: ScriptedProvider) -> None:
        super().__init__()
        self._script = script

    async def stream(self, call: Any) -> Any:
        for step in self._script.steps:
            assert isinstance(step, dict)
            if "sleep" in step:
                await asyncio.sleep(step["sleep"])
            else:
                yield step
