"""The plugin that registers the vendors, as a host calls it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import openai
import pytest

from promptdock.testing import Host
from tests.support.upstream import Upstream, error, text, tool_calls


@pytest.fixture
def promptdock_plugins() -> Sequence[str]:
    return ["vendors"]


@pytest.fixture
def promptdock_settings(upstream: Upstream) -> Mapping[str, Any]:
    """A server that the operator names."""
    return {
        "providers": {"vllm": {"base_url": f"{upstream.base_url}/", "api_key": "sk-local", "max_retries": 0}},
    }


def test_a_server_that_the_operator_names_is_asked_through_its_provider(host: Host, upstream: Upstream) -> None:
    upstream.script(text("Hi from vllm"))
    turn = host.prompt("x", model="vllm/qwen")
    assert (turn.provider, turn.text) == ("vllm", "Hi from vllm")
    (asked,) = upstream.calls
    assert (asked.key, asked.body["model"]) == ("sk-local", "qwen")


def test_the_vendors_are_there_without_being_named(host: Host) -> None:
    assert {"openai", "anthropic", "ollama", "vllm"} <= set(host.service.catalog.providers)


def test_the_plugin_registers_nothing_but_providers(host: Host) -> None:
    (plugin,) = host.plugins
    assert plugin.hooks == ("register_providers",)
    assert host.service.catalog.tools == {}


def test_callers_of_the_openai_client_are_answered(openai_client: openai.OpenAI, upstream: Upstream) -> None:
    upstream.script(text("Hi from vllm"))
    pieces = openai_client.chat.completions.create(
        model="vllm/qwen", messages=[{"role": "user", "content": "x"}], stream=True
    )
    assert "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices) == "Hi from vllm"


def test_what_a_server_refuses_is_the_turns_failure_and_shows_no_key(host: Host, upstream: Upstream) -> None:
    upstream.script(error(401, "Incorrect API key provided: sk-local"))
    turn = host.prompt("x", model="vllm/qwen")
    assert turn.failure is not None
    assert "sk-local" not in turn.failure.error.message


@pytest.mark.promptdock(plugins=["calculator"])
def test_a_vendors_model_goes_on_whatever_befalls_the_tools(host: Host, upstream: Upstream) -> None:
    upstream.script([tool_calls([("calculator", {"expression": "17 + 4"})]), text("I cannot say.")])
    with host.chaos(plugin="calculator", tool="calculator", raises=RuntimeError("boom")):
        turn = host.prompt("What is 17 + 4?", model="vllm/qwen")
    assert [call.error for call in turn.calls] == ["tool_failed"]
    assert (turn.failure, turn.text) == (None, "I cannot say.")
