"""Messages of a thread: plain OpenAI-shaped objects, checked once and never changed in place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from ..errors import BadRequest

__all__ = [
    "PRIVATE_ROLES",
    "PUBLIC_ROLES",
    "Message",
    "check_thread",
    "message_text",
    "newest_text",
    "public_thread",
    "user_texts",
    "with_system",
]

Message: TypeAlias = Mapping[str, Any]
"""One chat message as the OpenAI protocol writes it; read it, never change it."""

PUBLIC_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
PRIVATE_ROLES = frozenset({"promptdock", "promptdock_error"})
"""Narration for people who read the thread; it never reaches a provider."""

_ROLES = PUBLIC_ROLES | PRIVATE_ROLES
_PRIVATE_KEY_PREFIX = "promptdock"
_USUAL_KEYS = frozenset({"role", "content", "name", "refusal", "tool_calls", "tool_call_id"})
"""Keys that are not private, as anybody can tell at a glance."""
_PLAIN = 2
"""Members of a message that has a role and content, and nothing else."""
_MAY_LACK_CONTENT = frozenset({"assistant"})
_INPUTS = {"function": "arguments", "custom": "input"}
"""Kinds of calls, each with the member of its body that holds what the tool is given."""


def check_thread(messages: object, *, limit: int) -> tuple[Message, ...]:
    """Check what a caller sent as ``messages``.

    Args:
        messages: The decoded JSON value.
        limit: The most messages that one request may carry.

    Returns:
        The messages, unchanged.

    Raises:
        BadRequest: It is not a list, is empty or too long, an element is not a message, a role is unknown, content is
            missing or of the wrong type, a call is not one of a named tool, or a tool message answers no call before
            it.
    """
    if not isinstance(messages, list):
        raise BadRequest("'messages' must be a list of messages.", param="messages")
    if not messages:
        raise BadRequest("'messages' is empty: send at least one message.", param="messages")
    if len(messages) > limit:
        raise BadRequest(
            f"'messages' holds {len(messages)} messages; at most {limit} are taken in one request.",
            param="messages",
            code="too_many_messages",
        )
    for place, message in enumerate(messages):
        _check_message(message, f"messages[{place}]")
    _check_tool_answers(messages)
    return tuple(messages)


def _check_message(message: object, where: str) -> None:
    if not isinstance(message, dict):
        raise BadRequest(f"{where} must be an object with 'role' and 'content'.", param=where)
    role = message.get("role")
    if not isinstance(role, str) or role not in _ROLES:
        known = ", ".join(sorted(PUBLIC_ROLES))
        raise BadRequest(f"{where} has the unknown role {role!r}; known are {known}.", param=f"{where}.role")
    content = message.get("content")
    if content is None:
        if role not in _MAY_LACK_CONTENT:
            raise BadRequest(f"{where} has no 'content'.", param=f"{where}.content")
    elif isinstance(content, list):
        _check_parts(content, where)
    elif not isinstance(content, str):
        raise BadRequest(f"{where}.content must be text or a list of parts.", param=f"{where}.content")
    _check_calls(message.get("tool_calls"), role, where)
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        raise BadRequest(f"{where} has no 'tool_call_id'.", param=f"{where}.tool_call_id")


def _check_parts(parts: list[object], where: str) -> None:
    if not parts:
        raise BadRequest(f"{where}.content is an empty list.", param=f"{where}.content")
    for place, part in enumerate(parts):
        if not isinstance(part, dict) or not isinstance(part.get("type"), str):
            spot = f"{where}.content[{place}]"
            raise BadRequest(f"{spot} must be an object with a 'type'.", param=spot)
        if part["type"] == "text" and not isinstance(part.get("text"), str):
            spot = f"{where}.content[{place}].text"
            raise BadRequest(f"{spot} must be text.", param=spot)


def _check_calls(calls: object, role: str, where: str) -> None:
    if calls is None:
        return
    spot = f"{where}.tool_calls"
    if role != "assistant" or not isinstance(calls, list):
        raise BadRequest(f"{spot} must be a list, on an assistant message.", param=spot)
    for place, call in enumerate(calls):
        if not isinstance(call, dict) or not isinstance(call.get("id"), str):
            raise BadRequest(f"{spot}[{place}] must be an object with an 'id'.", param=f"{spot}[{place}]")
        kinds = [kind for kind in _INPUTS if call.get(kind) is not None]
        for kind in kinds or ["custom" if call.get("type") == "custom" else "function"]:
            _check_called(call.get(kind), f"{spot}[{place}].{kind}", _INPUTS[kind])


def _check_called(body: object, spot: str, given: str) -> None:
    """Check what a call says of its tool; the text of the arguments may be missing, as some vendors leave it out."""
    if not isinstance(body, dict):
        raise BadRequest(f"{spot} must be an object with a 'name'.", param=spot)
    if not isinstance(body.get("name"), str):
        raise BadRequest(f"{spot}.name must be text.", param=f"{spot}.name")
    if not isinstance(body.get(given), str | None):
        raise BadRequest(f"{spot}.{given} must be text.", param=f"{spot}.{given}")


def _check_tool_answers(messages: Sequence[Message]) -> None:
    """A tool message has to answer a call of the assistant message right before its run of answers."""
    open_calls: set[str] = set()
    for place, message in enumerate(messages):
        role = message["role"]
        if role == "tool":
            if message["tool_call_id"] not in open_calls:
                where = f"messages[{place}]"
                raise BadRequest(
                    f"{where} answers the call {message['tool_call_id']!r}, which no assistant message right before "
                    "it made, or which was answered already.",
                    param=f"{where}.tool_call_id",
                )
            open_calls.discard(message["tool_call_id"])
        elif role not in PRIVATE_ROLES:
            _refuse_unanswered(open_calls, place)
            open_calls = {call["id"] for call in message.get("tool_calls") or ()}
    _refuse_unanswered(open_calls, len(messages))


def _refuse_unanswered(open_calls: set[str], place: int) -> None:
    if open_calls:
        names = ", ".join(sorted(open_calls))
        raise BadRequest(
            f"The tool calls {names} have no tool message before messages[{place}]; each call needs one answer.",
            param="messages",
        )


def public_thread(messages: Iterable[Message]) -> tuple[Message, ...]:
    """Give the thread as a provider may see it: without private roles, and without private keys on what is left."""
    return tuple(
        [
            # of role and content alone, as nearly all of a long thread are
            message if len(message) == _PLAIN and "content" in message else _without_private_keys(message)
            for message in messages
            if message["role"] not in PRIVATE_ROLES
        ]
    )


def _without_private_keys(message: Message) -> Message:
    """The message; the same object when it has none."""
    if message.keys() <= _USUAL_KEYS or not any(key.startswith(_PRIVATE_KEY_PREFIX) for key in message):
        return message
    return {key: value for key, value in message.items() if not key.startswith(_PRIVATE_KEY_PREFIX)}


def message_text(message: Message) -> str:
    """The text of a message; of a list of parts, the text parts joined by newlines."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(part["text"] for part in content if part.get("type") == "text")
    return ""


def user_texts(messages: Iterable[Message]) -> tuple[str, ...]:
    """The texts of all user messages, oldest first."""
    return tuple(
        [
            content if type(content := message.get("content")) is str else message_text(message)
            for message in messages
            if message["role"] == "user"
        ]
    )


def newest_text(messages: Sequence[Message]) -> str:
    """The text of the newest user message; empty when there is none."""
    for message in reversed(messages):
        if message["role"] == "user":
            return message_text(message)
    return ""


def with_system(messages: Sequence[Message], lines: Sequence[str]) -> tuple[Message, ...]:
    """Put lines of system text in front of a thread.

    A thread that opens with a system (or developer) message keeps it, as one message with the lines around it.

    Args:
        messages: The thread.
        lines: ``lines[0]`` goes before the thread's own system text, the others after it; each is a paragraph.

    Returns:
        A new thread; the given one is not touched.
    """
    if not lines:
        return tuple(messages)
    head = messages[0] if messages and messages[0]["role"] in {"system", "developer"} else None
    own = [message_text(head)] if head is not None else []
    text = "\n\n".join([part for part in [lines[0], *own, *lines[1:]] if part])
    first: Message = {**head, "content": text} if head is not None else {"role": "system", "content": text}
    return (first, *messages[1:]) if head is not None else (first, *messages)
