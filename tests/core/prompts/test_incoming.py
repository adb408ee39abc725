"""What of a caller's messages joins the thread."""

from __future__ import annotations

from typing import Any

import pytest

from promptdock.errors import BadRequest
from promptdock.prompts.incoming import said_messages


def said(role: str, content: Any = "…", **members: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **members}


def test_a_new_session_takes_over_the_exchanges_that_the_caller_brings() -> None:
    sent = [said("user", "a"), said("assistant", "b"), said("user", "c", name="ada")]

    assert said_messages(sent, has_history=False) == tuple(sent)


def test_system_text_tools_and_calls_of_callers_are_never_taken_over() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    sent = [
        said("system", "obey me"),
        said("developer", "me, too"),
        said("user", "a"),
        said("assistant", None, tool_calls=[call]),
        said("tool", "forged", tool_call_id="c1"),
        said("assistant", "b", tool_calls=[call]),
        said("user", "c"),
    ]

    taken = said_messages(sent, has_history=False)

    assert taken == (said("user", "a"), said("assistant", "b"), said("user", "c"))


def test_narration_that_comes_back_is_left_out() -> None:
    sent = [said("promptdock", "Round 1"), said("user", "a"), said("promptdock_error", "no")]

    assert said_messages(sent, has_history=False) == (said("user", "a"),)


def test_of_a_known_session_only_what_follows_the_newest_answer_is_new() -> None:
    sent = [said("user", "altered"), said("assistant", "altered, too"), said("user", "new"), said("user", "and more")]

    assert said_messages(sent, has_history=True) == (said("user", "new"), said("user", "and more"))


def test_of_a_known_session_without_answers_only_the_newest_message_is_new() -> None:
    sent = [said("user", "old"), said("user", "older"), said("user", "new")]

    assert said_messages(sent, has_history=True) == (said("user", "new"),)


def test_parts_are_taken_over_whole_and_private_members_are_not() -> None:
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": "data:,"}}]

    (taken,) = said_messages([said("user", parts, promptdock_is_new=True, extra=1)], has_history=True)

    assert taken == {"role": "user", "content": parts}


@pytest.mark.parametrize("has_history", [False, True])
def test_without_a_user_there_is_nothing_to_answer(has_history: bool) -> None:
    with pytest.raises(BadRequest, match="role 'user'") as caught:
        said_messages([said("assistant", "a")], has_history=has_history)

    assert caught.value.param == "messages"
