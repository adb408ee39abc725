"""``promptdock keys list``, ``keys new`` and ``keys revoke``: the stored keys, for whoever has the machine."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar
from uuid import UUID

import click

from .invocation import Invocation, debug_option
from .spans import read_span

if TYPE_CHECKING:
    from pydantic import SecretStr

    from ..jsontext import JsonObject
    from ..settings import Settings
    from ..store.database import Database
    from ..store.issuing import IssuedKey
    from .console import Output

__all__ = ["keys"]

T = TypeVar("T")

_USER: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")


@click.group(short_help="Show, make and revoke the keys that callers send.")
@debug_option
def keys() -> None:
    """Show, make and revoke the keys that callers send.

    They are stored in the database as hashes. PROMPTDOCK_API_KEY is another key, which is not among them.
    """


def _check_user(_: click.Context, __: click.Parameter, value: str) -> str:
    if not _USER.fullmatch(value):
        raise click.BadParameter("a name has up to 64 letters, figures, dots, hyphens and underscores.")
    return value


def _check_name(_: click.Context, __: click.Parameter, value: str) -> str:
    if not 1 <= len(value) <= 100 or not value.isprintable():
        raise click.BadParameter("a name has 1 to 100 characters.")
    return value


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array instead.")
@debug_option
@click.pass_obj
def list_keys(invocation: Invocation, as_json: bool) -> None:
    """Show every key: whose it is, whether it is accepted, and when it was last used; not the key itself."""

    async def look(database: Database, _: Settings) -> list[IssuedKey]:
        from ..store.issuing import issued_keys

        return list(await database.read(issued_keys))

    def show(found: list[IssuedKey], output: Output) -> None:
        from .tables import show_table

        if as_json:
            output.json([_as_json(key) for key in found])
            return
        header = ["id", "key", "name", "user", "account", "active", "expires", "last used"]
        show_table(output, header, [_cells(key) for key in found], squeezed=["name", "user"])
        if not found:
            output.aside("There is no key yet. Make one: promptdock keys new --user admin")

    _run(invocation, look, show)


@keys.command("new")
@click.option("--user", required=True, callback=_check_user, help="Whose it is; made when there is none of that name.")
@click.option("--account", metavar="NUMBER", help="Where it is used; needed when there are several to choose from.")
@click.option("--name", default="key", show_default=True, callback=_check_name, help="What it is called.")
@click.option(
    "--expires-in", "span", metavar="TIME", callback=read_span, help="How long it is accepted, e.g. 30d or 12h."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
@debug_option
@click.pass_obj
def make_key(
    invocation: Invocation, user: str, account: str | None, name: str, span: timedelta | None, as_json: bool
) -> None:
    """Make a key, and show it, this once.

    The very first user is made a superuser, and gets an account when there is none.
    """

    async def make(database: Database, settings: Settings) -> IssuedKey:
        from ..store.issuing import issue_key
        from ..store.keys import new_key
        from ..store.secret import server_secret
        from ..store.types import utc_now

        made = new_key(await server_secret(settings, database))
        expires_at = None if span is None else utc_now() + span
        return await database.write(
            lambda session: issue_key(session, made, user=user, account=account, name=name, expires_at=expires_at)
        )

    def show(key: IssuedKey, output: Output) -> None:
        if as_json:
            output.json({**_as_json(key), "key": _plain(key.key)})
            return
        show_new_key(key, output)

    _run(invocation, make, show)


@keys.command("revoke")
@click.argument("key_id", metavar="ID", type=click.UUID)
@debug_option
@click.pass_obj
def revoke(invocation: Invocation, key_id: UUID) -> None:
    """Switch a key off: it is refused from now on. Its id is in 'promptdock keys list'."""

    async def work(database: Database, _: Settings) -> IssuedKey:
        from ..store.issuing import revoke_key

        return await database.write(lambda session: revoke_key(session, key_id))

    def show(key: IssuedKey, output: Output) -> None:
        from ..plaintext import one_line

        output.line(one_line(f"The key …{key.row.hint} ({key.row.name}) of {_owner(key)} is refused from now on."))

    _run(invocation, work, show)


def show_new_key(key: IssuedKey, output: Output) -> None:
    """Show a key that was made just now, and whose it is, each in a line that can be copied from."""
    from ..plaintext import one_line

    role = " (superuser)" if key.user.is_superuser else ""
    output.line(f"  account  {one_line(f'{key.account.number} ({key.account.name})')}")
    output.line(f"  user     {one_line(key.user.name)}{role}")
    output.line(f"  key      {_plain(key.key)}")
    output.line("Keep it: it is stored as a hash, and cannot be shown again. Callers send it as their API key.")


def _run(
    invocation: Invocation,
    work: Callable[[Database, Settings], Awaitable[T]],
    show: Callable[[T, Output], None],
) -> None:
    """Do something with the database, then show what came of it."""
    from ..logs import command_logging
    from ..settings import load_settings
    from .console import open_output
    from .database import opened_up_to_date
    from .ending import run_async

    command_logging(debug=invocation.debug)

    async def run(settings: Settings) -> T:
        async with opened_up_to_date(settings) as database:
            return await work(database, settings)

    with open_output() as output:
        show(run_async(run(load_settings()), invocation), output)


def _as_json(key: IssuedKey) -> JsonObject:
    return {
        "id": str(key.row.id),
        "hint": key.row.hint,
        "name": key.row.name,
        "user": key.user.name,
        "account": key.account.number,
        "active": key.works,
        "expires_at": key.row.expires_at,
        "last_used_at": key.row.last_used_at,
        "created_at": key.row.created_at,
    }


def _cells(key: IssuedKey) -> list[str]:
    return [
        str(key.row.id),
        f"…{key.row.hint}",
        key.row.name,
        key.user.name,
        key.account.number,
        "yes" if key.works else "no",
        _moment(key.row.expires_at),
        _moment(key.row.last_used_at),
    ]


def _moment(when: datetime | None) -> str:
    return "-" if when is None else f"{when:%Y-%m-%d %H:%M}Z"


def _owner(key: IssuedKey) -> str:
    return f"{key.user.name}@{key.account.number}"


def _plain(key: SecretStr | None) -> str:
    return "" if key is None else key.get_secret_value()
