"""Calls that were answered here in a round that also called the caller's own tools.

Such a round hands the caller's calls back at once. What our tools answered waits here until the caller sends its own
answers, and is then put back into the thread, so that the model sees one whole round.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from .messages import Message

__all__ = ["HeldRounds"]


@dataclass(frozen=True, slots=True)
class _Held:
    assistant: Message
    answers: tuple[Message, ...]


class HeldRounds:
    """Keeps half-answered rounds, newest last, up to a limit; the oldest go first.

    A round that has gone is not an error: the model then only sees the caller's half.

    Args:
        limit: The most rounds to keep.
    """

    def __init__(self, limit: int = 1_024) -> None:
        self._limit = limit
        self._held: OrderedDict[tuple[str, frozenset[str]], _Held] = OrderedDict()

    def hold(self, caller: str, handed_back: Sequence[str], assistant: Message, answers: Sequence[Message]) -> None:
        """Keep a round.

        Args:
            caller: Name of who will bring the other answers; nobody else gets this round.
            handed_back: Ids of the calls that the caller answers.
            assistant: The model's message with all calls.
            answers: Our tool messages, in call order.
        """
        self._held[caller, frozenset(handed_back)] = _Held(assistant, tuple(answers))
        while len(self._held) > self._limit:
            self._held.popitem(last=False)

    def restore(self, caller: str, messages: Sequence[Message]) -> tuple[Message, ...]:
        """Put the held rounds that a thread refers to back into it."""
        if not self._held:
            return tuple(messages)
        restored: list[Message] = []
        for message in messages:
            ids = frozenset(call["id"] for call in message.get("tool_calls") or ())
            held = self._held.get((caller, ids)) if ids else None
            if held is None:
                restored.append(message)
            else:
                restored += [held.assistant, *held.answers]
        return tuple(restored)
