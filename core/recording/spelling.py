"""What the tokens of an answer spell: vendors tell them one by one, and each of them is harmless alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..jsontext import JsonObject
from ..providers.chunks import ChunkFold

__all__ = ["folded", "spelled", "spelled_anywhere"]


def folded(chunks: Iterable[JsonObject]) -> JsonObject:
    """Give the completion that chunks of a stream make."""
    fold = ChunkFold()
    for chunk in chunks:
        fold.add(chunk)
    return fold.completion()


def spelled(logprobs: Any) -> Iterator[str]:
    """Give the texts that one ``logprobs`` member spells.

    Args:
        logprobs: The member of a choice; anything.

    Yields:
        The joined tokens of each of its lists and their joined bytes, and the same of the tokens that were the first
        alternative everywhere, the second one, and so on.
    """
    if not isinstance(logprobs, Mapping):
        return
    for member in logprobs.values():
        tokens = [one for one in member if isinstance(one, Mapping)] if isinstance(member, list) else []
        yield from _joined(tokens)
        ranked = [[one, *_alternatives(one)] for one in tokens]
        for rank in range(1, max(map(len, ranked), default=0)):
            yield from _joined([ranks[rank] if rank < len(ranks) else ranks[0] for ranks in ranked])


def spelled_anywhere(value: Any) -> Iterator[str]:
    """Give the texts that tokens spell anywhere in a JSON value; those of a list of chunks across its chunks."""
    if isinstance(value, Mapping):
        yield from spelled(value.get("logprobs"))
        for member in value.values():
            yield from spelled_anywhere(member)
    elif isinstance(value, list):
        if len(value) > 1 and all(isinstance(one, Mapping) and isinstance(one.get("choices"), list) for one in value):
            yield from spelled_anywhere(folded(value))
        for member in value:
            yield from spelled_anywhere(member)


def _alternatives(token: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    given = token.get("top_logprobs")
    return [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []


def _joined(tokens: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    tokens = list(tokens)
    yield "".join(str(one.get("token") or "") for one in tokens)
    numbers = [number for one in tokens if isinstance(one.get("bytes"), list) for number in one["bytes"]]
    yield bytes(number for number in numbers if isinstance(number, int) and 0 <= number < 256).decode(
        "utf-8", "replace"
    )
