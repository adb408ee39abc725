"""Server-sent events: the answer of a turn as OpenAI's chunks."""

from __future__ import annotations

from typing import Final

from ..errors import ErrorInfo
from ..jsontext import JsonObject, dumps
from ..turn.events import CompletionDelta, TurnFinished
from .errors import openai_error

__all__ = ["ChunkFrames", "error_frame"]

_DONE: Final = b"data: [DONE]\n\n"


def _frame(value: object) -> bytes:
    return b"data: " + dumps(value) + b"\n\n"


def error_frame(info: ErrorInfo) -> bytes:
    """What ends a stream whose turn failed. No ``[DONE]`` follows, so that nobody takes the answer for whole."""
    return _frame(openai_error(info))


class ChunkFrames:
    """Turns the events of one turn into frames.

    Args:
        turn_id: The id that all chunks carry.
        created: The time that all chunks carry: seconds since the epoch.
        include_usage: Whether the caller asked for a last chunk about tokens.
    """

    def __init__(self, *, turn_id: str, created: int, include_usage: bool) -> None:
        self._head: JsonObject = {"id": turn_id, "object": "chat.completion.chunk", "created": created}
        self._include_usage = include_usage
        # who asked for a chunk about tokens gets none of them in the others
        self._tail: JsonObject = {"usage": None} if include_usage else {}

    def delta(self, event: CompletionDelta) -> bytes:
        """The frame of a piece of the answer; nothing for a piece that is empty."""
        if not event.choices:
            return b""
        chunk: JsonObject = {**self._head, "model": event.model, "choices": event.choices, **self._tail}
        if event.system_fingerprint is not None:
            chunk["system_fingerprint"] = event.system_fingerprint
        if event.note is not None:
            chunk["promptdock"] = event.note
        return _frame(chunk)

    def end(self, event: TurnFinished) -> bytes:
        """The frames that end a stream: tokens, when they were asked for and are known, and the closing mark."""
        usage = event.completion.get("usage")
        if not self._include_usage or usage is None:
            return _DONE
        model = str(event.completion.get("model", ""))
        return _frame({**self._head, "model": model, "choices": [], "usage": usage}) + _DONE
