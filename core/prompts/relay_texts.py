"""How many tokens foreign JSON comes to, whatever its form: only what a model reads or writes counts."""

from __future__ import annotations

from typing import Any, Final

from ..turn.tokens import CharacterCounter

__all__ = ["TextTally", "answer_text", "request_tokens"]

_PER_REQUEST: Final = 3
_PER_MESSAGE: Final = 4
_PER_DEFINITION: Final = 8
_PER_ATTACHMENT: Final = 1_200
"""An image, a piece of audio, a file: its bytes say little about tokens."""

_NOT_READ: Final = frozenset(
    {
        "encoding_format",
        "id",
        "include",
        "metadata",
        "model",
        "previous_response_id",
        "prompt_cache_key",
        "reasoning_effort",
        "role",
        "safety_identifier",
        "service_tier",
        "stream_options",
        "type",
        "user",
    }
)
"""Members of requests that steer the provider, and are no part of what the model reads."""
_ATTACHED: Final = frozenset({"file", "file_data", "file_url", "image", "image_url", "images", "input_audio"})
"""Members of requests that hold what is no text."""
_TOKENS: Final = frozenset({"input", "prompt"})
"""Members of requests that may hold the numbers of tokens in place of text."""
_NOT_WRITTEN: Final = frozenset(
    {
        "annotations",
        "audio",
        "b64_json",
        "call_id",
        "created",
        "embedding",
        "encrypted_content",
        "error",
        "finish_reason",
        "id",
        "index",
        "item_id",
        "logprobs",
        "metadata",
        "model",
        "object",
        "obfuscation",
        "partial_image_b64",
        "result",
        "role",
        "service_tier",
        "status",
        "system_fingerprint",
        "type",
        "url",
        "usage",
    }
)
"""Members of replies that are no part of what the model wrote."""
_FLUSHED: Final = 4_096


class TextTally:
    """Counts the tokens of a text that comes in pieces: rounding up for each piece would count a stream too high."""

    def __init__(self) -> None:
        self._counter = CharacterCounter()
        self._tokens = 0
        self._pending: list[str] = []
        self._length = 0

    def add(self, text: str) -> None:
        """Take the next piece."""
        self._pending.append(text)
        self._length += len(text)
        if self._length >= _FLUSHED:
            self._tokens, self._pending, self._length = self.tokens, [], 0

    @property
    def tokens(self) -> int:
        """Tokens so far, rounded up."""
        return self._tokens + self._counter.count("".join(self._pending))


def request_tokens(body: object) -> int:
    """Estimate what the model reads of a request's body.

    Args:
        body: Decoded JSON of any form: chat completions, responses, completions, embeddings, whatever comes.
    """
    tally = TextTally()
    further = _PER_REQUEST
    # a stack, as JSON may be nested deeper than calls can be
    pending: list[tuple[str, Any]] = [("", body)]
    while pending:
        name, value = pending.pop()
        if name in _ATTACHED and value:
            further += _PER_ATTACHMENT
        elif isinstance(value, str):
            tally.add(value)
        elif isinstance(value, dict):
            further += _overhead(value)
            pending += [(key, item) for key, item in value.items() if key not in _NOT_READ]
        elif isinstance(value, list):
            pending += [(name, item) for item in value]
        elif name in _TOKENS and isinstance(value, int) and not isinstance(value, bool):
            further += 1
    return further + tally.tokens


def _overhead(value: dict[str, Any]) -> int:
    if "role" in value:
        return _PER_MESSAGE
    return _PER_DEFINITION if value.get("type") == "function" else 0


def answer_text(reply: object) -> str:
    """Everything that a model wrote into a reply, or into events of one, in no order: it is there to be counted.

    Args:
        reply: Decoded JSON of any form.
    """
    texts: list[str] = []
    pending: list[Any] = [reply]
    while pending:
        value = pending.pop()
        kind = type(value)
        if kind is dict:
            # a stream has many of them, each with a text or two: these are not put aside to be looked at again
            for name, item in value.items():
                if item and name not in _NOT_WRITTEN:
                    (texts if type(item) is str else pending).append(item)
        elif kind is list:
            pending += value
        elif kind is str:
            texts.append(value)
    return "".join(texts)
