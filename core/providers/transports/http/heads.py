"""Writing the head of a request: nothing that anybody gives may end its line early."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .errors import InvalidRequest

__all__ = ["header_block", "request_head"]

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")  # said by what it must not have, which compiles at once
_TARGET = re.compile(r"[!-~]+")
_LENGTH = re.compile(r"content-length|transfer-encoding", re.IGNORECASE)
_WITH_BODY = frozenset({"DELETE", "PATCH", "POST", "PUT"})


def header_block(headers: Iterable[tuple[str, str]]) -> bytes:
    """Headers as lines.

    Raises:
        InvalidRequest: A name or a value cannot be written, or says how long the body is, which is not the caller's
            to say.
    """
    lines = []
    for name, value in headers:
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value) or _LENGTH.fullmatch(name):
            raise InvalidRequest("a header of the request cannot be sent")
        lines.append(f"{name}: {value}\r\n")
    return "".join(lines).encode("utf-8", "surrogateescape")


def request_head(method: str, target: str, headers: bytes, body: bytes | None) -> bytes:
    """The whole head.

    Args:
        method: A method in capitals.
        target: What is asked for, percent-encoded.
        headers: Lines of :func:`header_block`.
        body: What follows; None says nothing about a body, save where servers expect one.

    Raises:
        InvalidRequest: The method or the target cannot be written.
    """
    if not _TARGET.fullmatch(target) or not _NAME.fullmatch(method):
        raise InvalidRequest("the target of the request cannot be sent")
    start = f"{method} {target} HTTP/1.1\r\n".encode("ascii")
    if body is None and method not in _WITH_BODY:
        return b"%b%b\r\n" % (start, headers)
    return b"%b%bContent-Length: %d\r\n\r\n" % (start, headers, len(body or b""))
