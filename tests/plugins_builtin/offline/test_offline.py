"""The plugin that brings the offline provider."""

from __future__ import annotations

from collections.abc import Sequence

import openai
import pytest

from promptdock.testing import Host


@pytest.fixture
def promptdock_plugins() -> Sequence[str]:
    return ["offline"]


def test_it_registers_one_provider_that_answers_at_once(host: Host) -> None:
    (plugin,) = host.plugins
    assert plugin.hooks == ("register_providers",)
    turn = host.prompt("Hi", model="offline/offline")
    assert (turn.provider, turn.model, turn.rounds) == ("offline", "offline", 1)
    assert "not a language model" in turn.text


def test_callers_of_the_openai_client_are_answered(host: Host, openai_client: openai.OpenAI) -> None:
    assert "offline/offline" in [model.id for model in openai_client.models.list()]
    reply = openai_client.chat.completions.create(model="offline/offline", messages=[{"role": "user", "content": "Hi"}])
    assert "not a language model" in (reply.choices[0].message.content or "")


@pytest.mark.promptdock(plugins=["calculator"])
def test_it_calls_the_tools_that_it_is_shown(host: Host) -> None:
    turn = host.prompt("What is 17 + 4?", model="offline/offline")
    turn.assert_selected("calculator")
    assert [call.result for call in turn.calls] == [[{"result": 21}]]
    assert "21" in turn.text


@pytest.mark.promptdock(plugins=["calculator"])
def test_it_answers_whatever_befalls_the_tools(host: Host) -> None:
    with host.chaos(plugin="calculator", tool="calculator", raises=RuntimeError("boom")):
        turn = host.prompt("What is 17 + 4?", model="offline/offline")
    assert [call.error for call in turn.calls] == ["tool_failed"]
    assert turn.failure is None
    with host.chaos(plugin="calculator", hook="rule", raises=RuntimeError("boom")):
        turn = host.prompt("What is 17 + 4?", model="offline/offline")
    turn.assert_not_selected("calculator")
    assert "not a language model" in turn.text
