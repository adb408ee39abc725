"""``promptdock db upgrade`` and ``promptdock db status``: the schema of the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .invocation import Invocation, debug_option

if TYPE_CHECKING:
    from ..settings import Settings
    from ..store.migrating import SchemaStatus
    from .console import Output

__all__ = ["db"]


@click.group(short_help="Show where the database stands, and bring it up to date.")
@debug_option
def db() -> None:
    """Show where the database stands, and bring it up to date.

    A server does the latter by itself when it starts; here it can be done before.
    """


@db.command("upgrade")
@debug_option
@click.pass_obj
def upgrade_database(invocation: Invocation) -> None:
    """Bring the database to the schema of this version; an empty one is filled."""
    from ..logs import command_logging
    from ..settings import load_settings
    from .console import open_output
    from .ending import run_async

    command_logging(debug=invocation.debug)
    with open_output() as output:
        run_async(_upgrade(load_settings(), output), invocation)


@db.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
@debug_option
@click.pass_obj
def show_status(invocation: Invocation, as_json: bool) -> None:
    """Show where the database is, its revision and this version's, and what its tables differ in.

    Nothing is changed. Exits with 1 when the database is not up to date.
    """
    from ..logs import command_logging
    from ..settings import load_settings
    from ..store.urls import database_url, shown_url
    from .console import open_output
    from .ending import run_async

    command_logging(debug=invocation.debug)
    settings = load_settings()
    url = shown_url(database_url(settings))
    with open_output() as output:
        status = run_async(_status(settings), invocation)
        if as_json:
            output.json(
                {
                    "url": url,
                    "revision": status.current,
                    "head": status.head,
                    "current": status.is_current,
                    "differences": list(status.differences),
                }
            )
        else:
            _show(url, status, output)
    _fail_unless_current(status)


async def _upgrade(settings: Settings, output: Output) -> None:
    from ..plaintext import one_line
    from ..store.urls import database_url, shown_url
    from .database import opened_up_to_date

    before = await _status(settings)
    async with opened_up_to_date(settings):
        pass
    if before.current is None:
        told = f"was made, at revision {before.head}"
    elif before.current == before.head:
        told = f"is at revision {before.head} already"
    else:
        told = f"was brought from revision {before.current} to {before.head}"
    output.line(one_line(f"The database {shown_url(database_url(settings))} {told}."))


async def _status(settings: Settings) -> SchemaStatus:
    from ..store.migrating import SchemaStatus, head_revision, schema_status
    from ..store.urls import database_url
    from .database import missing_file, opened_as_it_is

    if missing_file(database_url(settings)) is not None:
        return SchemaStatus(current=None, head=head_revision())
    async with opened_as_it_is(settings) as database:
        return await schema_status(database)


def _show(url: str, status: SchemaStatus, output: Output) -> None:
    from rich.text import Text

    from ..plaintext import one_line

    current = ("yes", "green") if status.is_current else ("no", "yellow")
    output.line(Text.assemble("database  ", one_line(url)))
    output.line(Text.assemble("revision  ", one_line(status.current or "none")))
    output.line(Text.assemble("head      ", status.head))
    output.line(Text.assemble("current   ", current))
    for difference in status.differences:
        output.line(Text.assemble("differs   ", one_line(difference)))


def _fail_unless_current(status: SchemaStatus) -> None:
    from .failures import CommandFailed

    if not status.known:
        raise CommandFailed(
            "The database is of another version of promptdock", hint="Install the version that made it, or a later one."
        )
    if status.current != status.head:
        raise CommandFailed("The database is not up to date", hint="Run 'promptdock db upgrade', or start the server.")
    if not status.is_current:
        raise CommandFailed(
            "The tables are not as this version made them", hint="Undo what was changed by hand, or restore a backup."
        )
