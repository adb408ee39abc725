"""Requests counted in a moving window: in this process, or in a Redis that several machines share."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from .errors import ConfigurationError

if TYPE_CHECKING:
    from limits import RateLimitItem
    from pydantic import SecretStr

__all__ = ["Count", "MemoryWindows", "RedisWindows"]

_MOST_KEYS: Final = 100_000
_REDIS_CONNECTIONS: Final = 50


class Count(msgspec.Struct, frozen=True):
    """Where a key stands after a request.

    Attributes:
        allowed: Whether the request was counted; one that is refused is not.
        used: How many requests count at this moment.
        reset_seconds: Seconds until the oldest of them counts no longer.
    """

    allowed: bool
    used: int
    reset_seconds: float


class MemoryWindows:
    """Counts in this process. What counts no longer is forgotten, and there is a bound on the number of keys.

    Args:
        item: How many requests in how many seconds.
        most_keys: Beyond as many keys, those whose last counted request is the longest ago are forgotten.
        clock: Seconds that only go forward.
    """

    def __init__(
        self, item: RateLimitItem, *, most_keys: int = _MOST_KEYS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._amount = item.amount
        self._seconds = item.get_expiry()
        self._most_keys = most_keys
        self._clock = clock
        # by key the times of its requests; keys in the order of their last one
        self._times: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()

    def __len__(self) -> int:
        """How many keys are remembered."""
        return len(self._times)

    async def hit(self, scope: str, key: str) -> Count:
        """Count one request, when the limit allows it; nothing is awaited, so requests cannot get between."""
        now = self._clock()
        self._forget(now - self._seconds)
        times = self._times.setdefault((scope, key), deque())
        while times and times[0] <= now - self._seconds:
            times.popleft()
        allowed = len(times) < self._amount
        if allowed:
            times.append(now)
            self._times.move_to_end((scope, key))
            if len(self._times) > self._most_keys:
                self._times.popitem(last=False)
        return Count(allowed=allowed, used=len(times), reset_seconds=times[0] + self._seconds - now)

    def _forget(self, horizon: float) -> None:
        while self._times:
            times = next(iter(self._times.values()))
            if times[-1] > horizon:
                return
            self._times.popitem(last=False)


class RedisWindows:
    """Counts in Redis, atomically. The times are those of this machine's clock, so the clocks have to agree.

    Args:
        item: How many requests in how many seconds.
        url: ``redis://…``, ``rediss://…`` or ``unix://…``. No connection is made before the first request.
        patience: Seconds that Redis may take to connect, and to answer.

    Raises:
        ConfigurationError: The redis package is missing, or the URL is not one of Redis.
    """

    def __init__(self, item: RateLimitItem, url: SecretStr, *, patience: float) -> None:
        self._item = item
        self._pool = _pool(url, patience)
        self._limiter = _limiter(self._pool)

    async def hit(self, scope: str, key: str) -> Count:
        """Count one request, when the limit allows it.

        Raises:
            redis.RedisError: Redis is out of reach, refuses, or takes too long; a ``ConnectionError`` or
                ``TimeoutError`` of the redis package for the most part.
        """
        allowed = await self._limiter.hit(self._item, scope, key)
        stats = await self._limiter.get_window_stats(self._item, scope, key)
        used = min(self._item.amount, max(1, self._item.amount - stats.remaining))
        return Count(allowed=allowed, used=used, reset_seconds=max(0.0, stats.reset_time - time.time()))

    async def ping(self) -> None:
        """Ask Redis whether it answers; nothing is counted.

        Raises:
            redis.RedisError: As of :meth:`hit`.
        """
        from redis.asyncio import Redis

        await Redis(connection_pool=self._pool).ping()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._pool.aclose()


def _pool(url: SecretStr, patience: float) -> Any:
    try:
        from redis.asyncio import BlockingConnectionPool
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
    except ImportError:
        raise ConfigurationError(
            "redis_url is set, and the package that speaks with Redis is not installed.",
            hint="Run pip install 'promptdock[redis]', or unset PROMPTDOCK_REDIS_URL.",
        ) from None
    try:
        return BlockingConnectionPool.from_url(
            url.get_secret_value(),
            max_connections=_REDIS_CONNECTIONS,
            timeout=patience,
            socket_timeout=patience,
            socket_connect_timeout=patience,
            retry=Retry(NoBackoff(), 0),  # whoever asks has another way to count, and does not wait
        )
    except ValueError:  # its text may quote the URL, which holds a password
        raise ConfigurationError(
            "redis_url is not a URL of Redis.", hint="Write it as redis://host:6379/0, rediss://… or unix:///path."
        ) from None


def _limiter(pool: Any) -> Any:
    from limits.aio.storage import RedisStorage
    from limits.aio.strategies import MovingWindowRateLimiter

    # with a pool the URL is only looked at, so it need not hold the password
    storage = RedisStorage(
        "redis://localhost:6379", implementation="redispy", key_prefix="promptdock:limit", connection_pool=pool
    )
    return MovingWindowRateLimiter(storage)
