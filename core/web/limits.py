"""Rate limits of requests: per key, and per address and LLM client's host for callers without one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import Message, Scope

from ..errors import BadRequest, Unauthorized
from ..hosts import parse_host
from ..rate_limits import RateLimiter, RateState, headers
from .auth import asks_for_methods, authenticate
from .state import limits_of

if TYPE_CHECKING:
    from ..settings import Settings

__all__ = ["AT_HOST", "RateHeaders", "RequestLimits", "rate_limited"]

_STATE: Final = "promptdock_rate"
AT_HOST: Final = "at_host"
"""Option of routes that exist at the hosts of LLM clients only. Callers make up the header ``Host``, so elsewhere,
where any host will do, requests are not told apart by it."""


@dataclass(frozen=True, slots=True)
class RequestLimits:
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
    limits = limits_of(request.app)
    try:
        principal = await authenticate(request)
    except Unauthorized:
        _note(request, await limits.per_host.check("host", _address(request)))
        raise
    if principal.is_anonymous:
        asked = _asked_host(request) if handler.opt.get(AT_HOST) else ""
        _note(request, await limits.per_host.check("host", f"{asked} {_address(request)}"))
    else:
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


class RateHeaders:
    """Tells callers where they stand; a ``before_send`` hook. Refusals bring these headers by themselves.

    Args:
        concerns: Says of a scope whether its reply gets the headers.
    """

    def __init__(self, concerns: Callable[[Mapping[str, Any]], bool]) -> None:
        self._concerns = concerns

    async def __call__(self, message: Message, scope: Scope) -> None:
        """Add the headers to the start of a reply."""
        if message["type"] != "http.response.start" or not self._concerns(scope):
            return
        told = headers(scope["state"].get(_STATE))
        given = {name.lower() for name, _ in message.get("headers", ())}
        message["headers"] = [
            *message.get("headers", ()),
            *(
                (name.lower().encode(), value.encode())
                for name, value in told.items()
                if name.lower().encode() not in given
            ),
        ]
