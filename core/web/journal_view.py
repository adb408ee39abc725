"""What the journal shows of a request: headers and members of its body by allow-list, and never what looks secret."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeVar

from ..jsontext import JsonError, loads, loads_members
from ..plain_texts import PlainTexts
from ..redaction import HIDDEN, redact_headers, redact_json, redact_text

__all__ = ["MAX_BODY", "MEMBERS", "View"]

K = TypeVar("K")
V = TypeVar("V")

_MOST_KNOWN: Final = 1_000
_SHORT: Final = 200
"""The longest text that is remembered."""

MAX_BODY: Final = 65_536
"""The most bytes of a request's body that are looked at."""

_HEADERS: Final = frozenset({"accept", "content-length", "content-type", "host", "origin", "user-agent"})
MEMBERS: Final = frozenset(
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
"""Members of bodies whose values are shown: none that is called like a secret. Prompts and system texts are not."""


class View:
    """Shows requests; remembers what had nothing to hide, since most headers and paths come again and again.

    Attributes:
        text: Shows a text, e.g. a path, without what looks like a secret.
    """

    def __init__(self) -> None:
        self._headers: dict[tuple[bytes, bytes], tuple[str, str]] = {}
        self._hidden: dict[bytes, tuple[str, str]] = {}
        self.text = PlainTexts(redact_text)

    def headers(self, headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
        """The headers of a request, by lower-case name; hidden ones are named, too."""
        shown: dict[str, str] = {}
        for name_sent, value_sent in headers:  # as lists or as tuples
            known = self._headers.get((name_sent, value_sent)) or self._hidden.get(name_sent)
            name, value = known or self._header(name_sent, value_sent)
            shown[name] = f"{shown[name]}, {value}" if name in shown and value != HIDDEN else value
        return shown

    def body(self, body: bytes) -> Any:
        """The body of a request; None when it is no JSON object. Only the members that may be shown are decoded.

        Args:
            body: The whole body, of at most :data:`MAX_BODY` bytes.
        """
        if not body:
            return None
        try:
            shown: dict[str, Any] = {}
            for name, member in loads_members(body).items():
                if name in MEMBERS:
                    value = loads(member)
                    shown[name] = self.text(value) if isinstance(value, str) else redact_json(value, MEMBERS)
                else:
                    shown[self.text(name)] = HIDDEN
        except JsonError:
            return None
        return shown

    def _header(self, name: bytes, value: bytes) -> tuple[str, str]:
        text = name.decode("latin-1").lower()
        if text not in _HEADERS:  # only the name is remembered: the value may be a secret
            return _kept(self._hidden, name, (text, HIDDEN), len(name))
        given = value.decode("latin-1")
        [shown] = redact_headers([(text, given)], _HEADERS).items()
        return _kept(self._headers, (name, value), shown, len(value)) if shown[1] == given else shown


def _kept(known: dict[K, V], key: K, value: V, size: int) -> V:
    """Remember a value, unless it is long; of too many, none is."""
    if size <= _SHORT:
        if len(known) >= _MOST_KNOWN:
            known.clear()
        known[key] = value
    return value
