"""Calls that were answered here in a round that also called the caller's own tools.

Such a round hands the caller's calls back at once. What our tools answered waits here until the caller sends its own
answers, and is then put back into the thread, so that the model sees one whole round.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..jsontext import JsonError, loads
from .messages import Message, user_texts

__all__ = ["HeldRounds"]


@dataclass(frozen=True, slots=True)
class _Held:
    assistant: Message
    answers: tuple[Message, ...]


class HeldRounds:
    """Keeps half-answered rounds, newest last, up to a limit; the oldest go first.

    A round is found again by its caller, the user texts before it, and the calls that were handed back. Ids alone would
    not do: some models number their calls from zero in every conversation. A round that has gone, or that another
    worker process holds, is not an error: the model then only sees the caller's half.

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
            thread: The thread before the round.
            handed_back: The calls that the caller answers.
            assistant: The model's message with all calls.
            answers: Our tool messages, in call order.
        """
        mark = _mark(caller, user_texts(thread), handed_back)
        self._held[mark] = _Held(assistant, tuple(answers))
        self._held.move_to_end(mark)
        while len(self._held) > self._limit:
            self._held.popitem(last=False)

    def restore(self, caller: str, messages: Sequence[Message]) -> tuple[Message, ...]:
        """Put the held rounds that a thread refers to back into it."""
        if not self._held:
            return tuple(messages)
        restored: list[Message] = []
        for place, message in enumerate(messages):
            calls = message.get("tool_calls")
            held = self._held.get(_mark(caller, user_texts(messages[:place]), calls)) if calls else None
            restored += [message] if held is None else [held.assistant, *held.answers]
        return tuple(restored)


def _mark(caller: str, texts: Sequence[str], calls: Sequence[Mapping[str, Any]]) -> bytes:
    """What a round is found again by; arguments count as data, since clients write them anew."""
    named = [(call.get("id"), *_said(call.get("function") or call.get("custom") or {})) for call in calls]
    return hashlib.blake2b(json.dumps([caller, texts, named], sort_keys=True).encode(), digest_size=16).digest()


def _said(inner: Mapping[str, Any]) -> tuple[Any, Any]:
    given = inner.get("arguments") or inner.get("input") or ""
    try:
        return inner.get("name"), loads(given)
    except JsonError:
        return inner.get("name"), given
