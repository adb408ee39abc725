"""Keeping a long thread under a budget of tokens, by leaving out its oldest exchanges whole."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from .messages import PRIVATE_ROLES, Message
from .tokens import CharacterCounter, TokenCounter, estimate_messages

__all__ = ["FittedThread", "fit_thread"]

_OPENING_ROLES = frozenset({"system", "developer"})


class FittedThread(msgspec.Struct, frozen=True, kw_only=True):
    """A thread that fits, as far as it can.

    Attributes:
        messages: What is left, in order, without private roles.
        dropped: How many messages were left out; private roles, which are never sent, do not count.
        tokens: What is left comes to, as estimated.
    """

    messages: tuple[Message, ...]
    dropped: int
    tokens: int


def fit_thread(thread: Sequence[Message], limit: int, counter: TokenCounter | None = None) -> FittedThread:
    """Leave out the oldest exchanges of a thread until it fits.

    An exchange is a user message and all that answers it, so that a tool call never parts from its answers. The system
    (or developer) messages that open the thread stay, and so do the newest user message and what follows it, even when
    these alone exceed the limit.

    Args:
        thread: A thread in the form that :func:`~promptdock.turn.messages.check_thread` accepts.
        limit: The most tokens of its messages.
        counter: Counts tokens; None estimates them from characters.

    Returns:
        The thread that is left; fitted again, it stays as it is.
    """
    counter = counter or CharacterCounter()
    public = [message for message in thread if message["role"] not in PRIVATE_ROLES]
    tokens = estimate_messages(public, counter)
    if tokens <= limit:
        return FittedThread(messages=tuple(public), dropped=0, tokens=tokens)
    opening, exchanges = _exchanges(public)
    tokens = estimate_messages(opening, counter)
    kept: list[list[Message]] = []
    for exchange in reversed(exchanges):
        cost = estimate_messages(exchange, counter)
        if kept and tokens + cost > limit:
            break
        kept.append(exchange)
        tokens += cost
    messages = (*opening, *(message for exchange in reversed(kept) for message in exchange))
    return FittedThread(messages=messages, dropped=len(public) - len(messages), tokens=tokens)


def _exchanges(messages: Sequence[Message]) -> tuple[list[Message], list[list[Message]]]:
    """The messages that open a thread, and its exchanges; what comes before the first user message is one, too."""
    start = next((place for place, message in enumerate(messages) if message["role"] not in _OPENING_ROLES), None)
    if start is None:
        return list(messages), []
    exchanges: list[list[Message]] = []
    for message in messages[start:]:
        if message["role"] == "user" or not exchanges:
            exchanges.append([])
        exchanges[-1].append(message)
    return list(messages[:start]), exchanges
