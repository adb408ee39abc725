"""Upstream calls that never ended: what they may have cost, estimated from what was sent and what had arrived."""

from __future__ import annotations

from dataclasses import dataclass

from ..providers.base import CompletionCall
from ..providers.chunks import ChunkFold
from .events import CompletionDelta, CompletionReceived, CompletionRequested, Event, UnreportedCall
from .tokens import estimate_body, estimate_call, estimate_completion
from .usage import read_usage

__all__ = ["OpenCall", "UnendedCall"]


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call whose answer has begun, as the engine sees it.

    Attributes:
        provider: Name of the provider.
        call: What was asked.
        answer: What has arrived.
    """

    provider: str
    call: CompletionCall
    answer: ChunkFold

    def unreported(self) -> UnreportedCall:
        """The call, in case that it breaks off now; what the vendor has counted so far goes before an estimate."""
        answer = self.answer.completion()
        usage = read_usage(answer)
        return UnreportedCall(
            round=self.call.round,
            provider=self.provider,
            model=self.call.model,
            prompt_tokens=(usage.prompt_tokens if usage else 0) or estimate_call(self.call),
            completion_tokens=max(usage.completion_tokens if usage else 0, estimate_completion(answer)),
        )


class UnendedCall:
    """Follows a turn by its events, to tell what was under way when its caller went away.

    Calls of our own tools are not among the pieces that a caller gets, so that the estimate of an answer may be low.
    """

    def __init__(self) -> None:
        self._request: CompletionRequested | None = None
        self._answer = ChunkFold()

    def hear(self, event: Event) -> None:
        """Take note of an event that the turn has gone past."""
        if isinstance(event, CompletionDelta):
            if self._request is not None:
                self._answer.add({"choices": event.choices})
        elif isinstance(event, CompletionRequested):
            self._request, self._answer = event, ChunkFold()
        elif isinstance(event, CompletionReceived):
            self._request = None

    def unreported(self) -> UnreportedCall | None:
        """The call that is under way; None between calls."""
        if self._request is None:
            return None
        return UnreportedCall(
            round=self._request.round,
            provider=self._request.provider,
            model=str(self._request.request.get("model", "")),
            prompt_tokens=estimate_body(self._request.request),
            completion_tokens=estimate_completion(self._answer.completion()),
        )
