from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptdock import PromptdockError
from promptdock.jsontext import dumps
from promptdock.web.chat_request import ChatRequest, parse_chat_request

USER = {"role": "user", "content": "Hello"}
FUNCTION = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
EVERYTHING: dict[str, Any] = {
    "model": "m",
    "messages": [{"content": "string", "role": "developer", "name": "name"}],
    "audio": {"format": "wav", "voice": "alloy"},
    "frequency_penalty": -2,
    "function_call": "none",
    "functions": [{"name": "name", "description": "d", "parameters": {"foo": "bar"}}],
    "logit_bias": {"foo": 0},
    "logprobs": True,
    "max_completion_tokens": 0,
    "max_tokens": 0,
    "metadata": {"foo": "string"},
    "modalities": ["text"],
    "n": 1,
    "parallel_tool_calls": True,
    "prediction": {"content": "string", "type": "content"},
    "presence_penalty": -2,
    "reasoning_effort": "none",
    "response_format": {"type": "text"},
    "seed": -9007199254740991,
    "service_tier": "auto",
    "stop": "\n",
    "store": True,
    "stream": True,
    "stream_options": {"include_obfuscation": True, "include_usage": True},
    "temperature": 1,
    "tool_choice": "none",
    "tools": [FUNCTION, {"type": "custom", "custom": {"name": "grammar"}}],
    "top_logprobs": 0,
    "top_p": 1,
    "user": "user-1234",
    "verbosity": "low",
    "web_search_options": {"search_context_size": "low"},
    "a_vendors_own": {"anything": [1, None]},
}


def allowed(*tools: object, mode: object = "auto") -> dict[str, Any]:
    """A ``tool_choice`` that narrows the tools down."""
    return {"tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": list(tools)}}}


def parse(**members: Any) -> ChatRequest:
    return parse_chat_request(dumps({"model": "m", "messages": [USER], **members}), max_messages=100)


def refusal(body: bytes) -> PromptdockError:
    with pytest.raises(PromptdockError) as caught:
        parse_chat_request(body, max_messages=100)
    assert caught.value.status == 400
    return caught.value


def test_the_least_request() -> None:
    chat = parse()

    assert chat.prompt.messages == (USER,)
    assert chat.prompt.model == "m"
    assert chat.prompt.options == {}
    assert not chat.prompt.stream
    assert not chat.include_usage


def test_every_parameter_of_the_api_at_once_is_taken_and_passed_on() -> None:
    chat = parse_chat_request(dumps(EVERYTHING), max_messages=100)

    own = {"model", "messages", "stream", "stream_options", "temperature", "tools", "tool_choice"}
    tokens = {"max_tokens", "max_completion_tokens"}
    assert chat.prompt.options == {key: value for key, value in EVERYTHING.items() if key not in own | tokens}
    assert chat.prompt.max_completion_tokens == 0
    assert chat.prompt.temperature == 1
    assert len(chat.prompt.tools) == 2
    assert chat.prompt.tool_choice == "none"
    assert chat.prompt.stream
    assert chat.include_usage


def test_null_is_as_good_as_nothing() -> None:
    assert parse(**dict.fromkeys(EVERYTHING.keys() - {"model", "messages"})) == parse()


def test_the_newer_name_of_the_token_limit_wins() -> None:
    assert parse(max_tokens=5).prompt.max_completion_tokens == 5
    assert parse(max_tokens=5, max_completion_tokens=7).prompt.max_completion_tokens == 7


def test_images_audio_and_files_pass_through() -> None:
    parts = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
        {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
        {"type": "file", "file": {"file_id": "f"}},
    ]
    assert parse(messages=[{"role": "user", "content": parts}]).prompt.messages[0]["content"] == parts


def test_t9_private_roles_are_taken_but_do_not_make_a_prompt_alone() -> None:
    narration = [{"role": "promptdock", "content": "a"}, {"role": "promptdock_error", "content": "b"}]

    assert len(parse(messages=[*narration, USER]).prompt.messages) == 3
    assert refusal(dumps({"model": "m", "messages": narration})).param == "messages"


def test_t10_an_unknown_role_is_refused() -> None:
    error = refusal(dumps({"model": "m", "messages": [{"role": "robot", "content": "x"}]}))

    assert error.param == "messages[0].role"
    assert "robot" in str(error)


@pytest.mark.parametrize("messages", [None, {}, "x", [], [1], [None], [{"role": "user"}], [{"content": "x"}]])
def test_t11_messages_that_are_no_messages_are_refused(messages: object) -> None:
    param = refusal(dumps({"model": "m", "messages": messages})).param

    assert param is not None
    assert param.startswith("messages")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b'{"model": ',
        b"[]",
        b"null",
        b"1",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": "\\ud800"}',
        b'{"a": "\xff\xfe"}',
        b"\xef\xbb\xbf{}",
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a": 01}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": ' + b"[" * 70 + b"]" * 70 + b"}",
        b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a": ' * 100_000 + b"1" + b"}" * 100_000,
    ],
)
def test_t12_a_body_that_is_not_strict_json_is_refused(body: bytes) -> None:
    assert refusal(body).code == "invalid_json"


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"model": None}, "model"),
        ({"model": " "}, "model"),
        ({"model": 5}, "model"),
        ({"temperature": 9}, "temperature"),
        ({"temperature": -0.1}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"temperature": "1"}, "temperature"),
        ({"top_p": 1.1}, "top_p"),
        ({"n": 0}, "n"),
        ({"n": 129}, "n"),
        ({"n": True}, "n"),
        ({"n": 1.5}, "n"),
        ({"presence_penalty": 3}, "presence_penalty"),
        ({"frequency_penalty": -3}, "frequency_penalty"),
        ({"stream": "yes"}, "stream"),
        ({"stream": 1}, "stream"),
        ({"stream_options": []}, "stream_options"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"max_completion_tokens": 1.5}, "max_completion_tokens"),
        ({"stop": 5}, "stop"),
        ({"stop": ["a", 1]}, "stop"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"seed": 1.5}, "seed"),
        ({"seed": 10**30}, "seed"),
        ({"user": 5}, "user"),
        ({"metadata": []}, "metadata"),
        ({"metadata": {"a": 1}}, "metadata.a"),
        ({"logit_bias": {"5": "x"}}, "logit_bias.5"),
        ({"logprobs": 1}, "logprobs"),
        ({"top_logprobs": 21}, "top_logprobs"),
        ({"response_format": "json"}, "response_format"),
        ({"response_format": {}}, "response_format.type"),
        ({"response_format": {"type": "yaml"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ({"response_format": {"type": "json_schema", "json_schema": {}}}, "response_format.json_schema.name"),
        ({"tools": {}}, "tools"),
        ({"tools": [FUNCTION] * 129}, "tools"),
        ({"tools": [{}]}, "tools[0].type"),
        ({"tools": [5]}, "tools[0]"),
        ({"tools": [{"type": "magic"}]}, "tools[0].type"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools[0].function.name"),
        (
            {"tools": [{"type": "function", "function": {"name": "a", "parameters": []}}]},
            "tools[0].function.parameters",
        ),
        ({"tools": [FUNCTION, FUNCTION]}, "tools[1]"),
        ({"tool_choice": "maybe"}, "tool_choice"),
        ({"tool_choice": 5}, "tool_choice"),
        ({"tool_choice": {}}, "tool_choice.type"),
        ({"tool_choice": {"type": "function"}}, "tool_choice.function"),
        ({"tool_choice": {"type": "function", "function": {}}}, "tool_choice.function.name"),
        ({"tool_choice": {"type": "allowed_tools", "allowed_tools": {}}}, "tool_choice.allowed_tools.mode"),
        (allowed(FUNCTION, mode="none"), "tool_choice.allowed_tools.mode"),
        (allowed(FUNCTION, mode=5), "tool_choice.allowed_tools.mode"),
        (
            {"tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": 5}}},
            "tool_choice.allowed_tools.tools",
        ),
        (allowed(5), "tool_choice.allowed_tools.tools[0]"),
        (allowed(FUNCTION, None), "tool_choice.allowed_tools.tools[1]"),
        (allowed("x"), "tool_choice.allowed_tools.tools[0]"),
        (allowed([]), "tool_choice.allowed_tools.tools[0]"),
        (allowed({}), "tool_choice.allowed_tools.tools[0].type"),
        (allowed({"type": "magic"}), "tool_choice.allowed_tools.tools[0].type"),
        (allowed({"type": "function"}), "tool_choice.allowed_tools.tools[0].function"),
        (allowed({"type": "function", "function": 5}), "tool_choice.allowed_tools.tools[0].function"),
        (allowed({"type": "function", "function": {}}), "tool_choice.allowed_tools.tools[0].function.name"),
        (allowed({"type": "custom", "custom": {"name": 5}}), "tool_choice.allowed_tools.tools[0].custom.name"),
        ({"functions": []}, "functions"),
        ({"function_call": "always"}, "function_call"),
        ({"function_call": {}}, "function_call.name"),
    ],
)
def test_a_refusal_names_its_parameter(members: dict[str, Any], param: str) -> None:
    assert refusal(dumps({"model": "m", "messages": [USER], **members})).param == param


@pytest.mark.parametrize("mode", ["auto", "required"])
def test_tools_may_be_narrowed_down(mode: str) -> None:
    named = [{"type": "function", "function": {"name": "f"}}, {"type": "custom", "custom": {"name": "g"}}]
    choice = allowed(*named, mode=mode)

    assert parse(tools=[FUNCTION], **choice).prompt.tool_choice == choice["tool_choice"]


def test_too_many_messages_are_refused() -> None:
    assert refusal(dumps({"model": "m", "messages": [USER] * 101})).code == "too_many_messages"


LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
JSON = st.recursive(
    LEAVES | st.sampled_from(["function", "user", "json_schema", "tool"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "function", "name", "role", "content", "tool_calls"]), inner)
    ),
    max_leaves=12,
)


def outcome(body: bytes) -> ChatRequest | int:
    """What becomes of a body: a request, or the status that refuses it."""
    try:
        return parse_chat_request(body, max_messages=100)
    except PromptdockError as error:
        return error.status


# the first run in a fresh checkout makes hypothesis's tables of characters, which may take longer than it allows itself
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@unhurried
@given(members=st.dictionaries(st.sampled_from(sorted(EVERYTHING)), JSON, max_size=4))
def test_whatever_the_members_are_they_are_taken_or_refused(members: dict[str, Any]) -> None:
    came_of_it = outcome(dumps({**EVERYTHING, **members}))

    if isinstance(came_of_it, ChatRequest):
        prompt = came_of_it.prompt
        assert dumps([*prompt.messages, prompt.options, *prompt.tools])
    else:
        assert came_of_it == 400


@unhurried
@given(place=st.integers(0, 2000), junk=st.binary(max_size=3), cut=st.integers(0, 3))
def test_whatever_the_bytes_are_they_are_taken_or_refused(place: int, junk: bytes, cut: int) -> None:
    body = json.dumps(EVERYTHING).encode()
    place %= len(body)
    came_of_it = outcome(body[:place] + junk + body[place + cut :])

    assert isinstance(came_of_it, ChatRequest) or came_of_it == 400
