"""What a provider shows of where it sends its calls and with which key."""

from __future__ import annotations

import pytest

from promptdock import CompletionCall, CompletionRequested, OpenAICompatibleProvider, Provider
from promptdock.jsontext import JsonObject
from promptdock.providers.base import masked
from tests.support.services import service_at
from tests.support.upstream import Upstream


@pytest.mark.parametrize(
    ("key", "shown"),
    [("sk-fake-1234", "****1234"), ("sk-fake-123", "****"), ("", "****"), ("sk-" + "x" * 100 + "wxyz", "****wxyz")],
)
def test_a_key_is_masked_all_but_its_end(key: str, shown: str) -> None:
    """A short one wholly."""
    assert masked(key) == shown


def test_a_provider_shows_its_url_and_its_key() -> None:
    """Neither a user, nor a password, nor more of the key than its end."""
    asked = OpenAICompatibleProvider(
        name="acme", base_url="https://api.acme.example/v1/", api_key="sk-acme-secret-9876"
    )
    assert (asked.base_url, asked.key_hint) == ("https://api.acme.example/v1", "****9876")
    open_ = OpenAICompatibleProvider(name="local", base_url="http://127.0.0.1:8080/v1")
    assert open_.key_hint is None


def test_a_key_that_is_not_sent_is_not_shown() -> None:
    """A user in the URL is sent in its place."""
    asked = OpenAICompatibleProvider(
        name="gate", base_url="https://me:pw@gate.example/v1", api_key="sk-acme-secret-9876"
    )
    assert (asked.base_url, asked.key_hint) == ("https://gate.example/v1", None)


class Plain(Provider):
    """A provider of its own kind."""

    name = "plain"

    async def complete(self, call: CompletionCall) -> JsonObject:
        return {}


def test_other_providers_show_nothing() -> None:
    """Unless they say so."""
    assert (Plain().base_url, Plain().key_hint) == (None, None)


@pytest.mark.anyio
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_t5_the_event_shows_both(upstream: Upstream, stream: bool) -> None:
    """Of the whole key, only the last four characters are visible anywhere."""
    async with service_at(upstream) as service:
        result = await service.prompt("hi", stream=stream)
        (asked,) = [event for event in result.events if isinstance(event, CompletionRequested)]
        offline = await service.prompt("hi", model="offline/", stream=stream)
    assert (asked.api_url, asked.key_hint) == (upstream.base_url, "****1234")
    assert upstream.calls[0].key == "sk-fake-1234"
    assert "sk-fake" not in repr(result.events)
    (asked,) = [event for event in offline.events if isinstance(event, CompletionRequested)]
    assert (asked.api_url, asked.key_hint) == (None, None)
