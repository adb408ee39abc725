"""Cross-origin requests: which web pages may call the API, and what browsers are told about each path.

Litestar has a middleware for this, which answers every preflight by itself: it names the same methods for all paths,
for those that do not exist as well, and tells pages of other origins about them. So this adds to replies as they go: a
preflight is an ordinary ``OPTIONS`` request, whose reply says by its ``Allow`` what the path really has.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from litestar.types import HTTPResponseStartEvent, Scope

    from ..settings import Settings

__all__ = ["CorsHeaders", "cors_headers"]

_ANY: Final = "*"
_SENT: Final = b"Authorization, Content-Type, Last-Event-ID, X-Request-ID, X-Session-Key"
"""Headers that pages may send, beyond those that they always may."""
_SHOWN: Final = (
    b"Location, RateLimit, RateLimit-Policy, Retry-After, "
    b"X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-ID, X-Session-Key"
)
"""Headers that pages may read, beyond those that they always may."""
_MAX_AGE: Final = b"600"
_PORTS: Final[Mapping[str, int]] = MappingProxyType({"http": 80, "https": 443})


def cors_headers(settings: Settings) -> CorsHeaders | None:
    """What adds them for the origins that the settings name; None when they name none.

    Args:
        settings: Their ``cors_origins`` count.

    Raises:
        ConfigurationError: One of the origins is none.
    """
    origins = frozenset(map(_origin, settings.cors_origins))
    return CorsHeaders(origins) if origins else None


class CorsHeaders:
    """Tells browsers whether the page that asks may read the reply, and in a preflight what it may send.

    Cookies are no way to sign in here, so pages never get leave to send them.

    Args:
        origins: Normal origins such as ``https://chat.example.com``, or ``*`` for any.
    """

    def __init__(self, origins: frozenset[str]) -> None:
        self._origins = origins

    def __call__(self, start: HTTPResponseStartEvent, scope: Scope) -> None:
        """Add the headers to the start of a reply."""
        told = list(start.get("headers", ()))
        if _ANY not in self._origins:
            told.append((b"vary", b"Origin"))  # also without an origin: caches must not give this reply to a page
        asked = dict(scope["headers"])
        origin = asked.get(b"origin")
        if origin is not None and self._allows(origin):
            told.append((b"access-control-allow-origin", b"*" if _ANY in self._origins else origin))
            told.append((b"access-control-expose-headers", _SHOWN))
            if scope.get("method") == "OPTIONS" and b"access-control-request-method" in asked:
                told += _preflight(told)
        start["headers"] = told

    def _allows(self, origin: bytes) -> bool:
        return _ANY in self._origins or origin.decode("latin-1") in self._origins


def _preflight(told: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """What a page may send to a path that has methods."""
    methods = next((value for name, value in told if name.lower() == b"allow"), None)
    if methods is None:
        return []
    return [
        (b"access-control-allow-methods", methods),
        (b"access-control-allow-headers", _SENT),
        (b"access-control-max-age", _MAX_AGE),
    ]


def _origin(text: str) -> str:
    """An origin as browsers write it: in lower case, without the scheme's own port and without a path."""
    if text == _ANY:
        return text
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise _no_origin(text) from None
    if parts.scheme not in _PORTS or not parts.hostname or parts.path not in {"", "/"} or _ANY in text:
        raise _no_origin(text)
    if parts.query or parts.fragment or parts.username is not None:
        raise _no_origin(text)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in {None, _PORTS[parts.scheme]} else "")


def _no_origin(text: str) -> ConfigurationError:
    return ConfigurationError(
        f"cors_origins: {text!r} is no origin.",
        hint="Write scheme, host and port, e.g. https://chat.example.com, or *.",
    )
