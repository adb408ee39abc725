"""Streamed turns as numbered entries, which can be read again from any place while they run and after."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from ..errors import PromptdockError
from ..jsontext import JsonObject
from ..store.turns import is_watched
from ..store.types import utc_now

if TYPE_CHECKING:
    from .dock import Dock
    from .running import OpenTurn
    from .task import PromptTask

__all__ = ["Feed", "Feeds"]

_log = logging.getLogger("promptdock.prompts")
_LOOK: Final = 0.1


class Feed:
    """One streamed turn of this process. It runs in a task of its own, for as long as anybody reads, and a while on.

    Attributes:
        turn: The turn, once it is open.
        ended: Whether all entries are there.
    """

    def __init__(self, patience: float, is_read_elsewhere: Callable[[UUID], Awaitable[bool]]) -> None:
        self._patience = patience
        self._is_read_elsewhere = is_read_elsewhere
        self._grown = asyncio.Event()
        self._readers = 0
        self._task: asyncio.Task[None] | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._failure: BaseException | None = None
        self.turn: OpenTurn | None = None
        self.ended = False

    def start(self, work: Callable[[], object], task: asyncio.Task[None]) -> None:
        """Run the turn in a task; ``work`` is called when it has ended."""
        self._task = task
        task.add_done_callback(lambda _: work())

    async def opened(self) -> OpenTurn:
        """Wait until the turn is open.

        Raises:
            PromptdockError: It could not be opened.
        """
        while self.turn is None and not self.ended:
            await self._grown.wait()
        if self.turn is None:
            raise self._failure or asyncio.CancelledError
        return self.turn

    async def entries(self, after: int = 0) -> AsyncGenerator[JsonObject, None]:
        """Read the entries.

        Args:
            after: Number of the last entry that is known already.

        Yields:
            The entries after that one, as they come; the last one tells how the turn ended.
        """
        self._join()
        try:
            turn = await self.opened()
            known = turn.streamed.entries
            while True:
                while after < len(known):
                    after += 1
                    yield known[after - 1]
                if self.ended:
                    return
                await self._grown.wait()
        finally:
            self._leave()

    def grow(self) -> None:
        """Tell the readers that there is more."""
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()

    def end(self, failure: BaseException | None = None) -> None:
        """Tell the readers that this is all."""
        self._failure = failure
        self.ended = True
        if self._leaving is not None:
            self._leaving.cancel()
        self.grow()

    def cancel(self) -> None:
        """Stop the turn."""
        if self._task is not None:
            self._task.cancel()

    def _join(self) -> None:
        self._readers += 1
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None

    def _leave(self) -> None:
        self._readers -= 1
        if not self._readers and not self.ended:
            self._leaving = asyncio.create_task(self._give_up(), name="promptdock turn without readers")

    async def _give_up(self) -> None:
        """Stop the turn after a while, unless somebody reads it by way of another worker."""
        await asyncio.sleep(self._patience)
        while not self.ended and self.turn is not None:
            try:
                if not await self._is_read_elsewhere(self.turn.opening.turn_id):
                    break
            except PromptdockError:
                _log.info("Nobody knows now whether a turn is read elsewhere; it goes on for a while")
            await asyncio.sleep(max(self._patience, _LOOK))
        self.cancel()


class Feeds:
    """The streamed turns that run in this process.

    Args:
        dock: Where they run.
    """

    def __init__(self, dock: Dock) -> None:
        self._dock = dock
        self._running: dict[UUID, Feed] = {}
        self._all: set[asyncio.Task[None]] = set()

    def start(self, task: PromptTask) -> Feed:
        """Start a turn; :meth:`Feed.opened` says whether it could be opened."""
        feed = Feed(self._dock.settings.resume_window, self._is_read_elsewhere)
        running = asyncio.create_task(self._run(feed, task), name="promptdock streamed turn")
        self._all.add(running)
        running.add_done_callback(self._all.discard)
        feed.start(lambda: self._forget(feed), running)
        return feed

    def find(self, turn_id: UUID) -> Feed | None:
        """A turn that runs here."""
        return self._running.get(turn_id)

    async def aclose(self) -> None:
        """Cancel what still runs, and wait until it is stored."""
        for task in self._all:
            task.cancel()
        await asyncio.gather(*self._all, return_exceptions=True)

    async def _is_read_elsewhere(self, turn_id: UUID) -> bool:
        since = utc_now() - timedelta(seconds=self._dock.settings.resume_window)
        return await self._dock.database.read(lambda session: is_watched(session, turn_id, since=since))

    def _forget(self, feed: Feed) -> None:
        if feed.turn is not None:
            self._running.pop(feed.turn.opening.turn_id, None)

    async def _run(self, feed: Feed, task: PromptTask) -> None:
        try:
            async with self._dock.opened(task, streamed=True) as turn:
                feed.turn = turn
                self._running[turn.opening.turn_id] = feed
                feed.grow()
                async with aclosing(turn.events()) as events:
                    async for _ in events:
                        feed.grow()
        except BaseException as error:
            if feed.turn is not None and not isinstance(error, (PromptdockError, asyncio.CancelledError)):
                _log.exception("request %s failed while it was answered", task.request.request_id)
            if feed.turn is not None:
                feed.turn.break_off(error)
            feed.end(error)
            if isinstance(error, Exception):
                return  # whoever reads is told of it
            raise
        feed.end()
