"""Upstream calls that never ended: what they may have cost, estimated from what was sent and what had arrived."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ..providers.base import CompletionCall
from ..providers.chunks import ChunkFold
from .events import UnreportedCall
from .tokens import estimate_call, estimate_completion
from .usage import read_usage

__all__ = ["OpenCall"]


class OpenCall:
    """A call that is under way.

    Args:
        provider: Name of the provider.
        call: What is asked.

    Attributes:
        call: As given.
        answer: What has arrived.
        has_begun: Whether anything has.
    """

    __slots__ = ("_began", "_provider", "answer", "call", "has_begun")

    def __init__(self, provider: str, call: CompletionCall) -> None:
        self.call = call
        self.answer = ChunkFold()
        self.has_begun = False
        self._provider = provider
        self._began = time.perf_counter()

    def hear(self, chunk: Mapping[str, Any]) -> None:
        """Take in the next piece of the answer."""
        self.has_begun = True
        self.answer.add(chunk)

    @property
    def ms(self) -> float:
        """Milliseconds that it has taken so far."""
        return (time.perf_counter() - self._began) * 1000

    def unreported(self) -> UnreportedCall:
        """The call, in case that it breaks off now; what the vendor has counted so far goes before an estimate."""
        answer = self.answer.completion()
        usage = read_usage(answer)
        return UnreportedCall(
            round=self.call.round,
            provider=self._provider,
            model=self.call.model,
            prompt_tokens=(usage.prompt_tokens if usage else 0) or estimate_call(self.call),
            completion_tokens=max(usage.completion_tokens if usage else 0, estimate_completion(answer)),
        )
