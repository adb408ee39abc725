"""Reading a request that is passed through: bounded, as it was sent, and none that is about files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import unquote

from litestar.types import Receive

from ..errors import BadRequest
from ..providers.relay import RelayRequest
from .body import UnsupportedMediaType, read_body
from .request_id import request_id

__all__ = ["CHAT", "path_below_provider", "read_relay"]

CHAT: Final = "/chat/completions"
_FILES: Final = frozenset({"files", "uploads"})
_BODILESS: Final = frozenset({"DELETE", "GET", "HEAD"})


async def read_relay(scope: Mapping[str, Any], receive: Receive, path: str, *, limit: int) -> RelayRequest:
    """Read a request as it is to go to a provider.

    Args:
        scope: The request's ASGI scope.
        receive: Its ASGI receive channel.
        path: Path below the provider's base URL, percent-encoded.
        limit: The most bytes of the body.

    Raises:
        BadRequest: The path is about files, or cannot be passed on; or a chat has no body.
        UnsupportedMediaType: The body holds files.
        PayloadTooLarge: The body is larger than the limit.
        CallerGone: The caller hung up meanwhile.
    """
    headers = tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]])
    _check_type(headers)
    _check_path(path)
    body = await read_body(scope, receive, limit)
    if not body and path == CHAT:
        raise BadRequest("The request has no body: send the provider's own parameters, as JSON.")
    method: str = scope["method"]
    return RelayRequest(
        method=method,
        path=path,
        query=scope.get("query_string", b"").decode("latin-1"),
        headers=headers,
        body=None if not body and method in _BODILESS else body,
        request_id=request_id(scope),
    )


def path_below_provider(scope: Mapping[str, Any], decoded: str) -> str:
    """The part of a request's path that goes to the provider, percent-encoded as it was sent; no slash at its end.

    Args:
        scope: The request's ASGI scope.
        decoded: The same part as the router decoded it.

    Raises:
        BadRequest: The encoded path and the decoded one do not agree on where that part begins.
    """
    wanted = _parts(decoded)
    raw: bytes | None = scope.get("raw_path")
    sent = _parts("" if raw is None else raw.decode("latin-1").partition("?")[0])
    # from the left, as an encoded slash in this part is none that the router would split at
    before = len(_parts(scope["path"])) - len(wanted)
    below = "/".join(sent[before:])
    if not wanted or _parts(unquote(below)) != wanted:
        raise BadRequest("The path cannot be passed on: encode no slash before the provider's own path.", param="path")
    return f"/{below}"


def _parts(path: str) -> list[str]:
    """The router reads ``//`` as ``/``, and passes over a slash at the end."""
    return [part for part in path.split("/") if part]


def _check_path(path: str) -> None:
    if path == CHAT:
        return
    named = {part.partition(";")[0].strip(" .").casefold() for part in unquote(path).split("/")}
    if not _FILES.isdisjoint(named):
        raise BadRequest(
            "Paths of files are not passed through: what is uploaded belongs to nobody's account here.",
            code="path_not_relayed",
            param="path",
        )


def _check_type(headers: Iterable[tuple[str, str]]) -> None:
    # of several types, as well: who reads the first one and who reads the last one would see different bodies
    for name, value in headers:
        if name == "content-type" and "multipart/" in value.lower():
            raise UnsupportedMediaType(
                "Bodies with files ('multipart/…') are not passed through; send 'application/json'."
            )
