"""The prompt service, as a library."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Any

import pytest

from promptdock import (
    CompletionCall,
    PromptdockError,
    PromptRequest,
    Provider,
    Settings,
    TurnFinished,
    hookimpl,
    open_service,
    tool,
)
from promptdock.errors import BadRequest, NotFound
from promptdock.jsontext import JsonObject
from promptdock.plugins.loader import LoadedPlugins
from tests.support.services import Plugin, service_at, settings_at
from tests.support.upstream import Upstream, text, tool_calls

pytestmark = pytest.mark.anyio


async def test_a_prompt_has_a_result(upstream: Upstream) -> None:
    """Text in, text out."""
    async with service_at(upstream) as service:
        result = await service.prompt("Hello")
    assert (result.text, result.provider, result.model) == ("Hello from the fake upstream.", "fake", "m1")


async def test_a_prompt_is_a_stream_of_events(upstream: Upstream) -> None:
    """Every one of them carries the request's id and the turn's."""
    request = PromptRequest(messages=({"role": "user", "content": "hi"},), request_id="req_mine")
    async with service_at(upstream) as service:
        events = [event async for event in service.run(request)]
    assert {event.request_id for event in events} == {"req_mine"}
    assert len({event.turn_id for event in events}) == 1
    assert isinstance(events[-1], TurnFinished)
    assert events[-1].completion["id"] == events[-1].turn_id


class Meddler:
    """Changes in place what it is told."""

    @hookimpl(nonblocking=True)
    def completion_requested(self, event: Any) -> None:
        event.request["messages"][0]["content"] = "CHANGED"
        event.request["messages"].append({"role": "user", "content": "INJECTED"})
        event.request["model"] = "another"


async def test_an_observer_is_told_of_a_copy_of_what_is_sent(upstream: Upstream) -> None:
    """Though it hears of it before that is sent, and what is sent is not copied for anybody else."""
    async with service_at(upstream, plugins={"meddler": Meddler()}) as service:
        await service.prompt("Hello")
    [call] = upstream.calls
    assert [message["content"] for message in call.body["messages"] if message["role"] == "user"] == ["Hello"]
    assert "CHANGED" not in str(call.body)
    assert call.body["model"] == "m1"


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


class Hinting:
    """Changes in place what a tool says of itself."""

    @hookimpl(nonblocking=True)
    def prepare_completion(self, call: CompletionCall) -> None:
        call.tools[0]["function"]["description"] += " Use it."


async def test_what_is_done_to_a_tool_in_one_round_is_gone_in_the_next(upstream: Upstream) -> None:
    upstream.script([tool_calls([("add", {"a": 1, "b": 2})]), text("3")])
    async with service_at(upstream, plugins={"p": Plugin(add), "hinting": Hinting()}) as service:
        await service.prompt("add")
    told = [call.body["tools"][0]["function"]["description"] for call in upstream.calls]
    assert told == ["Add two numbers. Use it."] * 2


def test_the_body_of_a_call_is_its_providers_to_change() -> None:
    message = {"role": "user", "content": [{"type": "text", "text": "Hello"}]}
    call = CompletionCall(model="m1", messages=(message,))
    body = call.body()
    body["messages"][0]["content"][0]["text"] = "CHANGED"
    body["messages"].append({})
    assert call.body()["messages"] == [message]
    assert message["content"] == [{"type": "text", "text": "Hello"}]


async def test_a_request_gets_an_id_where_it_has_none(upstream: Upstream) -> None:
    """No two alike."""
    async with service_at(upstream) as service:
        first, second = [(await service.prompt("hi")).events[0].request_id for _ in range(2)]
    assert first.startswith("req_")
    assert first != second


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"model": "offline/nope"}, NotFound),
        ({"tool_choice": "required"}, BadRequest),
        ({"tool_choice": {"type": "function", "function": {"name": "nope"}}}, BadRequest),
    ],
)
async def test_what_cannot_be_answered_is_raised_and_costs_nothing(
    upstream: Upstream, members: dict[str, Any], error: type[PromptdockError]
) -> None:
    """Before the first event, and before any upstream call."""
    async with service_at(upstream) as service:
        with pytest.raises(error):
            await service.prompt("hi", **members)
    assert upstream.calls == []


async def test_the_operators_system_role_is_sent(upstream: Upstream) -> None:
    """A request's own takes its place."""
    async with service_at(upstream, system_role="Be kind.") as service:
        await service.prompt("hi")
        await service.prompt("hi", system_role="Be brief.")
    first, second = [call.body["messages"][0]["content"] for call in upstream.calls]
    assert first.endswith("\nBe kind.")
    assert second.endswith("\nBe brief.")
    assert "kind" not in second


class Hanging(Provider):
    """A provider that does not want to close."""

    name = "hanging"

    async def complete(self, call: CompletionCall) -> JsonObject:
        raise AssertionError

    async def aclose(self) -> None:
        raise OSError("cannot close")


class Hangs:
    """Its plugin."""

    @hookimpl
    def register_providers(self) -> list[Provider]:
        return [Hanging()]


async def test_a_provider_that_fails_to_close_is_logged(upstream: Upstream, caplog: pytest.LogCaptureFixture) -> None:
    """The others close all the same."""
    async with service_at(upstream, plugins={"hangs": Hangs()}) as service:
        await service.prompt("hi")
    assert "Provider hanging failed to close" in caplog.text


async def test_quarantined_plugins_are_logged_at_start(upstream: Upstream, caplog: pytest.LogCaptureFixture) -> None:
    """With reason and remedy: nobody should have to ask."""
    caplog.set_level(logging.WARNING)
    async with open_service(settings_at(upstream, strict=False), extra={"empty": object()}):
        pass
    assert "Plugin empty is in quarantine: " in caplog.text


async def test_t96_many_prompts_at_once_on_two_services(upstream: Upstream) -> None:
    """Nothing of a request lives anywhere but in it: every call carries its own provider's key."""
    with Upstream() as other:
        two = {
            "fake": {"base_url": upstream.base_url, "api_key": "key-a", "default_model": "m1"},
            "other": {"base_url": other.base_url, "api_key": "key-b", "default_model": "m2"},
        }
        async with service_at(upstream, providers=two) as service:
            models = ["fake/m1", "other/m2"] * 25
            results = await asyncio.gather(*(service.prompt(f"n{n}", model=m) for n, m in enumerate(models)))
        assert [result.provider for result in results] == ["fake", "other"] * 25
        assert {call.key for call in upstream.calls} == {"key-a"}
        assert {call.key for call in other.calls} == {"key-b"}
        assert len(upstream.calls) == len(other.calls) == 25


class Louder(Provider):
    """A wrapper as a recorder or a harness puts it around a provider."""

    name = "fake"
    default_model = "m1"

    def __init__(self, inner: Provider) -> None:
        self.inner = inner

    async def complete(self, call: CompletionCall) -> JsonObject:
        answer = await self.inner.complete(call)
        message = answer["choices"][0]["message"]
        message["content"] = message["content"].upper()
        return answer

    async def aclose(self) -> None:
        await self.inner.aclose()


async def test_what_was_loaded_can_be_wrapped_before_it_is_used(upstream: Upstream) -> None:
    """Whatever asks the provider asks the wrapper."""

    def adapt(loaded: LoadedPlugins) -> LoadedPlugins:
        found = loaded.catalog.providers["fake"]
        wrapped = {**loaded.catalog.providers, "fake": replace(found, provider=Louder(found.provider))}
        return replace(loaded, catalog=replace(loaded.catalog, providers=wrapped))

    async with open_service(settings_at(upstream), adapt=adapt) as service:
        result = await service.prompt("Hello")
    assert result.text == "HELLO FROM THE FAKE UPSTREAM."


async def test_a_result_says_what_was_decided_about_each_tool() -> None:
    """As the event that begins the turn does."""
    async with open_service(Settings(plugins_allow=("offline", "calculator", "weather"))) as service:
        result = await service.prompt("What is 2 + 2?", model="offline/offline")
    kept = {decision.tool for decision in result.decisions if decision.kept}
    assert kept == {"calculator.calculate"}
    assert "weather.current_weather" in {decision.tool for decision in result.decisions}
