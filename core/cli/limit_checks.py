"""The check of ``promptdock doctor`` that looks at the rate limits, and at the Redis that they are counted in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ConfigurationError
from ..rate_limits import RateLimiter
from .findings import Finding, Level

if TYPE_CHECKING:
    from ..settings import Settings

__all__ = ["check_limits"]


async def check_limits(settings: Settings) -> list[Finding]:
    """Look whether the rate limits can be read, and whether Redis answers where it is set; nothing is counted."""
    limits = {"KEY": settings.rate_limit_per_key, "HOST": settings.rate_limit_per_host}
    told = {name: limit for name, limit in limits.items() if limit is not None}
    if not told:
        return [] if settings.redis_url is None else [_finding(Level.NOTE, _UNUSED, "Set a limit, or unset it.")]
    failures = set()
    for name, limit in told.items():
        try:
            limiter = RateLimiter(limit, settings.redis_url, setting=f"PROMPTDOCK_RATE_LIMIT_PER_{name}")
        except ConfigurationError as error:
            return [_finding(Level.PROBLEM, error.message, error.hint)]
        failures.add(await limiter.redis_failure())
        await limiter.aclose()
    if settings.redis_url is None:
        return [_finding(Level.OK, "Rate limits are counted in each process.")]
    failure = next(filter(None, failures), None)
    if failure is None:
        return [_finding(Level.OK, "Redis answers; rate limits are counted there.")]
    what = f"Redis cannot be used ({failure}); meanwhile rate limits are counted in each process."
    return [_finding(Level.WARNING, what, "Start it, or set PROMPTDOCK_REDIS_URL to one that answers.")]


_UNUSED = "PROMPTDOCK_REDIS_URL is set, and no rate limit is, so that nothing is counted there."


def _finding(level: Level, what: str, hint: str | None = None) -> Finding:
    return Finding(check="limits", level=level, what=what, next=hint)
