"""Bringing a database to the schema of this version: one history of revisions, shipped in the wheel."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection, inspect, text

from ..errors import ConfigurationError
from .urls import shown_url

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlmodel.ext.asyncio.session import AsyncSession

    from .database import Database

__all__ = ["SchemaStatus", "head_revision", "schema_status", "upgrade"]

_LOCK = 0x70726F6D707464
"""PostgreSQL advisory lock under which one process migrates while others wait: ``promptd`` in ASCII."""


class SchemaStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Where a database stands.

    Attributes:
        current: Its revision; None for an empty one.
        head: The revision of this version of promptdock.
        known: Whether this version knows the revision; a later version's it does not.
        differences: What would have to be done to make the tables this version's, e.g. ``add_column users.email``;
            empty when nothing.
    """

    current: str | None
    head: str
    known: bool = True
    differences: tuple[str, ...] = ()

    @property
    def is_current(self) -> bool:
        """Whether nothing is left to do."""
        return self.current == self.head and not self.differences


async def upgrade(database: Database, *, revision: str = "head") -> str | None:
    """Bring a database up to date. Processes that start together do it one after the other; the later find it done.

    Of a database that is up to date it only reads so; Alembic is imported for others.

    Args:
        database: An empty one, or one of any earlier version.
        revision: How far.

    Returns:
        The revision that it had before; None for an empty one.

    Raises:
        ConfigurationError: It is of a later version of promptdock, or not promptdock's.
        StoreUnavailable: It cannot be reached.
    """

    async def work(session: AsyncSession) -> str | None:
        connection = await session.connection()
        return await connection.run_sync(_upgrade, revision, shown_url(database.url))

    if await database.read(_stamps) == [head_revision()]:
        return head_revision()
    return await database.write(work)


async def schema_status(database: Database) -> SchemaStatus:
    """Look where a database stands, and what its tables differ in; nothing is changed."""

    async def work(session: AsyncSession) -> SchemaStatus:
        return await (await session.connection()).run_sync(_status)

    return await database.read(work)


def head_revision() -> str:
    """The revision of this version of promptdock."""
    # files are named by revisions, which count up; Alembic would import all of them to tell
    named = (file.name for file in files(f"{__package__}.migrations").joinpath("versions").iterdir())
    return max(name.partition("_")[0] for name in named if name.endswith(".py"))


async def _stamps(session: AsyncSession) -> list[str]:
    """The revisions that a database is at: one, or none when there is nothing of ours in it."""
    connection = await session.connection()
    if not await connection.run_sync(lambda bound: inspect(bound).has_table("alembic_version")):
        return []
    return list((await connection.execute(text("SELECT version_num FROM alembic_version"))).scalars())


def _upgrade(connection: Connection, revision: str, shown: str) -> str | None:
    from alembic import command

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    config = _config(connection)
    current = _current(connection)
    if not _is_known(config, current):
        raise ConfigurationError(
            f"The database {shown} has the schema {str(current)[:40]!r}, which this version of promptdock lacks.",
            hint="Install the version that made it, or a later one.",
        )
    if current is None:
        _refuse_others(connection, shown)
    command.upgrade(config, revision)
    return current


def _refuse_others(connection: Connection, shown: str) -> None:
    from .tables import Table

    taken = sorted(Table.metadata.tables.keys() & set(inspect(connection).get_table_names()))
    if taken:
        raise ConfigurationError(
            f"The database {shown} has tables of another program's: {', '.join(taken)[:100]}.",
            hint="Give promptdock a database of its own.",
        )


def _status(connection: Connection) -> SchemaStatus:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from .tables import Table

    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    current = _current(connection)
    differences = () if current is None else compare_metadata(context, Table.metadata)
    return SchemaStatus(
        current=current,
        head=head_revision(),
        known=_is_known(_config(), current),
        differences=tuple(map(_difference_phrase, differences)),
    )


def _is_known(config: Config, revision: str | None) -> bool:
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    try:
        return revision is None or ScriptDirectory.from_config(config).get_revision(revision) is not None
    except CommandError:
        return False


def _difference_phrase(difference: Any) -> str:
    """One of Alembic's differences: a tuple of what to do and with what, or a list of such for one column."""
    if isinstance(difference, list):
        return "; ".join(map(_difference_phrase, difference))
    what = difference[0]
    if what.startswith("modify_"):
        return f"{what} {difference[2]}.{difference[3]}"
    if what.endswith("_column"):
        return f"{what} {difference[2]}.{difference[3].name}"
    thing = difference[1]
    return f"{what} {thing.name if thing.name is not None else thing}"


def _current(connection: Connection) -> str | None:
    from alembic.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()


def _config(connection: Connection | None = None) -> Config:
    from alembic.config import Config

    from .tables import Table

    config = Config()
    config.set_main_option("script_location", f"{__package__}:migrations")
    config.set_main_option("path_separator", "os")
    attributes: dict[str, Any] = config.attributes
    attributes |= {"connection": connection, "metadata": Table.metadata}
    return config
