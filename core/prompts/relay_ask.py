"""What a raw passthrough asks for, as far as its body says: read off a copy, since the body itself goes as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..jsontext import JsonError, loads
from ..providers.relay import RelayRequest
from .relay_copy import inflated
from .relay_texts import request_tokens

__all__ = ["RelayAsk", "read_ask"]

_METERED: Final = frozenset({"PATCH", "POST", "PUT"})
_WITHOUT_ANSWER: Final = frozenset({"embeddings", "moderations", "rerank"})
"""Parts of paths that have the model read, and not write."""
_LIMITS: Final = ("max_completion_tokens", "max_tokens", "max_output_tokens")
_ANSWERS: Final = ("n", "best_of")
_MOST: Final = 2**31 - 1
_MOST_INFLATED: Final = 33_554_432
_BYTES_PER_TOKEN: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayAsk:
    """What a request asks for.

    Attributes:
        model: The model; None when the body names none.
        is_metered: Whether it can take tokens: looking something up takes none.
        prompt_tokens: An estimate of what the model reads.
        most_completion_tokens: What the model may write, over all answers; None when nobody says.
    """

    model: str | None
    is_metered: bool
    prompt_tokens: int
    most_completion_tokens: int | None


def read_ask(request: RelayRequest) -> RelayAsk:
    """Read what a request asks for. It never raises: what cannot be read is for the provider to refuse.

    Args:
        request: Goes to the provider as it is.
    """
    if request.method not in _METERED:
        return RelayAsk(model=None, is_metered=False, prompt_tokens=0, most_completion_tokens=0)
    body = _plain_body(request)
    try:
        asked = loads(body)
    except JsonError:
        # nothing is known of it but its size
        tokens = -(-len(body) // _BYTES_PER_TOKEN)
        return RelayAsk(
            model=None, is_metered=True, prompt_tokens=tokens, most_completion_tokens=_most_written(request, {})
        )
    members: Mapping[str, Any] = asked if isinstance(asked, dict) else {}
    model = members.get("model")
    return RelayAsk(
        model=model if isinstance(model, str) else None,
        is_metered=True,
        prompt_tokens=request_tokens(asked),
        most_completion_tokens=_most_written(request, members),
    )


def _plain_body(request: RelayRequest) -> bytes:
    body = request.body or b""
    encodings = [value for name, value in request.passed_headers if name == "content-encoding"]
    return inflated(body, ", ".join(encodings), most=_MOST_INFLATED) if encodings else body


def _most_written(request: RelayRequest, members: Mapping[str, Any]) -> int | None:
    if not _WITHOUT_ANSWER.isdisjoint(request.path.split("/")):
        return 0
    limits = [limit for name in _LIMITS if (limit := _count(members.get(name)))]
    if not limits:
        return None
    answers = max([1, *(_count(members.get(name)) for name in _ANSWERS)])
    return min(max(limits) * answers, _MOST)


def _count(value: object) -> int:
    return min(value, _MOST) if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
