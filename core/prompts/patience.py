"""How long a prompt waits for an earlier one of its session."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable

from ..errors import Conflict

__all__ = ["Patience", "SessionBusy"]


class SessionBusy(Conflict):
    """Another prompt of the session runs, and this one has waited as long as it may."""

    code = "session_busy"

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"Another prompt of this session is being answered; this one has waited {seconds:g} s.",
            hint="Send it again when that one is answered.",
            retry_after=1,
        )


class Patience:
    """Waiting that begins when it is made. What takes time for other reasons does not count against it.

    Args:
        seconds: The most; 0 for those who do not wait at all.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    async def wait(self, awaitable: Awaitable[None]) -> None:
        """Wait for somebody else.

        Raises:
            SessionBusy: It takes too long.
        """
        try:
            async with asyncio.timeout(self._end - time.monotonic()) as waiting:
                await awaitable
        except TimeoutError:
            if not waiting.expired():
                raise
            raise SessionBusy(self._seconds) from None

    def check(self) -> None:
        """Say whether there is any left.

        Raises:
            SessionBusy: There is none.
        """
        if time.monotonic() >= self._end:
            raise SessionBusy(self._seconds)
