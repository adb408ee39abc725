"""The plugin that registers the vendors, as a host calls it."""

from __future__ import annotations

import pytest

from promptdock import CompletionCall, ProviderSettings
from promptdock_builtin import vendors
from tests.support.upstream import Upstream, text


@pytest.mark.anyio
async def test_a_server_that_the_operator_names_is_asked_through_its_provider(upstream: Upstream) -> None:
    upstream.script(text("Hi from vllm"))
    settings = ProviderSettings.model_validate({"base_url": upstream.base_url + "/", "api_key": "sk-local"})
    providers = {provider.name: provider for provider in vendors.register_providers({"vllm": settings})}
    assert {"openai", "anthropic", "ollama", "vllm"} <= set(providers)
    answer = await providers["vllm"].complete(
        CompletionCall(model="qwen", messages=({"role": "user", "content": "x"},))
    )
    for provider in providers.values():
        await provider.aclose()
    assert answer["choices"][0]["message"]["content"] == "Hi from vllm"
    assert upstream.calls[0].key == "sk-local"


def test_the_plugin_registers_nothing_but_providers() -> None:
    assert vendors.__all__ == ["register_providers"]
