"""Streaming a turn as typed, numbered server-sent events; see docs/prompts.md."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from ..errors import BadRequest, ErrorInfo
from ..jsontext import JsonObject, dumps
from .envelope import API, error_envelope
from .errors import TurnError
from .subject import subject_of

if TYPE_CHECKING:
    from .channel import Channel

__all__ = ["Resumption", "farewell", "resumption_of", "stream_entries"]

_EVENT_ID: Final = re.compile(r"([0-9a-f-]{36}):([0-9]{1,10})")
_OPENING: Final = frozenset(
    {"turn.opened", "turn.started", "plugin.selected", "settings.conflicted", "tool.presented", "completion.requested"}
)
"""What is held back until something comes of the first upstream call: a turn that fails there has its own status."""


class Resumption:
    """Where a caller wants to read on: after which event of which turn."""

    def __init__(self, turn_id: UUID, after: int) -> None:
        self.turn_id = turn_id
        self.after = after


def resumption_of(header: str | None) -> Resumption | None:
    """Read ``Last-Event-ID``.

    Raises:
        BadRequest: It is no id of an event of ours.
    """
    if header is None or not header.strip():
        return None
    found = _EVENT_ID.fullmatch(header.strip())
    try:
        return Resumption(UUID(found[1]), int(found[2])) if found else _refuse(header)
    except ValueError:
        return _refuse(header)


def _refuse(header: str) -> Resumption:
    raise BadRequest(
        f"Last-Event-ID {header[:60]!r} is no event of a turn; send the id of the last event that came.",
        param="Last-Event-ID",
    )


async def stream_entries(
    entries: AsyncGenerator[JsonObject, None],
    channel: Channel,
    scope: Mapping[str, Any],
    turn_id: UUID,
) -> None:
    """Send the entries of a turn as they come.

    Args:
        entries: As a feed or the store gives them; the last one tells how the turn ended.
        channel: Where to.
        scope: The request's ASGI scope.
        turn_id: The turn.

    Raises:
        TurnError: The turn failed before anything was sent.
    """
    async with aclosing(entries) as coming:
        async for entry in coming:
            if entry["event"] == "turn.failed" and not channel.open:
                raise TurnError(ErrorInfo(**entry["data"]["error"]))
            frame = _frame(entry, scope, turn_id)
            if channel.open or entry["event"] not in _OPENING:
                await channel.write(frame)
            else:
                channel.hold(frame)


def farewell(scope: Mapping[str, Any], info: ErrorInfo) -> tuple[bytes, bytes]:
    """How a prompt ends whose server stops: the body of a reply that has not begun, and the end of a stream."""
    body = dumps(error_envelope(info, scope))
    return body, b"event: turn.interrupted\ndata: " + body + b"\n\n"


def _frame(entry: JsonObject, scope: Mapping[str, Any], turn_id: UUID) -> bytes:
    data = _enveloped(entry, scope)
    head = f"id: {turn_id}:{entry['id']}\nevent: {entry['event']}\ndata: "
    return head.encode() + dumps(data) + b"\n\n"


def _enveloped(entry: JsonObject, scope: Mapping[str, Any]) -> JsonObject:
    """The end of a turn has the form of the whole reply, or of the error, that a caller who does not stream gets."""
    data: JsonObject = entry["data"]
    if entry["event"] in {"turn.failed", "turn.cancelled", "turn.interrupted"}:
        return error_envelope(ErrorInfo(**data["error"]), scope)
    if entry["event"] == "turn.finished":
        subject = subject_of(scope)
        # of the request that began the turn, whoever reads it on
        journal = {"key": entry["key"]} if "key" in entry else {}
        metadata = {"command": subject.command, "thing": subject.thing, **journal}
        return {"data": data, "api": API, "metadata": metadata}
    return data
