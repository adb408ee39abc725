"""Threads made up by hypothesis: whole ones as a store should hold them, and broken ones as it never should."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

__all__ = ["broken_threads", "threads"]

Message = dict[str, Any]

_TEXTS = st.text(max_size=60)
_NARRATION = st.sampled_from(
    [{"role": "promptdock", "content": "Selected dice."}, {"role": "promptdock_error", "content": "It failed."}]
)


def _call(identity: str) -> Message:
    return {"id": identity, "type": "function", "function": {"name": "dice", "arguments": '{"sides": 6}'}}


@st.composite
def _round(draw: st.DrawFn) -> list[Message]:
    """An assistant message with calls, and their answers in any order, with narration anywhere between."""
    names = draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=3, unique=True))
    said = draw(st.none() | _TEXTS)
    found: list[Message] = [{"role": "assistant", "content": said, "tool_calls": [_call(name) for name in names]}]
    for name in draw(st.permutations(names)):
        found += draw(st.lists(_NARRATION, max_size=1))
        found.append({"role": "tool", "tool_call_id": name, "content": draw(_TEXTS)})
    return found


@st.composite
def _exchange(draw: st.DrawFn) -> list[Message]:
    found: list[Message] = [{"role": "user", "content": draw(_TEXTS)}, *draw(st.lists(_NARRATION, max_size=2))]
    for calls in draw(st.lists(_round(), max_size=2)):
        found += calls
    if draw(st.booleans()):
        found.append({"role": "assistant", "content": draw(_TEXTS)})
    return found


@st.composite
def threads(draw: st.DrawFn) -> tuple[Message, ...]:
    """A thread that the check of threads accepts, with or without a system message, with at least one user message."""
    opening = draw(st.sampled_from([(), ("system",), ("developer",), ("system", "developer")]))
    found: list[Message] = [{"role": role, "content": draw(_TEXTS)} for role in opening]
    if draw(st.booleans()):
        found.append({"role": "assistant", "content": "Welcome."})
    for exchange in draw(st.lists(_exchange(), min_size=1, max_size=5)):
        found += exchange
    return tuple(found)


@st.composite
def broken_threads(draw: st.DrawFn) -> tuple[Message, ...]:
    """Well-formed messages in any order, with calls and answers from a few ids, so that some fit and some do not."""
    calls = st.lists(st.sampled_from("abc").map(_call), max_size=3)
    single = (
        st.builds(lambda text: {"role": "user", "content": text}, _TEXTS)
        | st.builds(
            lambda text, called: {"role": "assistant", "content": text, "tool_calls": called}, st.none() | _TEXTS, calls
        )
        | st.builds(lambda name: {"role": "tool", "tool_call_id": name, "content": "6"}, st.sampled_from("abc"))
        | _NARRATION
    )
    return tuple(draw(st.lists(single, max_size=12)))
