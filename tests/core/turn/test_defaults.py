"""What holds where a prompt says nothing: the order of who is heard."""

from __future__ import annotations

import re
from typing import Any

import pytest

from promptdock import Always, PromptDefaults, PromptRequest, PromptSettings
from promptdock.errors import NotFound
from promptdock.turn.request import EffectiveSettings
from tests.support.services import Plugin, service_at
from tests.support.upstream import Upstream

pytestmark = pytest.mark.anyio

DEFAULTS = PromptDefaults(
    model="fake/m2",
    temperature=0.2,
    max_completion_tokens=20,
    fallback_temperature=0.5,
    fallback_max_completion_tokens=2048,
)
FALLBACKS = PromptDefaults(fallback_temperature=0.5, fallback_max_completion_tokens=2048)


async def effective(
    upstream: Upstream, *, rule: PromptSettings | None = None, provider: dict[str, Any] | None = None, **members: Any
) -> EffectiveSettings:
    """The settings of one prompt, as planned."""
    fake = {"base_url": upstream.base_url, "api_key": "k", "default_model": "m1", **(provider or {})}
    plugins = {"p": Plugin(rules=[Always(settings=rule)] if rule else [])}
    request = PromptRequest(messages=({"role": "user", "content": "hi"},), **members)
    async with service_at(upstream, plugins=plugins, providers={"fake": fake}) as service:
        return (await service.plan(request)).settings


PROVIDER = {"default_temperature": 0.9, "default_max_completion_tokens": 90}


async def test_the_request_goes_before_all_others(upstream: Upstream) -> None:
    """Zero is a value."""
    rule = PromptSettings(model="m3", temperature=0.3, max_completion_tokens=30)
    said: dict[str, Any] = {"model": "fake/m0", "temperature": 0.0, "max_completion_tokens": 1}
    settings = await effective(upstream, rule=rule, provider=PROVIDER, defaults=DEFAULTS, **said)
    assert (settings.model, settings.temperature, settings.max_completion_tokens) == ("m0", 0.0, 1)


async def test_rules_go_before_defaults(upstream: Upstream) -> None:
    """An LLM client's model is no explicit one: a rule may still change it."""
    rule = PromptSettings(model="m3", temperature=0.3, max_completion_tokens=30)
    settings = await effective(upstream, rule=rule, provider=PROVIDER, defaults=DEFAULTS)
    assert (settings.model, settings.temperature, settings.max_completion_tokens) == ("m3", 0.3, 30)


async def test_defaults_go_before_the_providers(upstream: Upstream) -> None:
    """The model among them, which is resolved like any."""
    settings = await effective(upstream, provider=PROVIDER, defaults=DEFAULTS)
    assert (settings.model, settings.temperature, settings.max_completion_tokens) == ("m2", 0.2, 20)
    with pytest.raises(NotFound):
        await effective(upstream, defaults=PromptDefaults(model="offline/nope"))


async def test_t8_fallbacks_come_last(upstream: Upstream) -> None:
    """After the provider's defaults: 0.5 and 2048 are what LLM clients use where nobody says anything."""
    settings = await effective(upstream, provider=PROVIDER, defaults=FALLBACKS)
    assert (settings.model, settings.temperature, settings.max_completion_tokens) == ("m1", 0.9, 90)
    settings = await effective(upstream, defaults=FALLBACKS)
    assert (settings.temperature, settings.max_completion_tokens) == (0.5, 2048)
    settings = await effective(upstream)
    assert (settings.temperature, settings.max_completion_tokens) == (None, None)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_a_turn_may_be_named_beforehand(upstream: Upstream, stream: bool) -> None:
    """Otherwise it gets a name that sorts by time."""
    async with service_at(upstream) as service:
        named = await service.prompt("hi", turn_id="chatcmpl-mine", stream=stream)
        others = [(await service.prompt("hi", stream=stream)).events[0].turn_id for _ in range(3)]
    assert {event.turn_id for event in named.events} == {"chatcmpl-mine"}
    assert named.completion is not None
    assert named.completion["id"] == "chatcmpl-mine"
    assert all(re.fullmatch("chatcmpl-[0-9a-f]{32}", other) for other in others)
    assert others == sorted(set(others))
