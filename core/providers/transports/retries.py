"""When a failed call is tried again, and how long that waits: as the openai package does it."""

from __future__ import annotations

import random
from collections.abc import Mapping

from ...error_table import retry_after

__all__ = ["backoff", "pause", "should_retry"]

_LONGEST_PAUSE = 120.0
_FIRST_BACKOFF = 0.5
_LONGEST_BACKOFF = 8.0


def should_retry(status: int, headers: Mapping[str, str]) -> bool:
    """Whether an answer that is not a success may be different next time.

    Args:
        status: The answer's status.
        headers: Its headers, with case-insensitive names.
    """
    asked = retry_after(headers)
    if asked is not None and asked > _LONGEST_PAUSE:
        return False
    advice = headers.get("x-should-retry")
    if advice in {"true", "false"}:
        return advice == "true"
    return status in {408, 409, 429} or status >= 500


def pause(headers: Mapping[str, str], attempt: int) -> float:
    """Seconds until the next attempt: what the server asks for, else a back-off.

    Args:
        headers: Headers of the last answer.
        attempt: How many attempts failed before the last one.
    """
    asked = retry_after(headers)
    return asked if asked is not None and asked <= _LONGEST_PAUSE else backoff(attempt)


def backoff(attempt: int) -> float:
    """Seconds until the next attempt: 0.5 doubled each time, at most 8, less up to a quarter by chance."""
    seconds = min(_FIRST_BACKOFF * 2.0 ** min(attempt, 10), _LONGEST_BACKOFF)
    return seconds * (1 - 0.25 * random.random())  # noqa: S311  (spreads retries; nothing is secret)
