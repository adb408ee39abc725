"""The body of a raw passthrough's reply, whose last piece waits for the charge."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Self

from ..providers.relay import RelayReply
from .relay_meter import ReplyMeter

__all__ = ["ChargedPieces", "length_of"]


class ChargedPieces(AsyncIterator[bytes]):
    """Gives a reply's body as it comes, lets the meter hear it, and charges it before what completes it is given.

    An object and no generator: the event loop keeps account of each generator, which takes longer than a piece does.

    Args:
        reply: The provider's.
        meter: Hears each piece.
        end: Charges the reply, once its body has come to its end.

    Attributes:
        length: How many bytes it gives, as the provider announces it; None when it does not.
    """

    __slots__ = ("_body", "_end", "_has_ended", "_held", "_left", "_meter", "length")

    def __init__(self, reply: RelayReply, meter: ReplyMeter, end: Callable[[], Awaitable[None]]) -> None:
        self._body = reply.body
        self._meter = meter
        self._end = end
        self.length = self._left = length_of(reply)
        self._held: list[bytes] = []
        self._has_ended = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """The next piece.

        Raises:
            StoreUnavailable: The charge could not be stored; what completes the body is not given.
            openai.OpenAIError: The body breaks off.
        """
        while not self._has_ended:
            try:
                piece = await self._body.__anext__()
            except StopAsyncIteration:
                self._has_ended = True
                held, self._held = self._held, []  # where it cannot be charged, it is not given
                await self._end()
                self._held = held
                break
            self._meter.feed(piece)
            if self._left is not None:
                self._left -= len(piece)
            # a caller who knows the length takes the reply for whole as soon as that much is there
            if self._left is None or self._left > 0:
                return piece
            self._held.append(piece)
        if not self._held:
            raise StopAsyncIteration
        return self._held.pop(0)


def length_of(reply: RelayReply) -> int | None:
    """The length of a reply's body as the provider announces it; None when it does not."""
    for name, value in reply.headers:
        if name.lower() == "content-length":
            length = value.strip()
            return int(length) if length.isdecimal() else None
    return None
