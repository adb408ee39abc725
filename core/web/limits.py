"""Rate limits of requests: per key, and per address and LLM client's host for callers without one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from ..errors import BadRequest, Unauthorized
from ..hosts import parse_host
from ..rate_limits import RateLimiter, RateState, headers
from .auth import asks_for_methods, authenticate
from .state import limits_of

if TYPE_CHECKING:
    from litestar.types import HTTPResponseStartEvent, Scope

    from ..settings import Settings

__all__ = ["AT_HOST", "RequestLimits", "add_rate_headers", "rate_limited"]

_STATE: Final = "promptdock_rate"
AT_HOST: Final = "at_host"
"""Option of routes that exist at the hosts of LLM clients only. Callers make up the header ``Host``, so elsewhere,
where any host will do, requests are not told apart by it."""


class RequestLimits(msgspec.Struct, frozen=True):
    """The two limits of one app.

    Attributes:
        per_key: Of each key.
        per_host: Of all requests without a good key from one address; those to LLM clients at their hosts count for
            each host.
    """

    per_key: RateLimiter
    per_host: RateLimiter

    @classmethod
    def of(cls, settings: Settings) -> RequestLimits:
        """Read the settings.

        Raises:
            ConfigurationError: A limit cannot be read, or Redis cannot be used.
        """
        return cls(
            RateLimiter(settings.rate_limit_per_key, settings.redis_url, setting="PROMPTDOCK_RATE_LIMIT_PER_KEY"),
            RateLimiter(settings.rate_limit_per_host, settings.redis_url, setting="PROMPTDOCK_RATE_LIMIT_PER_HOST"),
        )

    async def aclose(self) -> None:
        """Close the connections to Redis."""
        await self.per_key.aclose()
        await self.per_host.aclose()


async def rate_limited(request: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Guard of everything that does something: counts the request, once.

    Raises:
        RateLimitReached: The caller's limit is reached.
        Unauthorized: The key is not good; such requests count like those without a key, so that guessing is slow.
    """
    if asks_for_methods(request) or _STATE in request.scope["state"]:
        return
    limits = limits_of(request.scope["litestar_app"])
    try:
        principal = await authenticate(request)
    except Unauthorized:
        _note(request, await limits.per_host.check("host", _address(request)))
        raise
    if principal.is_anonymous:
        if limits.per_host.counts:
            asked = _asked_host(request) if handler.opt.get(AT_HOST) else ""
            _note(request, await limits.per_host.check("host", f"{asked} {_address(request)}"))
    elif limits.per_key.counts:
        _note(request, await limits.per_key.check("key", str(principal.api_key_id or principal.owner)))


def _note(request: ASGIConnection[Any, Any, Any, Any], state: RateState | None) -> None:
    request.scope["state"][_STATE] = state


def _address(request: ASGIConnection[Any, Any, Any, Any]) -> str:
    return "" if request.client is None else request.client.host


def _asked_host(request: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The host as LLM clients are found by it: its other spellings (a port, a dot, capitals) are no other hosts."""
    try:
        return parse_host(request.headers.get("host", ""))
    except BadRequest:
        return ""


def add_rate_headers(start: HTTPResponseStartEvent, scope: Scope) -> None:
    """Tell callers where they stand; one of :class:`promptdock.web.heads.Head`. Refusals have these headers already."""
    state: RateState | None = scope["state"].get(_STATE)
    if state is None:
        return
    given = {name.lower() for name, _ in start.get("headers", ())}
    told = ((name.lower().encode(), value.encode()) for name, value in headers(state).items())
    start["headers"] = [*start.get("headers", ()), *(header for header in told if header[0] not in given)]
