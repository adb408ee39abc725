"""The official clients, in process: the real app answers, and streams come piece by piece."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from promptdock import hookimpl, tool
from promptdock.testing import Host
from promptdock.testing.clients import async_openai_client, openai_client

_ASKED: Any = {"model": "scripted/model", "messages": [{"role": "user", "content": "Say something."}]}


class Gate:
    """A plugin whose tool waits."""

    def __init__(self) -> None:
        self.running = threading.Event()
        self.cancelled = threading.Event()

    @hookimpl
    def register_tools(self) -> list[Any]:
        @tool
        async def wait_for_it() -> str:
            """Wait."""
            self.running.set()
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled.set()
            return "done"

        return [wait_for_it]


@pytest.fixture
def gate() -> Gate:
    """The plugin of the host."""
    return Gate()


@pytest.fixture
def gated(gate: Gate) -> Iterator[Host]:
    """A host with one plugin."""
    with Host([{"gate": gate}]) as host:
        yield host


def test_a_prompt_is_answered_by_the_script(gated: Host) -> None:
    """Whole and streamed; no key has to be named."""
    gated.script(["One two three.", "Four five."])
    with openai_client(gated) as client:
        whole = client.chat.completions.create(**_ASKED)
        pieces = [chunk.choices[0].delta.content for chunk in client.chat.completions.create(**_ASKED, stream=True)]
    assert whole.choices[0].message.content == "One two three."
    assert "".join(piece or "" for piece in pieces) == "Four five."


def test_async_clients_work_on_the_tests_own_loop(gated: Host) -> None:
    """Several at once, too."""
    gated.script(lambda call: f"You said {call.messages[-1]['content']}")

    async def ask() -> list[str | None]:
        with async_openai_client(gated) as client:
            replies = await asyncio.gather(
                *(
                    client.chat.completions.create(model="scripted/model", messages=[{"role": "user", "content": word}])
                    for word in ("one", "two", "three")
                )
            )
        return [reply.choices[0].message.content for reply in replies]

    assert asyncio.run(ask()) == ["You said one", "You said two", "You said three"]


def test_other_routes_answer_too(gated: Host) -> None:
    """It is the whole app, with its store and its access."""
    with openai_client(gated) as client:
        assert "scripted/model" in {model.id for model in client.models.list()}
        with pytest.raises(openai.BadRequestError):
            client.chat.completions.create(model="scripted/model", messages=[])
    with openai_client(gated, api_key="another") as stranger, pytest.raises(openai.AuthenticationError):
        stranger.models.list()


def test_a_reader_that_hangs_up_cancels_the_turn(gated: Host, gate: Gate) -> None:
    """As over a socket: the running tool is cancelled."""
    call = {"id": "call_1", "type": "function", "function": {"name": "wait_for_it", "arguments": "{}"}}
    message = {"role": "assistant", "content": "One moment.", "tool_calls": [call]}
    gated.script({"id": "1", "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]})
    with openai_client(gated) as client:
        stream = client.chat.completions.create(**_ASKED, stream=True)
        pieces = iter(stream)
        while (next(pieces).choices[0].delta.content or "").strip() != "moment.":
            pass
        assert gate.running.wait(10)
        stream.close()
        assert gate.cancelled.wait(10)


def test_a_host_without_a_key_takes_callers_without_one() -> None:
    """The fixture sends what the host wants."""
    with Host(["calculator"], settings={"api_key": None}) as host, openai_client(host) as client:
        host.script("Hello.")
        assert client.chat.completions.create(**_ASKED).choices[0].message.content == "Hello."
