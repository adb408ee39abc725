"""What of a caller's messages is new: the stored thread is the truth, and the system text is the LLM client's."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import BadRequest
from ..turn.messages import Message, message_text

__all__ = ["said_messages"]

_KEPT = ("role", "content", "name")


def said_messages(sent: Sequence[Message], *, has_history: bool) -> tuple[Message, ...]:
    """Give the messages that join the thread.

    In a session that has a thread, that is what the user says now: the user messages at the end of what was sent. What
    else was sent is known better here. Who sends no answer of ours along sends the newest user message last, and only
    that counts. A new session takes over the exchanges of user and assistant that the caller brings. System messages,
    tool messages and calls are never taken over: they are the LLM client's and ours to write.

    Args:
        sent: The caller's messages, checked.
        has_history: Whether the session has a thread.

    Returns:
        Messages with role, content and name, the last one a user's.

    Raises:
        BadRequest: None of them is a user's.
    """
    users = [place for place, message in enumerate(sent) if message["role"] == "user"]
    if not users:
        raise BadRequest("'messages' must hold a message with the role 'user'.", param="messages")
    upto = sent[: users[-1] + 1]
    if not has_history:
        return tuple(_plain(message) for message in upto if _is_said(message))
    answers = [place for place, message in enumerate(upto) if message["role"] in {"assistant", "tool"}]
    first = answers[-1] + 1 if answers else users[-1]
    return tuple(_plain(message) for message in upto[first:] if message["role"] == "user")


def _is_said(message: Message) -> bool:
    if message["role"] == "assistant":
        return bool(message_text(message))
    return bool(message["role"] == "user")


def _plain(message: Message) -> Message:
    return {name: message[name] for name in _KEPT if message.get(name) is not None}
