"""Asking Open-Meteo: one time budget for all requests of a question, and one kind of error."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from promptdock import ToolContext, ToolError

__all__ = ["Upstream"]

_REASON_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Upstream:
    """Open-Meteo, for one question.

    Attributes:
        context: The tool's context, whose HTTP client is used.
        budget: Seconds for all requests together.
        deadline: When they are used up, on the monotonic clock.
    """

    context: ToolContext
    budget: float
    deadline: float

    @classmethod
    def within(cls, budget: float, context: ToolContext) -> Upstream:
        """Start the clock."""
        return cls(context, budget, time.monotonic() + budget)

    async def ask(self, url: str, params: Mapping[str, str | int | float]) -> dict[str, Any]:
        """Get one JSON object.

        Args:
            url: The API.
            params: Query parameters, added to the URL's own.

        Returns:
            The decoded object.

        Raises:
            ToolError: Unreachable, too slow, another status than 200, or no JSON object.
        """
        host = urlsplit(url).hostname
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise ToolError(f"The weather service took longer than {self.budget:g} s; {host} was not asked any more.")
        reply = await self.context.http.request("GET", url, params=params, timeout=left)
        try:
            data = reply.json()
        except ValueError:
            data = None
        if reply.status != 200:
            raise ToolError(f"{host} answered with status {reply.status}{_reason(reply.status, data)}.")
        if not isinstance(data, dict):
            raise ToolError(f"{host} answered with something that is not a JSON object.")
        return data


def _reason(status: int, data: object) -> str:
    """Open-Meteo says why in ``reason``; of other bodies nothing is shown."""
    if status == 429:
        return ": too many requests; try again later"
    reason = data.get("reason") if isinstance(data, dict) else None
    if not isinstance(reason, str):
        return ""
    return f": {' '.join(reason.split())[:_REASON_LENGTH].rstrip('.')}"
