"""Half-answered rounds, kept until the caller brings the rest."""

from __future__ import annotations

import time
from typing import Any

from promptdock.turn.handoff import HeldRounds

USER = {"role": "user", "content": "go"}


def call(identity: str, name: str, arguments: str = "{}") -> dict[str, Any]:
    """A tool call."""
    return {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}


THEIR_CALL = call("call_0", "open_door", '{"wide": true}')
ASSISTANT = {"role": "assistant", "tool_calls": [call("call_1", "add"), THEIR_CALL]}
OURS = {"role": "tool", "tool_call_id": "call_1", "content": "3"}
SEEN = {"role": "assistant", "tool_calls": [THEIR_CALL]}
THEIRS = {"role": "tool", "tool_call_id": "call_0", "content": "opened"}


def holding(limit: int = 10) -> HeldRounds:
    """Rounds with the one above, held for ann."""
    held = HeldRounds(limit)
    held.hold("ann", [USER], [THEIR_CALL], ASSISTANT, [OURS])
    return held


def test_a_round_is_put_back_where_it_belongs() -> None:
    """The model's whole message, our answers, then the caller's."""
    assert holding().restore("ann", [USER, SEEN, THEIRS]) == (USER, ASSISTANT, OURS, THEIRS)


def test_arguments_may_be_written_anew() -> None:
    """Clients decode and encode them."""
    again = {"role": "assistant", "tool_calls": [call("call_0", "open_door", '{"wide":true}')]}
    assert holding().restore("ann", [USER, again, THEIRS]) == (USER, ASSISTANT, OURS, THEIRS)


def test_no_other_caller_and_no_other_conversation_gets_it() -> None:
    """Some models number their calls from zero in every conversation."""
    assert holding().restore("bob", [USER, SEEN, THEIRS]) == (USER, SEEN, THEIRS)
    other = {"role": "user", "content": "another matter"}
    assert holding().restore("ann", [other, SEEN, THEIRS]) == (other, SEEN, THEIRS)
    system = {"role": "system", "content": "You serve bob."}
    assert holding().restore("ann", [system, USER, SEEN, THEIRS]) == (system, USER, SEEN, THEIRS)
    differs = {"role": "assistant", "tool_calls": [call("call_0", "open_door", '{"wide": false}')]}
    assert holding().restore("ann", [USER, differs, THEIRS]) == (USER, differs, THEIRS)


def test_no_arguments_are_empty_ones() -> None:
    """Clients write the one for the other."""
    held = HeldRounds()
    held.hold("ann", [USER], [call("call_0", "mine", "")], ASSISTANT, [OURS])
    seen: dict[str, Any] = {"role": "assistant", "tool_calls": [call("call_0", "mine", "{}")], "content": None}
    assert held.restore("ann", [USER, seen, THEIRS]) == (USER, ASSISTANT, OURS, THEIRS)


def test_two_rounds_of_one_conversation_are_both_put_back() -> None:
    """Each is found by the thread as the caller knows it."""
    held = holding()
    second = call("call_2", "open_window")
    whole = {"role": "assistant", "tool_calls": [call("call_3", "add"), second]}
    answer = {"role": "tool", "tool_call_id": "call_3", "content": "4"}
    held.hold("ann", [USER, SEEN, THEIRS], [second], whole, [answer])
    seen = {"role": "assistant", "tool_calls": [second]}
    done = {"role": "tool", "tool_call_id": "call_2", "content": "done"}
    thread: list[dict[str, Any]] = [USER, SEEN, THEIRS, seen, done]
    assert held.restore("ann", thread) == (USER, ASSISTANT, OURS, THEIRS, whole, answer, done)


def test_the_oldest_go_first() -> None:
    """Memory is bounded; a forgotten round leaves the caller's half."""
    held = holding(limit=1)
    held.hold("ann", [USER], [call("call_9", "open_door")], ASSISTANT, [OURS])
    assert held.restore("ann", [USER, SEEN, THEIRS]) == (USER, SEEN, THEIRS)


def test_a_round_held_again_is_the_newest() -> None:
    """It is not the next to go."""
    held = holding(limit=2)
    held.hold("ann", [USER], [call("call_9", "x")], ASSISTANT, [OURS])
    held.hold("ann", [USER], [THEIR_CALL], ASSISTANT, [OURS])
    held.hold("ann", [USER], [call("call_8", "y")], ASSISTANT, [OURS])
    assert held.restore("ann", [USER, SEEN, THEIRS]) == (USER, ASSISTANT, OURS, THEIRS)


def test_long_threads_are_read_once() -> None:
    """A thousand calls behind a long text: each message is digested once, not once for every call after it."""
    held = holding()
    thread: list[dict[str, Any]] = [{"role": "user", "content": "x" * 500_000}]
    for number in range(1_000):
        thread.append({"role": "assistant", "tool_calls": [call(f"c{number}", "mine")]})
        thread.append({"role": "tool", "tool_call_id": f"c{number}", "content": "ok"})
    began = time.perf_counter()
    assert held.restore("ann", thread) == tuple(thread)
    assert time.perf_counter() - began < 5  # it took 16 s once, and takes 0.03 s


def test_arguments_nested_without_end_are_taken_as_they_are_written() -> None:
    """They must not end the request."""
    deep = "[" * 900 + "]" * 900
    held = HeldRounds()
    held.hold("ann", [USER], [call("call_0", "mine", deep)], ASSISTANT, [OURS])
    seen = {"role": "assistant", "tool_calls": [call("call_0", "mine", deep)]}
    assert held.restore("ann", [USER, seen]) == (USER, ASSISTANT, OURS)
