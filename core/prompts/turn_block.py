"""A turn for the length of a block: its session's turn to be prompted, its opening, and its end."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TYPE_CHECKING

from .opening import OpeningTurn
from .patience import Patience
from .running import OpenTurn

if TYPE_CHECKING:
    from .dock import Dock
    from .gate import Gate
    from .task import PromptTask

__all__ = ["TurnBlock"]


class TurnBlock(AbstractAsyncContextManager[OpenTurn]):
    """Opens a turn, and cancels at its end what of it nobody has heard.

    An object and no generator: the event loop keeps account of each generator.

    Args:
        dock: Where it runs.
        task: What is asked.
        gate: Lets one prompt after the other into a session.
        streamed: Whether the turn's events are kept.
    """

    def __init__(self, dock: Dock, task: PromptTask, gate: Gate, *, streamed: bool) -> None:
        self._dock = dock
        self._task = task
        self._gate = gate
        self._streamed = streamed

    async def __aenter__(self) -> OpenTurn:
        """Open it; see :meth:`promptdock.prompts.dock.Dock.opened`."""
        patience = Patience(self._dock.settings.session_wait)
        key = self._task.session_key
        if key is not None:
            await patience.wait(self._gate.enter(key))
        try:
            opening = await OpeningTurn(self._dock, self._task, patience).open()
            self._turn = OpenTurn(self._dock, self._task, opening, streamed=self._streamed)
        except BaseException:
            self._leave()
            raise
        return self._turn

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._turn.abandon()
        finally:
            self._leave()

    def _leave(self) -> None:
        if self._task.session_key is not None:
            self._gate.leave(self._task.session_key)
