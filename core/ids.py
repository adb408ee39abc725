"""Ids that sort by the time at which they were made, and tell nothing else: UUIDs of version 7 (RFC 9562)."""

from __future__ import annotations

import random
import time
from uuid import UUID

__all__ = ["least_id", "new_hex", "new_id", "new_request_id", "read_id"]

_VERSION = 0x7 << 76
_VARIANT = 0x2 << 62


def new_id() -> UUID:
    """Make an id: 48 bits of milliseconds, 12 bits of the millisecond's fraction, 62 random bits.

    Who knows one knows about when others were made, and could guess them: an id opens nothing by itself.

    Ids made one after the other sort in that order as far as the clock tells them apart: to a quarter of a microsecond.
    """
    return UUID(int=_new_number())


def new_hex() -> str:
    """Make an id that is wanted as 32 hex digits, and as no object, which takes longer to be made than its number."""
    return f"{_new_number():032x}"


def least_id(milliseconds: int) -> UUID:
    """Where the ids begin that are made from a moment on; no id is made equal to it.

    Args:
        milliseconds: The moment, since 1970; before that no id was made.
    """
    return UUID(int=max(milliseconds, 0) << 80)


def new_request_id() -> str:
    """Name a request: ``req_`` and 32 hex digits, those of an id.

    Names that sort by time are added at the end of an index, and those by chance anywhere in it: each is another page
    to read and to write.
    """
    return f"req_{new_hex()}"


def read_id(text: object) -> UUID | None:
    """Read an id that a caller sent; None when it is none."""
    try:
        return UUID(str(text))
    except ValueError:
        return None


def _new_number() -> int:
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = (rest << 12) // 1_000_000
    return (milliseconds & (1 << 48) - 1) << 80 | _VERSION | fraction << 64 | _VARIANT | random.getrandbits(62)
