"""Who may come in at the address that a server listens on: only callers with a key, beyond this machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .failures import CommandFailed
from .listening import is_loopback

if TYPE_CHECKING:
    from ..settings import Settings

__all__ = ["refuse_open_door", "serving_settings"]


def serving_settings(host: str, *, strict: bool, allow_anonymous: bool) -> Settings:
    """Read a server's settings, after what the command line says was put where its workers read it, too.

    Args:
        host: Where the server listens. Beyond this machine callers without a key are let in only when that was said.
        strict: Whether ``--strict`` was.
        allow_anonymous: Whether ``--allow-anonymous`` was.

    Raises:
        ConfigurationError: The settings are not valid.
    """
    from ..settings import load_settings

    if strict:
        os.environ["PROMPTDOCK_STRICT"] = "true"
    if allow_anonymous:
        os.environ["PROMPTDOCK_ALLOW_ANONYMOUS"] = "true"
    settings = load_settings()
    if settings.allow_anonymous is None and not is_loopback(host):
        os.environ["PROMPTDOCK_ALLOW_ANONYMOUS"] = "false"
        return load_settings()
    return settings


async def refuse_open_door(settings: Settings, host: str) -> None:
    """Refuse to serve beyond this machine when nobody could have a key.

    Raises:
        CommandFailed: There is no key, neither in the settings nor in the database, and nobody said that none is
            needed.
    """
    if is_loopback(host) or settings.allow_anonymous or settings.api_key is not None:
        return
    from ..store.issuing import opens_to_somebody
    from .database import opened_up_to_date

    async with opened_up_to_date(settings) as database:
        if await database.read(opens_to_somebody):
            return
    raise CommandFailed(
        f"Anybody who reaches {host} could use this server's providers and tools: there is no key",
        hint="Set PROMPTDOCK_API_KEY to a key of your own, make one with 'promptdock keys new --user admin', or say "
        "--allow-anonymous.",
    )
