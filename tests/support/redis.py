"""The Redis that tests may use: their own URL, or one on this machine."""

from __future__ import annotations

import os

from redis import Redis, RedisError

__all__ = ["redis_url"]


def redis_url() -> str | None:
    """The URL of a Redis that answers; None when there is none."""
    url = os.environ.get("PROMPTDOCK_TEST_REDIS_URL") or "redis://127.0.0.1:6379/9"
    client = Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2)
    try:
        client.ping()
    except RedisError:
        return None
    else:
        return url
    finally:
        client.close()
