"""Mending stored threads."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from promptdock.turn.messages import check_thread
from promptdock.turn.repair import repaired
from tests.support.threads import broken_threads, threads

USER = {"role": "user", "content": "roll"}
NARRATION = {"role": "promptdock", "content": "The model calls dice"}


def calling(*names: str, content: str | None = None) -> dict[str, Any]:
    """An assistant message with calls of these ids."""
    calls = [{"id": name, "type": "function", "function": {"name": "dice", "arguments": "{}"}} for name in names]
    return {"role": "assistant", "content": content, "tool_calls": calls}


def answer(name: str) -> dict[str, Any]:
    """The answer to the call of this id."""
    return {"role": "tool", "tool_call_id": name, "content": "6"}


@given(broken_threads())
def test_w57_what_is_mended_is_valid(thread: tuple[dict[str, Any], ...]) -> None:
    """Whatever was stored."""
    mended = repaired(thread)
    if mended:
        check_thread(list(mended), limit=1000)


@given(broken_threads())
def test_w57_mending_twice_changes_nothing(thread: tuple[dict[str, Any], ...]) -> None:
    """And users and narration are never lost."""
    mended = repaired(thread)
    assert repaired(mended) == mended
    kept = {"user", "promptdock", "promptdock_error"}
    assert [m for m in mended if m["role"] in kept] == [m for m in thread if m["role"] in kept]


@given(threads())
def test_w57_a_valid_thread_stays_as_it_is(thread: tuple[dict[str, Any], ...]) -> None:
    """The very same messages."""
    mended = repaired(thread)
    assert len(mended) == len(thread)
    assert all(one is other for one, other in zip(mended, thread, strict=True))


def test_w57_a_call_without_its_answers_goes_with_those_it_has() -> None:
    """One of two was answered when the server died."""
    assert repaired((USER, calling("a", "b"), answer("a"), USER)) == (USER, USER)
    assert repaired((USER, calling("a"))) == (USER,)


def test_w57_what_was_said_beside_a_call_stays() -> None:
    """Without the call."""
    mended = repaired((USER, calling("a", content="Let me roll."), NARRATION))
    assert mended == (USER, {"role": "assistant", "content": "Let me roll."}, NARRATION)


def test_w57_answers_to_nothing_go() -> None:
    """At the start, after their call was answered, or of another call."""
    whole = (USER, calling("a"), NARRATION, answer("a"))
    assert repaired((answer("a"), *whole, answer("a"), answer("b"), NARRATION)) == (*whole, NARRATION)
    assert repaired((USER, answer("a"), USER, answer("b"))) == (USER, USER)
