"""How the parts of a server are, and which of them keep it from answering prompts."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..plugins.catalog import PluginState
from ..store.tables import Account
from .schemas import Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..plugins.catalog import PluginRecord
    from ..prompts.dock import Dock
    from ..telemetry.provider_health import ProviderHealth, ProviderRecord
    from ..telemetry.telemetry import Telemetry

__all__ = ["can_serve", "parts_of"]

_log = logging.getLogger("promptdock.web")

_STORE_SECONDS: Final = 2.0
_LATELY: Final = 60.0
"""Seconds for which a stall of the event loop is told."""


async def parts_of(dock: Dock, telemetry: Telemetry | None, *, stopping: bool) -> list[Part]:
    """Look at each part, without asking a provider: that would cost money.

    Args:
        dock: What is served.
        telemetry: What has watched it.
        stopping: Whether the server was told to stop.
    """
    parts = [_server(stopping=stopping), await _store(dock), _plugins(dock.service.catalog.plugins)]
    if telemetry is not None:
        parts += [_loop(telemetry), *_providers(dock, telemetry.health)]
    return parts


def can_serve(parts: Sequence[Part]) -> bool:
    """Whether prompts are answered."""
    return all(part.state != "failed" for part in parts)


def _server(*, stopping: bool) -> Part:
    return Part("server", "failed", "It is shutting down.") if stopping else Part("server", "ok")


async def _store(dock: Dock) -> Part:
    try:
        await asyncio.wait_for(dock.database.read(_look), _STORE_SECONDS)
    except TimeoutError:
        return Part("store", "failed", f"The database did not answer within {_STORE_SECONDS:g} s.")
    except Exception:  # noqa: BLE001  (whatever it is, nothing can be stored)
        _log.warning("The database cannot be read", exc_info=True)
        return Part("store", "failed", "The database cannot be used; the log says why.")
    return Part("store", "ok")


async def _look(session: AsyncSession) -> None:
    """Read from a table: SQLite answers what needs none without opening its file."""
    await session.exec(select(Account.id).limit(1))


def _plugins(plugins: Sequence[PluginRecord]) -> Part:
    broken = [record.name for record in plugins if record.state is PluginState.QUARANTINED]
    if not broken:
        return Part("plugins", "ok")
    return Part("plugins", "degraded", f"In quarantine: {', '.join(broken)}.")


def _loop(telemetry: Telemetry) -> Part:
    stall = None if telemetry.loop is None else telemetry.loop.latest
    if stall is None or time.monotonic() - stall.since > _LATELY:
        return Part("loop", "ok")
    who = f"{stall.culprit.plugin}{f', {stall.culprit.what}' if stall.culprit.what else ''}"
    long = "" if stall.seconds is None else f" for {stall.seconds * 1000:.0f} ms"
    return Part("loop", "degraded", f"The event loop stood still{long} a moment ago, in {who}.")


def _providers(dock: Dock, health: ProviderHealth) -> Iterator[Part]:
    default = dock.service.router.default
    if default is None:
        yield Part("provider", "degraded", "There is no default provider; prompts have to name one.")
    for name in sorted({*health.records, *([] if default is None else [default])}):
        yield _provider(name, health.of(name))


def _provider(name: str, record: ProviderRecord) -> Part:
    failed, calls = record.counts
    if not record.is_sick:
        return Part(f"provider:{name}", "ok", None if calls else "It was not asked lately.")
    succeeded = "none has been answered" if record.succeeded_at is None else f"the last answer was at {_utc(record)}"
    return Part(
        f"provider:{name}", "degraded", f"{failed} of the latest {calls} calls failed ({record.failure}); {succeeded}."
    )


def _utc(record: ProviderRecord) -> str:
    return datetime.fromtimestamp(record.succeeded_at or 0.0, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
