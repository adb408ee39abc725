"""Replies that run by themselves, as Litestar takes them from a handler."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from litestar import Response
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp

__all__ = ["RunningReply"]

T = TypeVar("T")


class RunningReply(Response[T]):
    """Hands Litestar an ASGI app as a reply; the type parameter says what it answers, for the OpenAPI document.

    Args:
        app: Answers the request.
    """

    def __init__(self, app: ASGIApp) -> None:
        # not Litestar's own way to make one, which prepares what a reply of no content of its own never uses
        self.content = cast("T", None)
        self.app = app

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIResponse:
        """The app, which is all that Litestar wants to call."""
        return cast("ASGIResponse", self.app)
