"""``/api/v1/log-levels``: levels of log lines by component, changed while the server runs, for superusers."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

import msgspec
from litestar import Request, Response, delete, get, put
from litestar.params import FromPath
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import ConfigurationError, Forbidden, NotFound, Unprocessable
from ..log_levels import checked_level
from ..prompts.dock import Dock
from ..store.log_levels import drop_log_level, log_levels, put_log_level
from ..store.tables import LogLevelRow
from .auth import principal_of
from .bodies import Asked, read_model
from .envelope import Envelope, reply
from .operations import OurOperation, envelope_errors, taking
from .paging import listed
from .state import dock_of

__all__ = ["LOG_LEVEL_ROUTES"]

_THING: Final = "LogLevel"
_TAGS: Final = ["Server"]
_WHO: Final = "For superusers."


class LogLevelView(msgspec.Struct, frozen=True, kw_only=True):
    """A component's level, and whether it was set here or in the server's settings."""

    component: str
    level: str
    source: Literal["api", "settings"]
    updated_at: datetime | None = None


class LogLevelReply(Envelope, frozen=True, kw_only=True):
    """One level."""

    data: LogLevelView


class LogLevelList(Envelope, frozen=True, kw_only=True):
    """The levels that are set; all other components go by the one above them."""

    data: list[LogLevelView]


class LevelAsked(Asked):
    """What a component's level is to be; warnings are always shown."""

    level: Literal["debug", "info", "warning"]


@get(
    "/log-levels",
    operation_id="listLogLevels",
    opt={"command": "list", "thing": _THING},
    operation_class=OurOperation,
    summary="List the log levels",
    description=_WHO,
    responses=envelope_errors(401, 403, 503),
    tags=_TAGS,
)
async def list_levels(request: Request[Any, Any, Any]) -> Response[LogLevelList]:
    """Those of the settings and those that were set here, which win."""
    dock = _dock_for(request)
    shown = {
        component: LogLevelView(component=component, level=level.lower(), source="settings")
        for component, level in dock.settings.log_levels.items()
    }
    shown |= {row.component: _view(row) for row in await dock.database.read(log_levels)}
    return listed(request, [shown[component] for component in sorted(shown)], thing=_THING, next=None)


@put(
    "/log-levels/{component:str}",
    operation_id="setLogLevel",
    opt={"command": "update", "thing": _THING},
    operation_class=taking(LevelAsked),
    summary="Set a component's log level",
    description=f"{_WHO} Every process of the server follows within seconds. A component is e.g. `promptdock.turn`, "
    "`promptdock.plugins.weather`, `promptdock.access` or `root`.",
    responses=envelope_errors(400, 401, 403, 409, 413, 415, 422, 503),
    tags=_TAGS,
)
async def set_level(request: Request[Any, Any, Any], component: FromPath[str]) -> Response[LogLevelReply]:
    """It holds until it is deleted, also after a restart."""
    dock = _dock_for(request)
    asked = await read_model(request, LevelAsked)
    try:
        checked_level(component, asked.level, place="component")
    except ConfigurationError as error:
        raise Unprocessable(error.message, param="component", hint=error.hint) from None

    async def work(session: AsyncSession) -> LogLevelRow:
        return await put_log_level(session, component, asked.level)

    row = await dock.database.write(work)
    await dock.log_sync.refresh(dock.database)
    return reply(_view(row), command="update", thing=_THING)


@delete(
    "/log-levels/{component:str}",
    operation_id="deleteLogLevel",
    opt={"command": "delete", "thing": _THING},
    operation_class=OurOperation,
    summary="Take a component's log level back",
    description=f"{_WHO} What the server's settings say holds again, else what holds for the component above.",
    responses=envelope_errors(401, 403, 404, 503),
    tags=_TAGS,
)
async def delete_level(request: Request[Any, Any, Any], component: FromPath[str]) -> None:
    """Only what was set here can be taken back."""
    dock = _dock_for(request)

    async def work(session: AsyncSession) -> bool:
        return await drop_log_level(session, component)

    if not await dock.database.write(work):
        raise NotFound(f"No level was set here for the component {component[:100]!r}.")
    await dock.log_sync.refresh(dock.database)


def _dock_for(request: Request[Any, Any, Any]) -> Dock:
    """The dock, for superusers.

    Raises:
        Forbidden: The caller is none.
    """
    if not principal_of(request).is_superuser:
        raise Forbidden("Only superusers may see and change the log levels.")
    return dock_of(request.app)


def _view(row: LogLevelRow) -> LogLevelView:
    return LogLevelView(component=row.component, level=row.level, source="api", updated_at=row.updated_at)


LOG_LEVEL_ROUTES: Final = (list_levels, set_level, delete_level)
"""They belong behind the guard :func:`promptdock.web.auth.key_required`."""
