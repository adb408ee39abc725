"""What a thread may hold, and what of it goes upstream."""

from __future__ import annotations

from typing import Any

import pytest

from promptdock.errors import BadRequest
from promptdock.turn.messages import check_thread, message_text, public_thread, user_texts, with_system

USER = {"role": "user", "content": "hi"}
CALL = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
CALLING = {"role": "assistant", "content": None, "tool_calls": [CALL]}
ANSWER = {"role": "tool", "tool_call_id": "c1", "content": "3"}
CALL_PLACE = "messages[1].tool_calls[0]"


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        (None, "messages"),
        ({}, "messages"),
        ("hi", "messages"),
        ([], "messages"),
        ([1], "messages[0]"),
        ([None], "messages[0]"),
        ([{"role": "robot", "content": "x"}], "messages[0].role"),
        ([{"role": ["user"], "content": "x"}], "messages[0].role"),
        ([{"content": "x"}], "messages[0].role"),
        ([{"role": "user"}], "messages[0].content"),
        ([{"role": "user", "content": None}], "messages[0].content"),
        ([{"role": "user", "content": 5}], "messages[0].content"),
        ([{"role": "user", "content": []}], "messages[0].content"),
        ([{"role": "user", "content": ["x"]}], "messages[0].content[0]"),
        ([{"role": "user", "content": [{"type": "text", "text": 5}]}], "messages[0].content[0].text"),
        ([USER, {"role": "user", "content": "x", "tool_calls": []}], "messages[1].tool_calls"),
        ([USER, {"role": "assistant", "tool_calls": [{"type": "function"}]}], "messages[1].tool_calls[0]"),
        ([USER, {"role": "tool", "content": "y"}], "messages[1].tool_call_id"),
        ([USER, {"role": "tool", "content": "y", "tool_call_id": "nope"}], "messages[1].tool_call_id"),
        ([USER, CALLING, ANSWER, ANSWER], "messages[3].tool_call_id"),
        ([USER, CALLING], "messages"),
        ([USER, CALLING, USER, ANSWER], "messages"),
    ],
)
def test_t10_t11_what_is_no_thread_is_refused(messages: Any, param: str) -> None:
    """With the member that is at fault."""
    with pytest.raises(BadRequest) as refused:
        check_thread(messages, limit=100)
    assert refused.value.param == param


@pytest.mark.parametrize(
    ("call", "param"),
    [
        (1, CALL_PLACE),
        (None, CALL_PLACE),
        ({"id": 5, "function": {"name": "add"}}, CALL_PLACE),
        ({"id": "c1"}, f"{CALL_PLACE}.function"),
        ({"id": "c1", "function": None}, f"{CALL_PLACE}.function"),
        ({"id": "c1", "function": 5}, f"{CALL_PLACE}.function"),
        ({"id": "c1", "function": "add"}, f"{CALL_PLACE}.function"),
        ({"id": "c1", "function": {}}, f"{CALL_PLACE}.function.name"),
        ({"id": "c1", "function": {"name": 5}}, f"{CALL_PLACE}.function.name"),
        ({"id": "c1", "function": {"name": "add", "arguments": {}}}, f"{CALL_PLACE}.function.arguments"),
        ({"id": "c1", "function": {"name": "add", "arguments": 5}}, f"{CALL_PLACE}.function.arguments"),
        ({"id": "c1", "type": "custom"}, f"{CALL_PLACE}.custom"),
        ({"id": "c1", "custom": "x"}, f"{CALL_PLACE}.custom"),
        ({"id": "c1", "custom": {"input": "x"}}, f"{CALL_PLACE}.custom.name"),
        ({"id": "c1", "custom": {"name": "add", "input": []}}, f"{CALL_PLACE}.custom.input"),
        ({"id": "c1", "function": {"name": "add"}, "custom": "x"}, f"{CALL_PLACE}.custom"),
    ],
)
def test_a_call_that_is_none_is_refused(call: Any, param: str) -> None:
    """With the member of the call that is at fault."""
    with pytest.raises(BadRequest) as refused:
        check_thread([USER, {"role": "assistant", "tool_calls": [call]}, ANSWER], limit=100)
    assert refused.value.param == param


@pytest.mark.parametrize(
    "call",
    [
        {"id": "c1", "function": {"name": "add"}},
        {"id": "c1", "function": {"name": "add", "arguments": None}, "custom": None},
        {"id": "c1", "function": {"name": "add", "arguments": "no JSON"}},
        {"id": "c1", "type": "custom", "custom": {"name": "write", "input": "x"}},
    ],
)
def test_a_call_may_lack_its_arguments(call: Any) -> None:
    """And what the text of arguments says is between the model and its tool."""
    thread = [USER, {"role": "assistant", "tool_calls": [call]}, ANSWER]
    assert check_thread(thread, limit=100) == tuple(thread)


def test_a_thread_over_the_limit_is_refused() -> None:
    """The text says how many and how many are taken."""
    with pytest.raises(BadRequest, match="holds 4 messages; at most 3"):
        check_thread([USER] * 4, limit=3)


def test_a_whole_round_is_a_thread() -> None:
    """Narration between a call and its answer does no harm."""
    narration = {"role": "promptdock", "content": "calling add"}
    thread = [USER, CALLING, narration, ANSWER, {"role": "assistant", "content": "3"}]
    assert check_thread(thread, limit=100) == tuple(thread)


def test_t9_private_roles_and_keys_are_left_out() -> None:
    """A message without private keys is passed on as it is."""
    flagged = {**USER, "promptdock_is_new": True}
    assert list(public_thread([{"role": "promptdock", "content": "x"}, flagged, ANSWER])) == [USER, ANSWER]


def test_texts_of_parts_are_joined() -> None:
    """Pictures have no text."""
    parts = [
        {"type": "text", "text": "a"},
        {"type": "image_url", "image_url": {"url": "x"}},
        {"type": "text", "text": "b"},
    ]
    message = {"role": "user", "content": parts}
    assert message_text(message) == "a\nb"
    assert user_texts([message, CALLING, USER]) == ("a\nb", "hi")
    assert message_text(CALLING) == ""


@pytest.mark.parametrize("role", ["system", "developer"])
def test_t6_lines_join_the_threads_own_system_text(role: str) -> None:
    """The first before it, the others after it; the given thread is not touched."""
    thread = ({"role": role, "content": "own"}, USER)
    assert with_system(thread, ["date", "extra"]) == ({"role": role, "content": "date\n\nown\n\nextra"}, USER)
    assert thread[0]["content"] == "own"


def test_lines_become_a_system_message_where_there_is_none() -> None:
    """And no lines change nothing."""
    assert with_system([USER], ["date"]) == ({"role": "system", "content": "date"}, USER)
    assert with_system([USER], []) == (USER,)
