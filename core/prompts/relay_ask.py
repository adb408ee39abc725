"""What a raw passthrough asks for, as far as its body says: read off a copy, since the body itself goes as it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import msgspec

from ..jsontext import JsonError, loads_loosely, loads_some
from ..providers.relay import RelayRequest
from .relay_copy import inflated
from .relay_texts import request_tokens

__all__ = ["RelayAsk", "read_ask"]

_METERED: Final = frozenset({"PATCH", "POST", "PUT"})
_WITHOUT_ANSWER: Final = frozenset({"embeddings", "moderations", "rerank"})
"""Parts of paths that have the model read, and not write."""
_LIMITS: Final = ("max_completion_tokens", "max_tokens")
_LIMITS_OF_RESPONSES: Final = ("max_output_tokens",)
_ANSWERS: Final = ("n", "best_of")
_MOST: Final = 2**31 - 1
_MOST_INFLATED: Final = 33_554_432
_BYTES_PER_TOKEN: Final = 4


@dataclass(frozen=True, kw_only=True)
class RelayAsk:
    """What a request asks for.

    Attributes:
        model: The model; None when the body names none.
        is_metered: Whether it can take tokens: looking something up takes none.
        most_completion_tokens: What the model may write, over all answers; None when nobody says.
        body: What the model reads is in it.
    """

    model: str | None
    is_metered: bool
    most_completion_tokens: int | None
    body: bytes = field(default=b"", repr=False)

    @cached_property
    def prompt_tokens(self) -> int:
        """An estimate of what the model reads; made when it is asked for, as few requests need it."""
        if not self.is_metered:
            return 0
        try:
            return request_tokens(loads_loosely(self.body))
        except JsonError:
            return -(-len(self.body) // _BYTES_PER_TOKEN)  # nothing is known of it but its size


class _Members(msgspec.Struct):
    """What is read of a body; of the rest, which may be long, only the ends are looked for."""

    model: Any = None
    max_completion_tokens: Any = None
    max_tokens: Any = None
    max_output_tokens: Any = None
    n: Any = None
    best_of: Any = None


def read_ask(request: RelayRequest) -> RelayAsk:
    """Read what a request asks for. It never raises: what cannot be read is for the provider to refuse.

    Args:
        request: Goes to the provider as it is.
    """
    if request.method not in _METERED:
        return RelayAsk(model=None, is_metered=False, most_completion_tokens=0)
    body = _plain_body(request)
    members = _members(body)
    return RelayAsk(
        model=members.model if isinstance(members.model, str) else None,
        is_metered=True,
        most_completion_tokens=_most_written(request, members),
        body=body,
    )


def _members(body: bytes) -> _Members:
    try:
        return loads_some(body, _Members)
    except JsonError:
        pass
    try:
        loose = loads_loosely(body)
    except JsonError:
        loose = None
    known = loose if isinstance(loose, dict) else {}
    return _Members(**{name: known[name] for name in _Members.__struct_fields__ if name in known})


def _plain_body(request: RelayRequest) -> bytes:
    body = request.body or b""
    encodings = [value for name, value in request.passed_headers if name == "content-encoding"]
    return inflated(body, ", ".join(encodings), most=_MOST_INFLATED) if encodings else body


def _most_written(request: RelayRequest, members: _Members) -> int | None:
    parts = request.path.split("/")
    if not _WITHOUT_ANSWER.isdisjoint(parts):
        return 0
    limits = _limits(parts)
    counts = {name: _count(told) for name in (*limits, *_ANSWERS) if (told := getattr(members, name)) is not None}
    if not counts or None in counts.values():
        return None  # the provider may read what we cannot, so nothing that is said beside it is a bound
    most = max((counts.get(name) or 0 for name in limits), default=0)
    answers = max([1, *(counts.get(name) or 0 for name in _ANSWERS)])
    return min(most * answers, _MOST) or None


def _limits(parts: list[str]) -> tuple[str, ...]:
    """What bounds an answer at a path of these parts; what another path would read may be ignored."""
    if "completions" in parts:
        return _LIMITS
    return _LIMITS_OF_RESPONSES if "responses" in parts else (*_LIMITS, *_LIMITS_OF_RESPONSES)


def _count(value: object) -> int | None:
    """A whole number, however it is written; 0 for none that bounds anything, None for what is no number."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return min(max(value, 0), _MOST)
