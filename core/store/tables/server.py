"""Tables of the server itself: facts, workers, log levels."""

from datetime import datetime

from sqlmodel import Field

from ..types import UtcDateTime, utc_now
from .base import Row, Table

__all__ = ["Fact", "LogLevelRow", "WorkerRow"]


class Fact(Table, table=True):
    """Something that the database knows of itself, e.g. which secret its keys are hashed with."""

    __tablename__ = "facts"

    name: str = Field(max_length=64, primary_key=True)
    value: str = Field(max_length=1000)


class WorkerRow(Row, table=True):
    """A process that runs turns. What it left running when it died is found by its id.

    Attributes:
        host: Name of its machine.
        pid: Its process id there.
    """

    __tablename__ = "workers"

    host: str = Field(max_length=255)
    pid: int


class LogLevelRow(Table, table=True):
    """A level that an administrator set while the server ran; every process reads it."""

    __tablename__ = "log_levels"

    component: str = Field(max_length=200, primary_key=True)
    level: str = Field(max_length=8)
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
