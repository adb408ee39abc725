"""How many files this process may have open: each connection is one, and each stream to a provider another."""

from __future__ import annotations

from typing import Final

__all__ = ["allow_many_open_files", "most_connections", "open_files_limit"]

_ENOUGH: Final = 65_536
"""More is not asked for: where a system has no limit, some programs walk through all the files that might be open."""
_OWN: Final = 128
"""What a server needs besides: its databases, Redis, the log, what plugins read."""
_FEWEST: Final = 16


def open_files_limit() -> int | None:
    """The most files that may be open; None where the system has no such limit."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return None if limit == resource.RLIM_INFINITY else limit


def allow_many_open_files() -> None:
    """Allow as many as the system lets this process have, up to 65,536; processes that it starts may have them, too.

    Shells allow 1,024 of them, for the sake of programs that wait with ``select``.
    """
    limit = open_files_limit()
    if limit is None or limit >= _ENOUGH:
        return
    import resource

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH)
    while wanted > limit:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (ValueError, OSError):  # macOS has a limit of its own beside this one, and does not tell it
            wanted //= 2
        else:
            return


def most_connections() -> int | None:
    """How many connections callers may have open, so that each of them may have one to a provider; None for any."""
    limit = open_files_limit()
    return None if limit is None else max(_FEWEST, (limit - _OWN) // 2)
