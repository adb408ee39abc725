"""Calls that were answered here in a round that also called the caller's own tools.

Such a round hands the caller's calls back at once. What our tools answered waits here until the caller sends its own
answers, and is then put back into the thread, so that the model sees one whole round.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from ..jsontext import JsonError, loads
from .messages import Message, message_text

__all__ = ["HeldRounds"]


class _Held(msgspec.Struct, frozen=True):
    assistant: Message
    answers: tuple[Message, ...]


class HeldRounds:
    """Keeps half-answered rounds, newest last, up to a limit; the oldest go first.

    A round is found again by its caller, the thread before it, and the calls that were handed back. Ids alone would not
    do: some models number their calls from zero in every conversation. A round that has gone, or that another worker
    process holds, is not an error: the model then only sees the caller's half.

    Args:
        limit: The most rounds to keep.
    """

    def __init__(self, limit: int = 1_024) -> None:
        self._limit = limit
        self._held: OrderedDict[bytes, _Held] = OrderedDict()

    def hold(
        self,
        caller: str,
        thread: Sequence[Message],
        handed_back: Sequence[Mapping[str, Any]],
        assistant: Message,
        answers: Sequence[Message],
    ) -> None:
        """Keep a round.

        Args:
            caller: Name of who will bring the other answers.
            thread: The thread before the round, as the caller sent it.
            handed_back: The calls that the caller answers.
            assistant: The model's message with all calls.
            answers: Our tool messages, in call order.
        """
        marks = _Marks(caller)
        for message in thread:
            marks.read(message)
        mark = marks.with_calls(handed_back)
        self._held[mark] = _Held(assistant, tuple(answers))
        self._held.move_to_end(mark)
        while len(self._held) > self._limit:
            self._held.popitem(last=False)

    def restore(self, caller: str, messages: Sequence[Message]) -> tuple[Message, ...]:
        """Put the held rounds that a thread refers to back into it."""
        if not self._held:
            return tuple(messages)
        restored: list[Message] = []
        marks = _Marks(caller)
        for message in messages:
            calls = message.get("tool_calls")
            held = self._held.get(marks.with_calls(calls)) if calls else None
            restored += [message] if held is None else [held.assistant, *held.answers]
            marks.read(message)
        return tuple(restored)


class _Marks:
    """What rounds of one thread are found again by: a digest that grows with it, message by message.

    Clients write messages anew, so only what they mean counts: role, text, calls, and arguments as data.
    """

    def __init__(self, caller: str) -> None:
        self._digest = hashlib.blake2b(digest_size=16)
        self._add(caller)

    def read(self, message: Message) -> None:
        """Go past a message."""
        self._add([message["role"], message_text(message), message.get("tool_call_id"), _said(message)])

    def with_calls(self, calls: Sequence[Mapping[str, Any]]) -> bytes:
        """The mark of a round with these calls at this place."""
        ahead = self._digest.copy()
        ahead.update(_written([_call(call) for call in calls]))
        return ahead.digest()

    def _add(self, value: object) -> None:
        self._digest.update(_written(value))


def _written(value: object) -> bytes:
    return json.dumps(value, sort_keys=True).encode() + b"\n"


def _said(message: Message) -> list[Any]:
    return [_call(call) for call in message.get("tool_calls") or ()]


def _call(call: Mapping[str, Any]) -> list[Any]:
    inner = call.get("function") or call.get("custom") or {}
    given = inner.get("arguments") or inner.get("input") or "{}"
    # what is no JSON, or nested deeper than Python calls may be, counts as it is written
    with suppress(JsonError, RecursionError):
        given = json.dumps(loads(given), sort_keys=True)
    return [call.get("id"), inner.get("name"), given]
