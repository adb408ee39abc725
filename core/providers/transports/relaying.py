"""The headers of a raw passthrough, the same for every transport."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from ... import __version__
from ..relay import RelayRequest
from . import Endpoint

__all__ = ["reply_headers", "request_headers"]

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


def request_headers(endpoint: Endpoint, request: RelayRequest) -> list[tuple[str, str]]:
    """Every header to send save those that frame the message: ours win over the caller's.

    Without an ``Accept-Encoding`` of the caller's, none but the plain form is asked for: HTTP libraries would put in
    what they can decode, and here nobody decodes.
    """
    ours = {"user-agent": f"promptdock/{__version__}"}
    # a user in the URL is sent as Basic, and there is one Authorization header only
    if endpoint.api_key is not None and not urlsplit(endpoint.base_url).username:
        ours["authorization"] = f"Bearer {endpoint.api_key.get_secret_value()}"
    ours |= {name.lower(): value for name, value in endpoint.headers.items()}
    theirs = [(name, value) for name, value in request.passed_headers if name not in ours]
    given = ours.keys() | {name for name, _ in theirs}
    defaults = {"accept": "*/*", "accept-encoding": "identity"}
    return [*ours.items(), *theirs, *((name, value) for name, value in defaults.items() if name not in given)]


def reply_headers(raw: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    """The headers that came, without those that are about the connection they came over."""
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw]
    dropped = set(_OF_ONE_CONNECTION)
    for name, value in pairs:
        if name.lower() == "connection":
            dropped |= {token.strip().lower() for token in value.split(",")}
        elif name.lower() == "transfer-encoding":
            dropped.add("content-length")  # it says nothing beside chunks, and smuggles where somebody believes it
    return tuple((name, value) for name, value in pairs if name.lower() not in dropped)
