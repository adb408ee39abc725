"""The player: gives the recorded answers to the calls that were recorded, and to no others."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Final

from ..errors import PromptdockError
from ..jsontext import JsonObject
from ..providers.base import CompletionCall
from ..redaction import HIDDEN, redact_text
from .cassette import Cassette, RecordedCall
from .normal import lines_of

__all__ = ["CallNotRecorded", "Player"]

_MASK: Final = "****"
_HOLES: Final = re.compile(rf"{re.escape(HIDDEN)}|{re.escape(_MASK)}")
_MOST_LINES: Final = 80
_LONGEST: Final = 240


class CallNotRecorded(PromptdockError):
    """A provider is asked something that the cassette has no answer to."""

    code = "call_not_recorded"


class Player:
    """Plays one cassette. Each recorded call is played once.

    Args:
        cassette: The calls.
        name: What the cassette is called in errors: its file.

    Attributes:
        misses: What was asked and not recorded, in order.
    """

    def __init__(self, cassette: Cassette, name: str) -> None:
        self._name = name
        self._commands = cassette.commands
        self._total = len(cassette.calls)
        self._left = [(call, _lines(call)) for call in cassette.calls]
        self.misses: list[CallNotRecorded] = []

    @property
    def left(self) -> tuple[RecordedCall, ...]:
        """The calls that were not played yet, in order."""
        return tuple(call for call, _ in self._left)

    def play(self, call: CompletionCall) -> RecordedCall:
        """Find what was recorded for a call: the first, of those not played yet, with its messages and tools.

        Raises:
            CallNotRecorded: There is none; the text shows what differs from the next one, and how to record again.
        """
        asked = lines_of(call.messages, call.tools)
        for place, (recorded, lines) in enumerate(self._left):
            if _aligned(lines, asked) == lines:
                del self._left[place]
                return recorded
        miss = CallNotRecorded(self._told(asked), hint=self._advice())
        self.misses.append(miss)
        raise miss

    def _told(self, asked: Sequence[str]) -> str:
        if not self._left:
            what = "it is empty" if not self._total else f"all of its {self._total} calls were played"
            return f"The cassette {self._name} has no answer to what the provider is asked: {what}. Asked was:\n" + (
                _short([line for line in asked if line])
            )
        number = self._total - len(self._left) + 1
        lines = self._left[0][1]
        diff = list(difflib.unified_diff(lines, _aligned(lines, asked), "recorded", "asked", n=2, lineterm=""))
        return f"The provider is asked something else than call {number} of {self._total} in {self._name}:\n" + (
            _short(diff)
        )

    def _advice(self) -> str:
        return f"\nIf what is asked now is right, record it again: {' && '.join(self._commands) or _record(self._name)}"


def _record(name: str) -> str:
    return f"promptdock record TEXT -m PROVIDER/MODEL -o {name} --force"


def _lines(call: RecordedCall) -> list[str]:
    tools: list[JsonObject] = call.request.get("tools", [])
    return lines_of(call.request["messages"], tools)


def _aligned(recorded: Sequence[str], asked: Sequence[str]) -> list[str]:
    """What is asked, with the recorded line wherever the two differ only by a secret that was hidden."""
    holed = [line for line in recorded if _HOLES.search(line)]
    if not holed:
        return list(asked)
    patterns = [(re.compile(".*?".join(map(re.escape, _HOLES.split(line))), re.DOTALL), line) for line in holed]
    known = set(recorded)
    return [
        line if line in known else next((as_was for pattern, as_was in patterns if pattern.fullmatch(line)), line)
        for line in asked
    ]


def _short(lines: Sequence[str]) -> str:
    shown = [line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…" for line in lines[:_MOST_LINES]]
    more = [f"… and {len(lines) - _MOST_LINES} lines more"] if len(lines) > _MOST_LINES else []
    return redact_text("\n".join([*shown, *more]))
