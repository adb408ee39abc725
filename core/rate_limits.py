"""Rate limits: so many requests of one key in so many seconds, counted in a moving window."""

from __future__ import annotations

import hashlib
import logging
import math
import time
from typing import TYPE_CHECKING, Final

import msgspec

from .errors import ConfigurationError, TooManyRequests
from .rate_windows import Count, MemoryWindows, RedisWindows

if TYPE_CHECKING:
    from limits import RateLimitItem
    from pydantic import SecretStr

__all__ = ["RateLimitReached", "RateLimiter", "RateState", "headers"]

_log = logging.getLogger("promptdock.limits")

_MOST: Final = 100_000
"""The largest limit: each request in the window is remembered."""
_LONGEST_KEY: Final = 128
_PATIENCE: Final = 0.5
"""Seconds that Redis may take to connect, and to answer: a prompt is worth more than an exact count."""
_PAUSE: Final = 5.0
"""Seconds for which a Redis that failed is not asked again."""
_QUIET: Final = 60.0
"""Seconds between two log lines about it."""


class RateState(msgspec.Struct, frozen=True):
    """Where a caller stands after a request.

    Attributes:
        scope: What is counted, e.g. ``key``.
        limit: The most requests in the window.
        window_seconds: How long the window is.
        remaining: How many more requests are allowed at this moment.
        reset_seconds: Seconds until the oldest request in the window counts no longer, and one more is allowed.
        allowed: Whether this request is.
    """

    scope: str
    limit: int
    window_seconds: int
    remaining: int
    reset_seconds: float
    allowed: bool


class RateLimitReached(TooManyRequests):
    """A caller sent more requests than its limit.

    Args:
        state: Where the caller stands.

    Attributes:
        headers: For the reply.
    """

    def __init__(self, state: RateState) -> None:
        wait = _whole(state.reset_seconds)
        super().__init__(
            f"Too many requests: at most {state.limit} in {state.window_seconds} s are allowed. Try again in {wait} s.",
            retry_after=wait,
        )
        self.state = state
        self.headers = headers(state)


def headers(state: RateState | None) -> dict[str, str]:
    """What a reply says about the limit.

    ``RateLimit`` and ``RateLimit-Policy`` are those of the IETF's draft (draft-ietf-httpapi-ratelimit-headers-10), the
    ``X-`` ones those that most clients know; ``Retry-After`` comes with a refusal only.

    Args:
        state: What :meth:`RateLimiter.hit` gave.
    """
    if state is None:
        return {}
    reset = _whole(state.reset_seconds)
    told = {
        "X-RateLimit-Limit": str(state.limit),
        "X-RateLimit-Remaining": str(state.remaining),
        "X-RateLimit-Reset": str(reset),
        "RateLimit-Policy": f'"{state.scope}";q={state.limit};w={state.window_seconds}',
        "RateLimit": f'"{state.scope}";r={state.remaining};t={reset}',
    }
    return told if state.allowed else {**told, "Retry-After": str(reset)}


class RateLimiter:
    """Counts requests against one limit.

    With Redis, several processes and machines share one count. While Redis is out of reach each process counts for
    itself: a limit that is too generous for a while harms less than a service that does not answer.

    Args:
        limit: Such as ``600/minute`` or ``20 per 10 seconds``; None for no limit.
        redis_url: Where to count; None for this process.
        setting: Name of the setting that the limit comes from, for errors.
        patience: Seconds that Redis may take to connect, and to answer, before requests are counted here.

    Raises:
        ConfigurationError: The limit cannot be read, or Redis cannot be used.
    """

    def __init__(
        self,
        limit: str | None,
        redis_url: SecretStr | None = None,
        *,
        setting: str = "rate limit",
        patience: float = _PATIENCE,
    ) -> None:
        self._item = None if limit is None else _parsed(limit, setting)
        self._memory = None if self._item is None else MemoryWindows(self._item)
        self._redis = (
            None if self._item is None or redis_url is None else RedisWindows(self._item, redis_url, patience=patience)
        )
        self._failing = False
        self._ask_again_at = 0.0
        self._told_at = -math.inf

    @property
    def counts(self) -> bool:
        """Whether there is a limit, so that it matters whose requests they are."""
        return self._item is not None

    async def hit(self, scope: str, key: str) -> RateState | None:
        """Count one request.

        Args:
            scope: What is counted, a word such as ``key`` or ``host``; it is the policy's name in the headers.
            key: Whose requests they are, e.g. the id of an API key. Secrets do not belong here.

        Returns:
            Where the caller stands, or None when there is no limit. A request that is refused does not count.
        """
        if self._item is None or self._memory is None:
            return None
        key = _bounded(key)
        count = await self._shared(scope, key)
        if count is None:
            count = await self._memory.hit(scope, key)
        return RateState(
            scope=scope,
            limit=self._item.amount,
            window_seconds=self._item.get_expiry(),
            remaining=max(0, self._item.amount - count.used) if count.allowed else 0,
            reset_seconds=count.reset_seconds,
            allowed=count.allowed,
        )

    async def check(self, scope: str, key: str) -> RateState | None:
        """Count one request, and refuse it when the limit is reached; see :meth:`hit`.

        Raises:
            RateLimitReached: The limit is reached; the error says when to try again.
        """
        state = await self.hit(scope, key)
        if state is not None and not state.allowed:
            raise RateLimitReached(state)
        return state

    async def redis_failure(self) -> str | None:
        """Ask Redis whether it answers.

        Returns:
            What kind of error came instead; None when it answers, and when nothing is counted there.
        """
        if self._redis is None:
            return None
        from redis import RedisError

        try:
            await self._redis.ping()
        except (RedisError, OSError) as error:  # its own text may quote the URL
            return type(error).__name__
        return None

    async def aclose(self) -> None:
        """Close the connections to Redis."""
        if self._redis is not None:
            await self._redis.aclose()

    async def _shared(self, scope: str, key: str) -> Count | None:
        """The count in Redis; None when there is none to be had."""
        if self._redis is None or not self._may_ask(time.monotonic()):
            return None
        from redis import RedisError

        try:
            count = await self._redis.hit(scope, key)
        except (RedisError, OSError) as error:
            self._tell(error, time.monotonic())
            return None
        if self._failing:
            self._failing = False
            _log.info("Redis answers again; rate limits are counted there")
        return count

    def _may_ask(self, now: float) -> bool:
        if now < self._ask_again_at:
            return False
        if self._failing:  # one request finds out whether Redis is back, while the others go on
            self._ask_again_at = now + _PAUSE
        return True

    def _tell(self, error: Exception, now: float) -> None:
        self._failing = True
        self._ask_again_at = now + _PAUSE
        if now - self._told_at >= _QUIET:
            self._told_at = now
            # the error's own text may quote the URL
            _log.warning("Redis fails (%s); rate limits are counted in each process meanwhile", type(error).__name__)


def _parsed(limit: str, setting: str) -> RateLimitItem:
    from limits import parse_many

    try:
        items = parse_many(limit)
    except ValueError:
        items = []
    if len(items) != 1:
        raise ConfigurationError(
            f"{setting}: {limit!r} is not a rate limit.", hint="Write one such as 600/minute or 20 per 10 seconds."
        )
    item = items[0]
    if not 1 <= item.amount <= _MOST or item.get_expiry() < 1:
        raise ConfigurationError(
            f"{setting}: {limit!r} is out of bounds; between 1 and {_MOST:,} requests can be allowed.",
            hint="For more, give a shorter time, e.g. 1000/second.",
        )
    return item


def _bounded(key: str) -> str:
    """Keys may come from callers, who can send long ones."""
    return key if len(key) <= _LONGEST_KEY else hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _whole(seconds: float) -> int:
    return max(1, math.ceil(seconds))
