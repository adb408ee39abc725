"""What all tables share: one metadata of our own, named constraints, and the columns that nearly every row has."""

# no `from __future__ import annotations` in the modules of tables: SQLModel reads annotations when a class is made

from copy import copy
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, MetaData, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from ...ids import new_id
from ..types import JsonText, UtcDateTime, utc_now

__all__ = ["Row", "Table", "json_field", "moment", "of_somebody", "unique_where"]

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Table(SQLModel, registry=registry(metadata=MetaData(naming_convention=_NAMES))):
    """Base of all tables. A registry of our own keeps other people's SQLModel tables out of our migrations."""

    # rows are made and read without pydantic's validators, so these are built when somebody asks for one
    model_config = {"defer_build": True}


class Row(Table):
    """A row that has an id.

    Attributes:
        id: UUIDv7: sorts by the time of making, and tells nothing else.
        created_at: UTC.
    """

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


def moment(*, index: bool = False) -> Any:
    """A nullable time."""
    return Field(default=None, sa_type=UtcDateTime, index=index)


def of_somebody(name: str, first: str, *others: str) -> Index:
    """An index of the rows whose first column is not null, for questions of what it is.

    The others cost nothing: a row that is written goes into the indexes that it is found by.
    """
    return _where(f"{first} IS NOT NULL", name, first, *others)


def unique_where(condition: str, name: str, *columns: str) -> Index:
    """An index of columns that are unique among the rows for which a condition holds."""
    return _where(condition, name, *columns, unique=True)


def _where(condition: str, name: str, *columns: str, unique: bool = False) -> Index:
    # The condition is said for SQLite alone. The migrations, which make the tables, say it for PostgreSQL, too, and one
    # that is written by what is here has to; to say it here would import PostgreSQL's dialect with the tables, whatever
    # the database is.
    return Index(name, *columns, unique=unique, sqlite_where=text(condition))


def json_field(default: Any = None) -> Any:
    """A JSON value; lists and objects are replaced as a whole, never changed in place."""
    if default is None:
        return Field(default=None, sa_type=JsonText, nullable=True)
    return Field(default_factory=lambda: copy(default), sa_type=JsonText, nullable=False)
