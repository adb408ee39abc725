"""What the bodies of prompts have in common, whichever endpoint they come to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import BadRequest
from ..turn.messages import PRIVATE_ROLES, Message, check_thread
from .params import integer

__all__ = ["checked", "messages_of", "most_tokens"]


def messages_of(asked: Mapping[str, Any], *, limit: int) -> tuple[Message, ...]:
    """The messages of a body.

    Args:
        asked: The body.
        limit: The most messages to take.

    Raises:
        BadRequest: They are no thread, or nothing but narration.
    """
    messages = check_thread(asked.get("messages"), limit=limit)
    if all(message["role"] in PRIVATE_ROLES for message in messages):
        raise BadRequest("'messages' holds nothing but narration: send at least one message.", param="messages")
    return messages


def checked(asked: Mapping[str, Any], name: str, check: Any) -> Any:
    """A parameter, or None when it is not given or null; ``check`` refuses what is wrong."""
    value = asked.get(name)
    if value is not None:
        check(value, name)
    return value


def most_tokens(asked: Mapping[str, Any], *, least: int) -> int | None:
    """The most tokens of the answer, or None when nobody says; the newer of the parameter's two names wins.

    Args:
        asked: The body.
        least: The lowest number that is taken.

    Raises:
        BadRequest: It is no whole number from there on.
    """
    older, newer = asked.get("max_tokens"), asked.get("max_completion_tokens")
    if older is newer is None:
        return None
    checked(asked, "max_tokens", integer(least))
    checked(asked, "max_completion_tokens", integer(least))
    most: int | None = older if newer is None else newer
    return most
