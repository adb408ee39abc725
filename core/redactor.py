"""Hides the secrets of one host, which are known, by their value."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, quote_plus

from .redaction import HIDDEN, is_secret_name, mask, redact_text

__all__ = ["Redactor"]

_SHORTEST: Final = 6
"""Hiding shorter values would hide half of all words."""
_DEEPEST: Final = 8


class Redactor:
    """Hides known secrets, in each form in which a log may show them, and whatever else looks like a secret.

    Args:
        secrets: The values to hide. Those of less than six characters are left alone.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._masks = {
            form: mask(secret.strip()) for secret in secrets for form in _forms(secret) if len(form) >= _SHORTEST
        }
        longest_first = sorted(self._masks, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def text(self, text: str) -> str:
        """Hide the secrets in a text."""
        if self._known is not None:
            text = self._known.sub(lambda found: self._masks[found.group()], text)
        return redact_text(text)

    def value(self, value: object) -> Any:
        """Give a copy of any value that can be written as JSON, with its secrets hidden.

        Args:
            value: Anything. Members that are called like secrets are hidden whatever they hold, objects are taken as
                what ``str`` says of them, so those that hide what they hold go on doing so.
        """
        return self._value(value, 0)

    def _value(self, value: object, depth: int) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, (int, float)):
            return self._number(value)
        if depth < _DEEPEST and isinstance(value, Mapping):
            return {
                self.text(_said(name)): HIDDEN if is_secret_name(_said(name)) else self._value(member, depth + 1)
                for name, member in value.items()
            }
        if depth < _DEEPEST and isinstance(value, (list, tuple, set, frozenset)):
            return [self._value(member, depth + 1) for member in value]
        return self.text(_said(value))

    def _number(self, value: float) -> Any:
        written = repr(value)
        shown = self.text(written)
        return value if shown == written and math.isfinite(value) else shown


def _said(value: object) -> str:
    if isinstance(value, (bytes, bytearray)):
        return value.decode("utf-8", "replace")
    try:
        return str(value)
    except Exception:  # noqa: BLE001  (what is logged may be anybody's object)
        return f"<{type(value).__name__}>"


def _forms(secret: str) -> Iterator[str]:
    """How a secret looks in a text, in its repr, in JSON and in a URL; also without the blanks around it."""
    for value in {secret, secret.strip()}:
        yield value
        yield " ".join(value.split())
        yield from (repr(value)[1:-1], ascii(value)[1:-1], value.replace("\\", "\\\\").replace("'", "\\'"))
        yield from (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1])
        try:
            yield from (quote(value, safe=""), quote(value), quote_plus(value))
        except UnicodeEncodeError:
            continue  # half a character, which no URL can carry
