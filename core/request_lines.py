"""Lines of the access log: what they say, and how their secrets are hidden at little cost.

The same few paths, callers, models and tools come again and again, so what is shown for each is remembered. Looking
through a whole line anew for everything that might be a secret costs as much as a tenth of a request.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, TypeAlias

from .plaintext import one_line
from .redactor import Redactor

__all__ = ["REQUEST", "RequestLines", "RequestText"]

REQUEST: Final = "promptdock_request"
"""The attribute of a log record that holds the members of a line."""
_REMEMBERED: Final = 1_024
_LONGEST: Final = 1_000
_OURS: Final = re.compile(r"req_[0-9a-f]{32}")
"""A request id that we have made: it holds no secret."""


class RequestText:
    """A line as text, written out only when somebody wants to read it.

    Args:
        members: What is known of the request.
    """

    __slots__ = ("_members",)

    def __init__(self, members: Mapping[str, Any]) -> None:
        self._members = members

    def __str__(self) -> str:
        return _line(self._members, _what(_key(self._members)), _whose(_key(self._members)))


_Key: TypeAlias = tuple[str, str, str, str | None, str | None, int, tuple[str, ...]]


def _key(known: Mapping[str, Any]) -> _Key:
    """What comes again and again in lines: method, path, caller, provider, model, rounds, tools."""
    tools = known.get("tools", ())
    turn = (known.get("provider"), known.get("model"), known.get("rounds", 0), tuple(tools))
    return (known["method"], known["path"], known["caller"], *turn)


def _what(key: _Key) -> str:
    return f"{key[0]} {key[1]}"


def _whose(key: _Key) -> str:
    _, _, caller, provider, model, rounds, tools = key
    if provider is None:
        return caller
    if model is None:
        return f"{caller}, passed to {provider}"
    ran = "".join(f", {tool}" for tool in tools)
    return f"{caller}, {provider}/{model} {rounds} round{'' if rounds == 1 else 's'}{ran}"


def _line(known: Mapping[str, Any], what: str, whose: str) -> str:
    return (
        f"{what} {known['status']} {known['ms']:.1f} ms, {known['bytes_out']} bytes, {whose}, "
        f"request {known['request_id']}"
    )


class RequestLines:
    """Hides the secrets in lines of the access log.

    Args:
        redactor: Hides them in a text.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._shown = lru_cache(_REMEMBERED)(self._hidden)
        self._parts = lru_cache(_REMEMBERED)(self._hidden_parts)

    def text(self, record: logging.LogRecord) -> str | None:
        """The text of a record, fit to be shown; None when it is no line of the access log."""
        known = getattr(record, REQUEST, None)
        if not isinstance(known, dict):
            return None
        what, whose = self._parts(_key(known))
        identity = known["request_id"]
        if not _OURS.fullmatch(identity):
            known = {**known, "request_id": self._shown(identity)}
        return _line(known, what, whose)

    def members(self, record: logging.LogRecord) -> dict[str, Any] | None:
        """The members of a record, likewise."""
        known = getattr(record, REQUEST, None)
        if not isinstance(known, dict):
            return None
        return {name: self._member(name, value) for name, value in known.items()}

    def _member(self, name: str, value: Any) -> Any:
        if isinstance(value, (int, float)):
            return value  # counted here
        if isinstance(value, list):
            return [self._shown(str(one)) for one in value]
        if name == "request_id" and _OURS.fullmatch(value):
            return value
        return self._shown(str(value))

    def _hidden_parts(self, key: _Key) -> tuple[str, str]:
        return self._hidden(_what(key)), self._hidden(_whose(key))

    def _hidden(self, text: str) -> str:
        # once more in one line: some secrets become whole by that
        return self._redactor.text(one_line(self._redactor.text(text)))[:_LONGEST]
