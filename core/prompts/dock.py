"""The dock: the prompt service together with its store; the one object that a server holds."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Awaitable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar
from uuid import UUID

from ..errors import ConfigurationError
from ..store.database import Database
from ..store.leases import Lease, take_lease
from ..store.migrating import upgrade
from ..store.pruning import prune
from ..store.recovery import interrupt, recover, retire
from ..store.secret import server_secret
from ..store.urls import database_url
from .feeds import Feeds
from .gate import Gate
from .going_on import GoingOn
from .known_ids import KnownIds
from .log_sync import LogSync
from .task import PromptTask
from .threads import KeptThreads
from .turn_block import TurnBlock

if TYPE_CHECKING:
    from pydantic import SecretStr
    from sqlalchemy import URL

    from ..plugins.host import PluginHost
    from ..service import PromptService
    from ..settings import Settings
    from .running import OpenTurn

__all__ = ["Dock", "open_dock"]

_T = TypeVar("_T")
_log = logging.getLogger("promptdock.prompts")
_SWEEP_SECONDS: Final = 5.0
_PRUNE_EVERY: Final = 720
"""Sweeps from one look for rows that have been kept long enough to the next: about an hour."""


class Dock:
    """Answers prompts and keeps what was said. Open it with :func:`open_dock`; it belongs to one event loop.

    Attributes:
        service: The prompt service.
        settings: The service's.
        host: The service's plugins.
        database: Up to date.
        secret: What API keys are hashed with.
        lease: This process's, as a worker.
        decision_sets: The sets of decisions that are stored.
        threads: The threads of the sessions that were prompted last.
        feeds: The streamed turns that run here.
        log_sync: The levels of log lines in this process.
    """

    def __init__(self, service: PromptService, database: Database, secret: SecretStr, lease: Lease) -> None:
        self.service = service
        self.settings: Settings = service.settings
        self.host: PluginHost = service.host
        self.database = database
        self.secret = secret
        self.lease = lease
        self._gate = Gate()
        self._lost: set[UUID] = set()
        self._going_on = GoingOn()
        self.decision_sets = KnownIds()
        self.threads = KeptThreads()
        self.feeds = Feeds(self)
        self.log_sync = LogSync(service.settings.log_levels)

    @property
    def worker_id(self) -> UUID:
        """This process, as the store knows it."""
        return self.lease.worker_id

    def opened(self, task: PromptTask, *, streamed: bool = False) -> AbstractAsyncContextManager[OpenTurn]:
        """Open a turn for the length of a block. Of two prompts to one session the later waits for the earlier one.

        Args:
            task: What is asked, by whom, of whom; rights and rate limits are checked already.
            streamed: Whether the turn's events are kept, for callers who lose the connection.

        Returns:
            Gives the block the open turn. What of it nobody has heard at the end of the block is cancelled. Entering it
            raises SessionBusy when the session was busy for as long as the settings let a prompt wait, BudgetExceeded
            when a budget has no room for it, and any PromptdockError when the prompt cannot be answered; in each case
            nothing was written.
        """
        return TurnBlock(self, task, self._gate, streamed=streamed)

    def to_its_end(self, work: Coroutine[Any, Any, _T]) -> Awaitable[_T]:
        """Do something that is done to its end even when whoever waits for it is cancelled; closing waits for it.

        Args:
            work: As :meth:`promptdock.prompts.going_on.GoingOn.to_its_end` has it: it sets no timeouts of its own.
        """
        return self._going_on.to_its_end(work)

    def apart(self, work: Coroutine[Any, Any, _T]) -> Awaitable[_T]:
        """The same for any work, in a task of its own."""
        return self._going_on.apart(work)

    async def settle(self) -> None:
        """Wait for what goes on though nobody waits for it any more."""
        await self._going_on.settle()

    def lost(self, *ids: UUID) -> None:
        """Remember turns whose end, and places in queues whose removal, could not be stored.

        They are marked as interrupted, and removed, as soon as that can be.
        """
        self._lost.update(ids)

    async def sweep(self) -> None:
        """Now and then, for as long as it is not cancelled: keep our own lock, and put right what went wrong since."""
        for number in itertools.count():
            await asyncio.sleep(_SWEEP_SECONDS)
            try:
                if number % _PRUNE_EVERY == 0:
                    await self.database.write(partial(prune, settings=self.settings))
                await self.lease.renew()
                await recover(self.database, self.lease)
                await self._give_up_lost()
                await self.log_sync.refresh(self.database)
            except Exception:  # noqa: BLE001  (whatever fails now is tried again soon)
                _log.warning("Looking for dead workers and lost turns failed", exc_info=True)

    async def _give_up_lost(self) -> None:
        given_up = frozenset(self._lost)
        if given_up:
            await self.database.write(lambda session: interrupt(session, given_up))
            self._lost -= given_up


@asynccontextmanager
async def open_dock(
    settings: Settings | None = None,
    *,
    service: PromptService | None = None,
    extra: Mapping[str, object] | None = None,
) -> AsyncIterator[Dock]:
    """Open a dock, and close it at the end of the block.

    The database is brought up to date first, and what dead workers left running is marked as interrupted.

    Args:
        settings: The settings; None reads them, or takes the service's.
        service: A prompt service that is open already, and that its owner closes; None opens one.
        extra: Further plugins of the service that is opened, given as objects, by plugin id.

    Yields:
        The dock.

    Raises:
        ConfigurationError: The settings or the database cannot be used.
        PluginError: ``strict`` is set and a plugin is quarantined.
        StoreUnavailable: The database cannot be reached.
    """
    from ..service import open_service
    from ..settings import load_settings

    used = settings if settings is not None else load_settings() if service is None else service.settings
    async with AsyncExitStack() as stack:
        opened = service if service is not None else await stack.enter_async_context(open_service(used, extra=extra))
        database = await stack.enter_async_context(open_database(used))
        secret = await server_secret(used, database)
        lease = await take_lease(database)
        stack.push_async_callback(lease.aclose)
        stack.push_async_callback(retire, database, lease)
        await recover(database, lease)
        dock = Dock(opened, database, secret, lease)
        stack.push_async_callback(dock.settle)
        stack.callback(dock.log_sync.close)
        await dock.log_sync.refresh(database)
        stack.push_async_callback(_stopped, asyncio.create_task(dock.sweep(), name="promptdock sweeper"))
        stack.push_async_callback(dock.feeds.aclose)
        yield dock


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """Open the database, bring it up to date, and close it at the end of the block.

    Raises:
        ConfigurationError: It cannot be used, or is of a later version.
        StoreUnavailable: It cannot be reached.
    """
    url = database_url(settings)
    if settings.database_url is None:
        _make_home(settings.home.expanduser())
    _make_private(url)
    database = Database(url)
    try:
        await upgrade(database)
        yield database
    finally:
        await database.aclose()


def _make_home(home: Path) -> None:
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The home folder {home} cannot be made: {error.strerror}.",
            hint="Set PROMPTDOCK_HOME to a folder of your own.",
        ) from None


def _make_private(url: URL) -> None:
    """Make the file of a database that is not there yet, for its owner to read; the files beside it follow its mode."""
    if url.get_backend_name() == "sqlite" and url.database is not None:
        with suppress(OSError):  # it is there; or it cannot be, which opening it tells
            Path(url.database).touch(mode=0o600, exist_ok=False)


async def _stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
