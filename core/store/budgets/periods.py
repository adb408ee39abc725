"""The periods of budgets, in UTC: when the one of a moment begins, and when it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

__all__ = ["PERIODS", "PeriodBounds", "period_bounds"]

PERIODS: Final = ("total", "hour", "day", "week", "month")
"""How long a limit counts before it begins anew; ``total`` never does."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class PeriodBounds(msgspec.Struct, frozen=True, kw_only=True):
    """One period.

    Attributes:
        starts_at: Its first moment.
        ends_at: The first moment of the next one; None when it never ends.
    """

    starts_at: datetime
    ends_at: datetime | None


def period_bounds(period: str, at: datetime) -> PeriodBounds:
    """The period that a moment falls into. A week begins on Monday.

    Args:
        period: One of :data:`PERIODS`.
        at: The moment, aware.

    Raises:
        ValueError: There is no such period.
    """
    hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    day = hour.replace(hour=0)
    match period:
        case "total":
            return PeriodBounds(starts_at=_EPOCH, ends_at=None)
        case "hour":
            return PeriodBounds(starts_at=hour, ends_at=hour + timedelta(hours=1))
        case "day":
            return PeriodBounds(starts_at=day, ends_at=day + timedelta(days=1))
        case "week":
            monday = day - timedelta(days=day.weekday())
            return PeriodBounds(starts_at=monday, ends_at=monday + timedelta(weeks=1))
        case "month":
            first = day.replace(day=1)
            # 31 days on is always in the next month
            return PeriodBounds(starts_at=first, ends_at=(first + timedelta(days=31)).replace(day=1))
        case _:
            raise ValueError(f"there is no period {period!r}; there are {', '.join(PERIODS)}")
