"""Half-answered rounds, kept until the caller brings the rest."""

from __future__ import annotations

from promptdock.turn.handoff import HeldRounds

ASSISTANT = {"role": "assistant", "tool_calls": [{"id": "ours"}, {"id": "theirs"}]}
OURS = {"role": "tool", "tool_call_id": "ours", "content": "3"}
SEEN = {"role": "assistant", "tool_calls": [{"id": "theirs"}]}
THEIRS = {"role": "tool", "tool_call_id": "theirs", "content": "opened"}


def test_a_round_is_put_back_where_it_belongs() -> None:
    """The model's whole message, our answers, then the caller's."""
    held = HeldRounds()
    held.hold("ann", ["theirs"], ASSISTANT, [OURS])
    assert held.restore("ann", [SEEN, THEIRS]) == (ASSISTANT, OURS, THEIRS)


def test_nobody_else_gets_it() -> None:
    """An id alone is not enough."""
    held = HeldRounds()
    held.hold("ann", ["theirs"], ASSISTANT, [OURS])
    assert held.restore("bob", [SEEN, THEIRS]) == (SEEN, THEIRS)


def test_the_oldest_go_first() -> None:
    """Memory is bounded; a forgotten round leaves the caller's half."""
    held = HeldRounds(limit=1)
    held.hold("ann", ["theirs"], ASSISTANT, [OURS])
    held.hold("ann", ["other"], ASSISTANT, [OURS])
    assert held.restore("ann", [SEEN, THEIRS]) == (SEEN, THEIRS)
