"""A tool's context for calling the tool, or a part of it, without a host."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ..tools.context import ToolContext

if TYPE_CHECKING:
    from ..tools.context import HttpResponse

__all__ = ["tool_context"]


class _NoHttp:
    """The HTTP client of a context that was given none."""

    async def request(self, method: str, url: str, **_: Any) -> HttpResponse:
        """Refuse."""
        raise AssertionError(
            f"{method} {url} was asked for, and this context has no HTTP client. Give one: tool_context(http=...), "
            "or call the tool through a host."
        )


_GIVEN: Final = ToolContext(
    request_id="req_test",
    call_id="call_1",
    tool="plugin.tool",
    caller="test",
    text="",
    round=1,
    timeout=30.0,
    http=_NoHttp(),
)


def tool_context(**members: Any) -> ToolContext:
    """Give what a tool is called with, for tests of its parts; :meth:`.Host.call` makes a real one.

    Args:
        **members: Members of :class:`~promptdock.ToolContext` that the test cares about, e.g. ``settings``, ``timeout``
            or an ``http`` of the test's own; it has one that refuses otherwise.
    """
    return replace(_GIVEN, **members)
