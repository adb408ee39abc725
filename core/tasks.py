"""Telling a cancellation of our own from an exception of the same name."""

from __future__ import annotations

import asyncio

__all__ = ["is_cancelled"]


def is_cancelled() -> bool:
    """Whether the running task is being cancelled; plugin code may raise ``CancelledError`` all by itself."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
