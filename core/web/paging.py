"""Lists by pages: ``?limit=…&after=…``, and the cursor of the next page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response

from ..errors import BadRequest
from .envelope import path_below, reply

__all__ = ["DEFAULT_LIMIT", "MAX_LIMIT", "Page", "cursor_for", "listed", "page_of"]

T = TypeVar("T")

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 200

_CURSOR_LENGTH: Final = 48
"""Characters of a UUID's text in base64."""
_VERSION: Final = 7
"""Of our ids."""


class Page(msgspec.Struct, frozen=True):
    """The part of a list that is asked for.

    Attributes:
        limit: The most items.
        after: The id after which the part begins, in the list's order; None for the beginning.
    """

    limit: int = DEFAULT_LIMIT
    after: UUID | None = None

    @property
    def fetch(self) -> int:
        """How many rows to read: one more than is shown tells whether there is a next page."""
        return self.limit + 1

    def cut(self, rows: Sequence[T], id_of: Callable[[T], UUID]) -> tuple[list[T], str | None]:
        """Part what was read into what is shown and the cursor of what comes then.

        Args:
            rows: Up to :attr:`fetch` rows.
            id_of: Gives the id of a row.

        Returns:
            Up to :attr:`limit` rows; the cursor of the next page, or None when there is none.
        """
        shown = list(rows[: self.limit])
        return shown, cursor_for(id_of(shown[-1])) if len(rows) > len(shown) else None


def page_of(request: Request[Any, Any, Any]) -> Page:
    """Read which part of a list a request asks for.

    Raises:
        BadRequest: ``limit`` is no number from 1 to 200, or ``after`` no cursor of ours, or one of them comes twice.
    """
    limit, after = _one(request, "limit"), _one(request, "after")
    return Page(DEFAULT_LIMIT if limit is None else _limit(limit), None if after is None else _id(after))


def cursor_for(last: UUID) -> str:
    """The cursor of what comes after an item; for callers it is opaque."""
    return base64.urlsafe_b64encode(str(last).encode()).decode()


def listed(
    request: Request[Any, Any, Any],
    items: Sequence[object],
    *,
    thing: str,
    next: str | None,  # noqa: A002  (the member's own name)
    command: str = "list",
) -> Response[Any]:
    """Make the reply to a request for a list; the next page is in ``metadata.next`` and in ``Link``.

    Args:
        request: What was asked; the link keeps its other query parameters.
        items: What is shown.
        thing: What the items are.
        next: The cursor of the next page, or None.
        command: What was done.
    """
    headers = {} if next is None else {"link": f'<{_next_page(request, next)}>; rel="next"'}
    return reply(list(items), command=command, thing=thing, next=next, headers=headers)


def _one(request: Request[Any, Any, Any], name: str) -> str | None:
    given = request.query_params.getall(name, [])
    if len(given) > 1:
        raise BadRequest(f"'{name}' is given more than once.", param=name)
    return given[0] if given else None


def _limit(text: str) -> int:
    # isdecimal alone takes figures of every script; the length bounds what int() has to read
    if not (text.isascii() and text.isdecimal() and len(text) <= 4 and 1 <= int(text) <= MAX_LIMIT):
        raise BadRequest(f"'limit' must be a whole number from 1 to {MAX_LIMIT}.", param="limit")
    return int(text)


def _id(cursor: str) -> UUID:
    try:
        if len(cursor) == _CURSOR_LENGTH:
            found = UUID(base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True).decode("ascii"))
            # one id has one cursor: UUID() takes braces, capitals and missing hyphens, too
            if found.version == _VERSION and cursor_for(found) == cursor:
                return found
    except (UnicodeError, binascii.Error, ValueError):
        pass
    raise BadRequest("'after' must be a cursor, as 'metadata.next' of the page before gives it.", param="after")


def _next_page(request: Request[Any, Any, Any], cursor: str) -> str:
    kept = [(name, value) for name, value in request.query_params.items() if name != "after"]
    return f"{path_below(request)}?{urlencode([*kept, ('after', cursor)])}"
