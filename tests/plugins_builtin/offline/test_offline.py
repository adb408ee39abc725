"""The plugin that brings the offline provider."""

from __future__ import annotations

import pytest

import promptdock_builtin.offline as plugin
from promptdock import CompletionCall


@pytest.mark.anyio
async def test_it_registers_one_provider_that_answers_at_once() -> None:
    (provider,) = plugin.register_providers()
    assert provider.name == "offline"
    answer = await provider.complete(CompletionCall(model="offline", messages=({"role": "user", "content": "Hi"},)))
    assert "not a language model" in answer["choices"][0]["message"]["content"]
