"""One request to an ASGI app that runs in this process: asked for and answered without a socket, piece by piece."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

__all__ = ["ASGIApp", "Exchange", "Reply", "ReplyCutOff"]

Message: TypeAlias = MutableMapping[str, Any]
ASGIApp: TypeAlias = Callable[[Any, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]
"""Any framework's app: each has types of its own for the same three arguments."""

_WAITING: Final = 16
"""Messages of a reply that may wait for whoever reads it; then the app waits, as it does at a socket that is full."""
_PIECE: Final = 65_536
"""Bytes of a request's body that the app gets at once."""


class ReplyCutOff(Exception):
    """The app ended before its reply did."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The start of a reply.

    Attributes:
        status: The HTTP status.
        headers: The headers, names in lower case.
    """

    status: int
    headers: list[tuple[bytes, bytes]]


class Exchange:
    """One request. All of its methods belong to the app's event loop.

    Args:
        app: The app.
        scope: The request's ASGI scope.
        body: The request's body.
    """

    def __init__(self, app: ASGIApp, scope: Mapping[str, Any], body: bytes) -> None:
        self._app = app
        self._scope = dict(scope)
        self._asked = [body[start : start + _PIECE] for start in range(0, len(body), _PIECE)] or [b""]
        self._said: asyncio.Queue[Message | None] = asyncio.Queue(_WAITING)
        self._over = asyncio.Event()
        self._failure: BaseException | None = None
        self.task = asyncio.create_task(self._run(), name="promptdock-in-process-request")

    async def reply(self) -> Reply:
        """Wait for the start of the reply.

        Raises:
            BaseException: What the app raised before it.
            ReplyCutOff: The app ended without one.
        """
        message = await self._next()
        return Reply(message["status"], [(bytes(name), bytes(value)) for name, value in message.get("headers", ())])

    async def piece(self) -> bytes | None:
        """Wait for the next piece of the body; None at its end.

        Raises:
            BaseException: What the app raised in the middle of it.
            ReplyCutOff: The app ended in the middle of it.
        """
        while not self._over.is_set():
            message = await self._next()
            if message["type"] != "http.response.body":
                continue
            if not message.get("more_body", False):
                self._over.set()
            if message.get("body"):
                return bytes(message["body"])
        return None

    async def hang_up(self) -> None:
        """Take no more of the reply; the app hears that its caller is gone, unless the reply is complete."""
        self._over.set()
        while not self._said.empty():  # who waits to say something may
            self._said.get_nowait()

    async def _next(self) -> Message:
        message = await self._said.get()
        if message is not None:
            return message
        self._said.put_nowait(None)  # for who asks again
        raise self._failure or ReplyCutOff("The app ended before its reply did.")

    async def _run(self) -> None:
        try:
            await self._app(self._scope, self._receive, self._send)
        except asyncio.CancelledError:
            self._failure = ReplyCutOff("The app was shut down before its reply was complete.")
            raise
        except Exception as error:  # noqa: BLE001  (told to who waits for the reply)
            self._failure = error
        except BaseException as error:  # noqa: BLE001  (it would end the event loop)
            self._failure = ReplyCutOff(f"The app tried to end the process: {error!r}.")
        finally:
            if not self._over.is_set():
                await self._said.put(None)

    async def _receive(self) -> Message:
        if self._asked:
            return {"type": "http.request", "body": self._asked.pop(0), "more_body": bool(self._asked)}
        await self._over.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if not self._over.is_set():
            await self._said.put(message)
