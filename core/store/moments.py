"""Rows by the time at which they were made: their ids sort by it, so that no table needs an index of moments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_
from sqlmodel import col

from ..ids import least_id

__all__ = ["made_before", "made_since"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_APART: Final = 3_600_000
"""Milliseconds that a row's id and its moment may lie apart. Whoever makes a row reads the clock for both, with little
in between; an hour allows for a clock that is set meanwhile, too. Only of a prompt that was interrupted after it had
waited for its session, the journal's id is older by that wait."""


def made_since(row_id: Any, made_at: Any, moment: datetime) -> ColumnElement[bool]:
    """The condition that rows were made at a moment or later.

    Args:
        row_id: The column of their ids, or of ids that were made before them within the hour.
        made_at: The column that says when: it decides, and the ids only tell the database where to look.
        moment: The moment, aware.
    """
    return and_(col(made_at) >= moment, col(row_id) >= least_id(_milliseconds(moment) - _APART))


def made_before(row_id: Any, made_at: Any, moment: datetime) -> ColumnElement[bool]:
    """The condition that rows were made before a moment.

    Args:
        row_id: The column of their ids, or of ids that were made before them, however long.
        made_at: As for :func:`made_since`.
        moment: The moment, aware.
    """
    return and_(col(made_at) < moment, col(row_id) < least_id(_milliseconds(moment) + _APART))


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND
