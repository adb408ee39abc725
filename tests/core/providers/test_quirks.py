"""The table of what vendors and models want otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from promptdock.providers.quirks import Quirks, quirks_of

BODY = {"model": "m", "messages": [], "temperature": 1.8, "max_completion_tokens": 9}


def sent(provider: str, model: str, body: dict[str, Any] = BODY, *, stream: bool = False) -> dict[str, Any]:
    """What goes upstream, less what always does."""
    changed = quirks_of(provider, model).applied(body, stream=stream)
    return {key: value for key, value in changed.items() if key not in {"model", "messages"}}


@pytest.mark.parametrize(
    ("provider", "model", "expected"),
    [
        ("openai", "gpt-4o-mini", {"temperature": 1.8, "max_completion_tokens": 9}),
        ("openai", "gpt-4.1", {"temperature": 1.8, "max_completion_tokens": 9}),
        ("openai", "o1", {"max_completion_tokens": 9}),
        ("openai", "o3-mini", {"max_completion_tokens": 9}),
        ("openai", "o4-mini-2025-04-16", {"max_completion_tokens": 9}),
        ("openai", "gpt-5", {"max_completion_tokens": 9}),
        ("openai", "gpt-5-nano", {"max_completion_tokens": 9}),
        ("openai", "gpt-5.1", {"max_completion_tokens": 9}),
        ("openai", "gpt-5-chat-latest", {"temperature": 1.8, "max_completion_tokens": 9}),
        ("gateway", "openai/gpt-5-mini", {"max_completion_tokens": 9}),
        ("gateway", "openai/o3", {"max_completion_tokens": 9}),
        ("gateway", "olmo-2", {"temperature": 1.8, "max_tokens": 9}),
        ("gateway", "whatever", {"temperature": 1.8, "max_tokens": 9}),
        ("googleai", "gemini-flash-latest", {"temperature": 1.8, "max_tokens": 9}),
        ("metaai", "Llama-4-Maverick-17B-128E-Instruct-FP8", {"temperature": 1.8, "max_tokens": 9}),
        ("anthropic", "claude-sonnet-4-6", {"temperature": 1.0, "max_tokens": 9}),
        ("mistral", "mistral-small-latest", {"temperature": 1.5, "max_tokens": 9}),
        ("cohere", "command-a-03-2025", {"temperature": 1.8, "max_tokens": 9}),
        ("fireworks", "accounts/fireworks/models/gpt-oss-120b", {"temperature": 1.8, "max_tokens": 9}),
        ("togetherai", "openai/gpt-oss-20b", {"temperature": 1.8, "max_tokens": 9}),
        ("ollama", "llama3.2", {"temperature": 1.8, "max_tokens": 9}),
    ],
)
def test_limit_and_temperature(provider: str, model: str, expected: dict[str, Any]) -> None:
    assert sent(provider, model) == expected


@pytest.mark.parametrize(
    ("provider", "asks"), [("openai", True), ("ollama", True), ("mistral", False), ("cohere", False)]
)
def test_usage_is_asked_for_in_streams_unless_the_vendor_refuses(provider: str, asks: bool) -> None:
    changed = sent(provider, "m", stream=True)
    assert changed["stream"] is True
    assert changed.get("stream_options") == ({"include_usage": True} if asks else None)


@pytest.mark.parametrize(
    ("provider", "model", "tools"),
    [
        ("openai", "gpt-4o-mini", True),
        ("openai", "o1-mini", False),
        ("openai", "o1", True),
        ("openai", "gpt-4o-mini-search-preview", False),
        ("ollama", "gemma3:4b", False),
        ("ollama", "llama3.2", True),
        ("ollama", "llama2:13b", False),
        ("gateway", "gemma3:4b", True),
    ],
)
def test_models_without_tools(provider: str, model: str, tools: bool) -> None:
    assert quirks_of(provider, model).tools is tools


def test_a_model_without_tools_is_sent_none() -> None:
    body = {**BODY, "tools": [{}], "tool_choice": "auto", "parallel_tool_calls": True}
    assert not {"tools", "tool_choice", "parallel_tool_calls"} & set(sent("openai", "o1-mini", body))
    assert {"tools", "tool_choice", "parallel_tool_calls"} <= set(sent("openai", "gpt-4o", body))


def test_the_older_name_of_the_limit_is_understood_too() -> None:
    body = {"max_tokens": 5}
    assert sent("openai", "gpt-4o", body) == {"max_completion_tokens": 5}
    assert sent("ollama", "llama3.2", body) == {"max_tokens": 5}
    assert sent("openai", "gpt-4o", {"max_tokens": 5, "max_completion_tokens": 7}) == {"max_completion_tokens": 7}


def test_zero_is_a_temperature_and_the_call_itself_is_left_alone() -> None:
    body = {"temperature": 0, "stream": True}
    assert sent("anthropic", "claude-sonnet-4-6", body) == {"temperature": 0}
    assert body == {"temperature": 0, "stream": True}


def test_the_table_wins_over_what_a_provider_starts_with() -> None:
    start = Quirks(limit="max_tokens", tools=False)
    assert quirks_of("acme", "gpt-5", start) == Quirks(
        limit="max_completion_tokens", fixed_temperature=True, tools=False
    )
