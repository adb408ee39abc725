"""What the caller sees of the rounds of a turn."""

from __future__ import annotations

from typing import Any

from promptdock.turn.view import CallerView


def chunk(delta: dict[str, Any], finish: str | None = None, index: int = 0) -> dict[str, Any]:
    """One chunk of a stream."""
    return {"choices": [{"index": index, "delta": delta, "finish_reason": finish}]}


def call(name: str | None, arguments: str = "", index: int = 0, **members: Any) -> dict[str, Any]:
    """A fragment of a tool call."""
    inner = {"arguments": arguments} if name is None else {"name": name, "arguments": arguments}
    return {"tool_calls": [{"index": index, "function": inner, **members}]}


def test_the_role_comes_once_and_alone_it_says_nothing() -> None:
    """Nothing is shown before there is something to show."""
    view = CallerView([])
    assert view.show(chunk({"role": "assistant", "content": ""})) == ()
    (first,) = view.show(chunk({"content": "Hi"}))
    assert first["delta"] == {"role": "assistant", "content": "Hi"}
    (second,) = view.show(chunk({"role": "assistant", "content": "!"}))
    assert second["delta"] == {"content": "!"}


def test_our_calls_are_not_shown_and_theirs_are_counted_anew() -> None:
    """The caller sees its own calls from index 0."""
    view = CallerView(["theirs"])
    assert view.show(chunk(call("ours", '{"a"', index=0, id="c0"))) == ()
    (shown,) = view.show(chunk(call("theirs", "{}", index=1, id="c1", type="function")))
    assert shown["delta"]["tool_calls"] == [
        {"index": 0, "id": "c1", "type": "function", "function": {"name": "theirs", "arguments": "{}"}}
    ]
    assert view.show(chunk(call(None, ": 1}", index=0))) == ()


def test_a_call_whose_name_comes_late_is_held_back_until_it_is_known() -> None:
    """Nothing of it is lost."""
    view = CallerView(["theirs"])
    assert view.show(chunk(call(None, '{"a"', id="c1"))) == ()
    (shown,) = view.show(chunk(call("theirs", ": 1}")))
    assert shown["delta"]["tool_calls"] == [
        {"index": 0, "id": "c1", "function": {"name": "theirs", "arguments": '{"a": 1}'}}
    ]


def test_reasons_to_finish_of_earlier_rounds_are_dropped() -> None:
    """The last round's is given at the end."""
    view = CallerView([])
    view.show(chunk({"content": "Let me see."}))
    view.show(chunk({}, finish="tool_calls"))
    view.end_round()
    (shown,) = view.show(chunk({"content": "Done."}))
    assert shown["delta"] == {"content": "\n\nDone."}
    view.show(chunk({}, finish="length"))
    assert view.finish() == ({"index": 0, "delta": {}, "logprobs": None, "finish_reason": "length"},)


def test_an_answer_without_any_text_still_has_a_role() -> None:
    """So that the reply is a message."""
    (end,) = CallerView([]).finish()
    assert end["delta"] == {"role": "assistant", "content": ""}


def test_several_choices_each_have_their_own_end() -> None:
    """With n, every choice finishes for itself."""
    view = CallerView([])
    view.show(chunk({"content": "a"}, index=0))
    view.show(chunk({"content": "b"}, index=1))
    view.show(chunk({}, finish="stop", index=1))
    view.show(chunk({}, finish="length", index=0))
    assert [(end["index"], end["finish_reason"]) for end in view.finish()] == [(0, "length"), (1, "stop")]
