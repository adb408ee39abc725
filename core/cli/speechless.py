"""Callers who have connected, and do not say what they want."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import asyncio

__all__ = ["Impatient"]

_SPEECHLESS: Final = 30.0
"""Seconds that a caller may take to say what is wanted, while others want the place."""


class Impatient:
    """What the protocols share: a connection that can be ended while nobody waits for a reply on it."""

    if TYPE_CHECKING:
        loop: asyncio.AbstractEventLoop
        transport: asyncio.Transport
        timeout_keep_alive_task: asyncio.TimerHandle | None
        cycle: Any

    _since = 0.0

    def begin_to_wait(self) -> None:
        """Wait for a request from now on."""
        self._since = self.loop.time()

    def is_unasked(self) -> bool:
        """Whether nobody waits for a reply."""
        return self.cycle is None or bool(self.cycle.response_complete)

    def end_if_speechless(self) -> None:
        """Close it, if its caller has not said for long what is wanted; one that is kept ends by itself."""
        is_kept = self.timeout_keep_alive_task is not None
        if not is_kept and self.is_unasked() and self.loop.time() - self._since > _SPEECHLESS:
            self.transport.close()
