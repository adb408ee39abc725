"""Tables of the server itself: facts, workers, log levels."""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlmodel import Field

from ..types import UtcDateTime, utc_now
from .base import Row, Table

__all__ = ["ConfigurationVersion", "Fact", "LogLevelRow", "WorkerRow"]


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


class ConfigurationVersion(Table, table=True):
    """The one row that says whether the configuration is still what it was: a number that changes with it.

    Triggers count it up when accounts, users, profiles, API keys, LLM clients with their keys, custom domains, prices
    or budgets change, by whatever program; see the migration that makes them. A revision that makes one of these
    tables anew makes its triggers anew.
    """

    __tablename__ = "configuration_versions"

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    version: int = Field(sa_type=BigInteger)
