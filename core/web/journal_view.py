"""What the journal shows of a request: headers and members of its body by allow-list, and never what looks secret."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ..jsontext import JsonError, loads
from ..redaction import redact_headers, redact_json

__all__ = ["MAX_BODY", "shown_body", "shown_headers"]

MAX_BODY: Final = 65_536
"""The most bytes of a request's body that are looked at."""

_HEADERS: Final = frozenset({"accept", "content-length", "content-type", "host", "origin", "user-agent"})
_MEMBERS: Final = frozenset(
    {
        "call_price",
        "completion_price",
        "errors_as_replies",
        "expires_at",
        "is_active",
        "is_deployed",
        "is_platform",
        "is_staff",
        "is_superuser",
        "kind",
        "level",
        "limit",
        "max_completion_tokens",
        "max_tokens",
        "metric",
        "model",
        "n",
        "name",
        "period",
        "plugin",
        "plugins",
        "prompt_price",
        "provider",
        "scope",
        "seed",
        "stream",
        "temperature",
        "tool",
        "tool_choice",
        "tools",
        "top_p",
        "valid_from",
        "version",
    }
)
"""Members of bodies whose values are shown. Prompts, system texts and keys are not."""


def shown_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers of a request, by name; hidden ones are named, too."""
    return redact_headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers], _HEADERS)


def shown_body(body: bytes | bytearray) -> Any:
    """The body of a request as it may be shown; None when it is no JSON object.

    Args:
        body: The whole body, of at most :data:`MAX_BODY` bytes.
    """
    if not body:
        return None
    try:
        asked = loads(bytes(body))
    except JsonError:
        return None
    # an allow-list of members says nothing about a body that has none
    return redact_json(asked, _MEMBERS) if isinstance(asked, dict) else None
