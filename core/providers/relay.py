"""What a raw passthrough sends and gets: bytes, with no word about what they mean."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Never
from urllib.parse import unquote

from ..errors import BadRequest

__all__ = ["NoRelay", "RelayReply", "RelayRequest"]

_METHODS = frozenset({"DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"})
# not among them: what names an account, as that is the key's and the key is ours, and Idempotency-Key, by which one
# caller would get what another asked for with the same key
_PASSED = frozenset({"accept", "accept-encoding", "content-encoding", "content-type", "openai-beta"})
_PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9_-]+)+")
"""What nearly all paths are, and nobody can read in two ways."""
_PATH = re.compile(r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")
_QUERY = re.compile(r"(?:[!$&-;=?-~]|%[0-9A-Fa-f]{2})*")
_VALUE = re.compile(r"[\t\x20-\x7e]*")
_MISREAD = re.compile(r"[\x00-\x1f\x7f\\?#%]")
"""What a decoded path must not hold: a server that decodes once more would read a different one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayRequest:
    """One request of a caller that goes to a provider as it is.

    Attributes:
        method: ``GET``, ``POST``, ``PUT``, ``PATCH``, ``DELETE`` or ``HEAD``.
        path: Path below the provider's base URL, e.g. ``/embeddings``, percent-encoded as it is to be sent.
        query: Query without its question mark, percent-encoded; empty for none.
        headers: The caller's headers. Only those of :attr:`passed_headers` go on.
        body: The body's bytes; None for no body.
        request_id: The request that this call serves; it is not sent.
        passed_headers: The caller's headers that go on, with lower-case names: those that say what the body is and how
            to answer. These are ``Accept``, ``Accept-Encoding``, ``Content-Encoding``, ``Content-Type`` and
            ``OpenAI-Beta``. Keys, cookies, organizations and projects stay here: the account that is asked is the
            operator's.

    Raises:
        BadRequest: The method, the path, the query or a header to pass on cannot be sent; a path must not lead out of
            the base URL, in whatever way it is written.
    """

    method: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)
    request_id: str = ""
    passed_headers: tuple[tuple[str, str], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        passed = tuple([(lower, value) for name, value in self.headers if (lower := name.lower()) in _PASSED])
        object.__setattr__(self, "passed_headers", passed)
        if self.method not in _METHODS:
            raise BadRequest(f"The method {self.method[:20]!r} is not passed on to providers.", param="method")
        if not self.path.startswith("/"):
            raise BadRequest("The path must begin with a slash, as /embeddings does.", param="path")
        if not _stays_below(self.path):
            raise BadRequest("The path cannot be passed on: it may lead out of the provider's base URL.", param="path")
        if self.query and not _QUERY.fullmatch(self.query):
            raise BadRequest("The query cannot be passed on: it is not percent-encoded.", param="query")
        for name, value in self.passed_headers:
            if not _VALUE.fullmatch(value):
                raise BadRequest(f"The header {name} cannot be passed on: it is not plain ASCII.", param=name)

    @property
    def target(self) -> str:
        """Path and query, as they follow the base URL."""
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayReply:
    """What the provider answers, whatever its status.

    Attributes:
        status: HTTP status.
        headers: Headers in the order and case in which they came, repeated ones too, without those that concern one
            connection only (``Transfer-Encoding``, ...). Each character stands for one byte (Latin-1).
        body: The body's bytes as they come, still in their ``Content-Encoding``. They can be read once, inside the
            ``async with`` that gave the reply. Raises ``openai.APIConnectionError`` when the connection breaks
            and ``openai.APITimeoutError`` when it is silent for too long.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: AsyncIterator[bytes] = field(repr=False)


class NoRelay(AbstractAsyncContextManager[RelayReply]):
    """The passthrough of a provider that has none: raises when entered.

    Args:
        provider: The provider's name.
    """

    def __init__(self, provider: str) -> None:
        self._provider = provider

    async def __aenter__(self) -> Never:
        raise BadRequest(f"The provider {self._provider} has no raw passthrough.", code="relay_unsupported")

    async def __aexit__(self, *_: object) -> None:
        return


def _stays_below(path: str) -> bool:
    """Whether every server reads a path as one below the address that it is appended to."""
    if _PLAIN_PATH.fullmatch(path):
        return True
    if not _PATH.fullmatch(path):
        return False
    decoded = path
    if "%" in path:
        try:
            decoded = unquote(path, errors="strict")
        except UnicodeDecodeError:  # overlong forms of dots and slashes are such, too
            return False
        if _MISREAD.search(decoded):
            return False
    *inner, last = decoded[1:].split("/")
    # some servers drop what follows a semicolon, or blanks and dots at an end, before they look for ".."
    return all(map(_is_name, inner)) and (not last or _is_name(last))


def _is_name(segment: str) -> bool:
    return bool(segment.partition(";")[0].strip(" ."))
