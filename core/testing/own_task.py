"""Context managers that are entered and left by one task, whoever wants them open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

__all__ = ["in_own_task"]


@asynccontextmanager
async def in_own_task(manager: AbstractAsyncContextManager[object]) -> AsyncIterator[None]:
    """Keep a context manager open in a task of its own.

    The life of a web app has cancel scopes in it, which only the task that entered them may leave; a test host is
    opened by one call and closed by another.

    Args:
        manager: What to keep open.

    Raises:
        BaseException: Whatever entering or leaving it raises.
    """
    ready, over = asyncio.Event(), asyncio.Event()

    async def keep() -> None:
        async with manager:
            ready.set()
            await over.wait()

    kept = asyncio.create_task(keep(), name="promptdock-test-app")
    opening = asyncio.create_task(ready.wait())
    try:
        await asyncio.wait({kept, opening}, return_when=asyncio.FIRST_COMPLETED)
        if kept.done():
            await kept
        yield
    finally:
        opening.cancel()
        over.set()
        await kept
