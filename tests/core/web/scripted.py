"""A provider that does what a test says, as a plugin object."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from promptdock import CompletionCall, Provider, hookimpl
from tests.support.replies import completion

__all__ = ["ScriptedProvider", "chunk"]


def chunk(content: str | None = None, **choice: Any) -> dict[str, Any]:
    """A ``chat.completion.chunk`` with one choice."""
    delta = {} if content is None else {"content": content}
    return {
        "id": "chatcmpl-upstream",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "scripted-1",
        "choices": [{"index": 0, "delta": delta, "finish_reason": None, **choice}],
    }


class ScriptedProvider(Provider):
    """Gives its steps one by one: a chunk is sent, an exception raised, an event waited for, a call made.

    Attributes:
        calls: What it was asked.
        cancelled: Set when a call was cancelled.
    """

    name = "scripted"
    default_model = "scripted-1"
    known_models = ("scripted-1",)

    def __init__(self) -> None:
        self.steps: Sequence[dict[str, Any] | Exception | threading.Event | Callable[[], object]] = ()
        self.calls: list[CompletionCall] = []
        self.cancelled = threading.Event()

    @hookimpl
    def register_providers(self) -> list[Provider]:
        return [self]

    async def complete(self, call: CompletionCall) -> dict[str, Any]:
        text = ""
        async for piece in self.stream(call):
            text += piece["choices"][0]["delta"].get("content", "")
        return completion({"content": text})

    async def stream(self, call: CompletionCall) -> AsyncIterator[dict[str, Any]]:
        self.calls.append(call)
        try:
            for step in self.steps:
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, dict):
                    yield step
                elif isinstance(step, threading.Event):
                    while not step.is_set():
                        await asyncio.sleep(0.005)
                else:
                    step()
        except (asyncio.CancelledError, GeneratorExit):
            self.cancelled.set()
            raise
