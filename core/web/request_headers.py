"""Headers of a request, looked up as they were sent: most requests need one or two of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["header_bytes", "header_of"]


def header_bytes(scope: Mapping[str, Any], name: bytes) -> bytes | None:
    """A header's value; the first one of several, and None when there is none.

    Args:
        scope: The request's ASGI scope.
        name: In lower case.
    """
    for given, value in scope["headers"]:
        if given == name:
            found: bytes = value
            return found
    return None


def header_of(scope: Mapping[str, Any], name: bytes) -> str | None:
    """Likewise as text, of any bytes."""
    found = header_bytes(scope, name)
    return None if found is None else found.decode("latin-1")
