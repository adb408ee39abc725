"""Mending a stored thread: a call without its answers, or an answer without its call, is refused by every vendor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .messages import PRIVATE_ROLES, Message, message_text

__all__ = ["repaired"]


_BEHIND = PRIVATE_ROLES | {"tool"}
"""Roles of messages that belong to the one before them."""


def repaired(thread: Sequence[Message]) -> tuple[Message, ...]:
    """Give a thread as a provider may get it.

    An assistant message whose calls are not all answered right after it goes, with the answers there are; one that also
    says something stays, without its calls. Tool messages that answer nothing go. Private roles stay where they are.

    Args:
        thread: A thread whose single messages are well formed.

    Returns:
        The thread without what is broken; the same messages when nothing is.
    """
    mended: list[Message] = []
    place = 0
    while place < len(thread):
        end = _end_of_answers(thread, place)
        head = thread[place]
        if end == place + 1 and head["role"] != "tool" and not head.get("tool_calls"):
            mended.append(head)
        else:
            mended += _mended(head, thread[place + 1 : end])
        place = end
    return tuple(mended)


def _end_of_answers(thread: Sequence[Message], place: int) -> int:
    """The place after a message and the run of tool messages that follows it."""
    end = place + 1
    while end < len(thread) and thread[end]["role"] in _BEHIND:
        end += 1
    return end


def _mended(head: Message, run: Sequence[Message]) -> Iterator[Message]:
    """A message and its run, with only what belongs together."""
    open_calls = {call["id"] for call in head.get("tool_calls") or ()}
    complete = open_calls <= {message["tool_call_id"] for message in run if message["role"] == "tool"}
    if head["role"] == "tool":
        run, open_calls = [head, *run], set()
    elif complete:
        yield head
    else:
        open_calls = set()
        if _says_something(head):
            yield {key: value for key, value in head.items() if key != "tool_calls"}
    for message in run:
        if message["role"] != "tool":
            yield message
        elif message["tool_call_id"] in open_calls:
            open_calls.discard(message["tool_call_id"])
            yield message


def _says_something(message: Message) -> bool:
    return bool(message_text(message).strip() or message.get("refusal"))
