"""What is read off the reply to a raw passthrough."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import msgspec

from ..turn.events import Usage

__all__ = ["ReplyReading"]


class ReplyReading(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What a reply says of its tokens.

    Attributes:
        usage: As the provider reported it; None when it did not.
        is_whole: Whether the reply says itself that nothing more comes.
        written: Estimates what the model wrote.
    """

    usage: Usage | None = None
    is_whole: bool = False
    written: Callable[[], int] = int

    @cached_property
    def completion_tokens(self) -> int:
        """An estimate of what the model wrote; made when it is asked for, as most replies report it."""
        return self.written()
