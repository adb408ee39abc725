"""The reply to a request that is passed through: the provider's own status, headers and bytes, as they come."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from litestar.types import Receive, Scope, Send

from ..prompts.relay_pieces import length_of
from ..prompts.relaying import DockedRelay, RelayTask
from ..providers.relay import RelayReply
from .auth import asked_at, principal_in
from .connection import CallerGone, Connected
from .journal_rows import RelayDraft
from .relay_request import read_relay
from .request_id import request_id

if TYPE_CHECKING:
    from litestar.types import HTTPResponseStartEvent

    from ..prompts.dock import Dock

__all__ = ["RelayedReply", "reply_headers"]

_log = logging.getLogger("promptdock.web")

_NOT_PASSED: Final = frozenset(
    {
        "alt-svc",
        "connection",
        "date",
        "keep-alive",
        "server",
        "set-cookie",
        "set-cookie2",
        "strict-transport-security",
        "transfer-encoding",
        "upgrade",
    }
)
"""About the provider's host, its connections and its cookies; our server says its own date and name."""
_CROSS_ORIGIN: Final = "access-control-"
_REQUEST_ID: Final = "x-request-id"


class RelayedReply:
    """Answers one request; an ASGI app, so that all of it happens while somebody watches the connection.

    Args:
        dock: Asks the provider.
        provider: The provider's name as the caller wrote it; None for the default one.
        path: Path below the provider's base URL, percent-encoded.
    """

    def __init__(self, dock: Dock, provider: str | None, path: str) -> None:
        self._dock = dock
        self._provider = provider
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer.

        Raises:
            PromptdockError: The request cannot be passed on.
            openai.OpenAIError: The provider gave no reply, or one that broke off; what was sent of it by then makes
                the server close the connection, so that nobody takes it for whole.
        """
        try:
            request = await read_relay(scope, receive, self._path, limit=self._dock.settings.max_relay_bytes)
            with Connected(receive):
                task = RelayTask(
                    principal=principal_in(scope),
                    provider=self._provider,
                    request=request,
                    journal=RelayDraft(scope),
                    known_since=asked_at(scope),
                )
                async with DockedRelay(self._dock, task) as reply:
                    await _passed_on(reply, send)
        except CallerGone:
            asked = request_id(scope)
            _log.info("request %s: the caller hung up", asked, extra={"request_id": asked})


async def _passed_on(reply: RelayReply, send: Send) -> None:
    start: HTTPResponseStartEvent = {
        "type": "http.response.start",
        "status": reply.status,
        "headers": reply_headers(reply),
    }
    left = length_of(reply)
    begun = left is None
    if begun:  # whoever reads a stream may want to know that it has begun; else one packet holds it all
        await send(start)
    more = True
    async for piece in reply.body:
        if not begun:
            begun = True
            await send(start)
        if left is not None:
            left -= len(piece)
            more = left > 0
        await send({"type": "http.response.body", "body": piece, "more_body": more})
    if not begun:
        await send(start)
    if more:
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def reply_headers(reply: RelayReply) -> list[tuple[bytes, bytes]]:
    """The headers that the caller gets, in their order; the provider's own request id under a name of its own."""
    kept = []
    for name, value in reply.headers:
        lower = name.lower()
        if lower in _NOT_PASSED or lower.startswith(_CROSS_ORIGIN):
            continue
        shown = f"x-upstream-{lower.removeprefix('x-')}" if lower == _REQUEST_ID else lower
        kept.append((shown.encode("latin-1"), value.encode("latin-1")))
    return kept
