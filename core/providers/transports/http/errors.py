"""What can go wrong between a request and the end of its reply; besides, whatever ``OSError`` dialling ends with."""

from __future__ import annotations

__all__ = ["ConnectionBroken", "HttpError", "InvalidReply", "InvalidRequest", "SilentTooLong"]


class HttpError(Exception):
    """A request was not answered, or not to its end. The text is ours: it holds nothing that the other side sent."""


class ConnectionBroken(HttpError):
    """The connection ended before the reply did.

    Attributes:
        stale: The connection was a kept one and ended before a byte of the reply, as happens when a server closes it
            in the moment in which it is used again.
    """

    def __init__(self, text: str, *, stale: bool = False) -> None:
        super().__init__(text)
        self.stale = stale


class InvalidReply(HttpError):
    """What came is no HTTP/1 reply, or one that is not taken: too long a head, an unknown coding."""


class InvalidRequest(HttpError):
    """The request cannot be written: a header or the target would end its line, or is not what it may be."""


class SilentTooLong(HttpError, TimeoutError):
    """Nothing came, and nothing could be sent, for as long as the client is patient."""
