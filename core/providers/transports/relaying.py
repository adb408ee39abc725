"""The headers of a raw passthrough, the same for every transport."""

from __future__ import annotations

from collections.abc import Iterable

from ... import __version__
from ..relay import RelayRequest
from . import Endpoint
from .http import header_block

__all__ = ["RelayHeaders", "reply_headers"]

_OF_ONE_CONNECTION = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_DEFAULTS = (("accept", "*/*"), ("accept-encoding", "identity"))
_MOST_KNOWN = 256
_LONGEST_KNOWN = 1_000


class RelayHeaders:
    """The headers of the requests to one endpoint.

    Args:
        endpoint: Where they go.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        ours = {"user-agent": f"promptdock/{__version__}"}
        # a user in the URL is sent as Basic, and there is one Authorization header only
        if endpoint.api_key is not None and not endpoint.has_user:
            ours["authorization"] = f"Bearer {endpoint.api_key.get_secret_value()}"
        self._ours = {**ours, **{name.lower(): value for name, value in endpoint.headers.items()}}
        self._defaults = [header for header in _DEFAULTS if header[0] not in self._ours]
        self._known_lines: dict[tuple[tuple[str, str], ...], bytes] = {}

    @property
    def ours(self) -> list[tuple[str, str]]:
        """Those of every request; they win over the caller's."""
        return list(self._ours.items())

    def theirs(self, request: RelayRequest) -> list[tuple[str, str]]:
        """Those of one request, to follow ours.

        Without an ``Accept-Encoding`` of the caller's, none but the plain form is asked for: HTTP libraries would put
        in what they can decode, and here nobody decodes.
        """
        headers = [header for header in request.passed_headers if header[0] not in self._ours]
        given = {name for name, _ in headers}
        return headers + [header for header in self._defaults if header[0] not in given]

    def lines(self, request: RelayRequest) -> bytes:
        """The same as lines; those that were written last are remembered, as a program sends the same ones each time.

        What is remembered tells of forms of content alone: keys are in none of these headers.

        Raises:
            InvalidRequest: They cannot be written.
        """
        given = request.passed_headers
        lines = self._known_lines.get(given)
        if lines is None:
            lines = header_block(self.theirs(request))
            if sum([len(name) + len(value) for name, value in given]) <= _LONGEST_KNOWN:
                if len(self._known_lines) >= _MOST_KNOWN:
                    self._known_lines.clear()
                self._known_lines[given] = lines
        return lines

    def of(self, request: RelayRequest) -> list[tuple[str, str]]:
        """Every header to send save those that frame the message."""
        return self.ours + self.theirs(request)


def reply_headers(raw: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    """The headers that came, without those that are about the connection they came over."""
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw]
    dropped: set[str] = set()
    for name, value in pairs:
        lower = name.lower()
        if lower == "connection":
            dropped |= {token.strip().lower() for token in value.split(",")}
        elif lower == "transfer-encoding":
            dropped.add("content-length")  # it says nothing beside chunks, and smuggles where somebody believes it
    dropped |= _OF_ONE_CONNECTION
    return tuple([pair for pair in pairs if pair[0].lower() not in dropped])
