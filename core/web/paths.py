"""Which paths are ours, and which of three error formats each of them speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from litestar.utils.path import normalize_path

__all__ = ["Territory", "path_of"]


_OPENAI: Final = ("/v1",)
_ENVELOPE: Final = ("/api", "/prompt", "/config")
_OUR_API: Final = ("/v1", "/api/v1", "/prompt", "/config")
"""What is ours of these paths in an app that has others, too."""
_OURS: Final = (*_OUR_API, "/healthz", "/readyz", "/metrics")


def path_of(scope: Mapping[str, Any]) -> str:
    """The path that was asked for, as the routes see it: without the server's root path."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", "")) or "/"


@dataclass(frozen=True, slots=True)
class Territory:
    """The part of an app's paths that promptdock answers for.

    Attributes:
        prefix: What comes before ``/v1``, ``/api/v1`` and the rest; empty at the root.
        whole: True when the whole app is ours, unknown paths included.
    """

    prefix: str = ""
    whole: bool = False
    _ours: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _openai: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _envelope: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _api: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        api = (*_OPENAI, *_ENVELOPE) if self.whole else _OUR_API
        for name, roots in (("_ours", _OURS), ("_openai", _OPENAI), ("_envelope", _ENVELOPE), ("_api", api)):
            object.__setattr__(self, name, tuple(f"{self.prefix}{root}/" for root in roots))

    def below(self, path: str) -> Territory:
        """The same part of an app that itself lies below a path."""
        above = f"/{path.strip('/')}" if path.strip("/") else ""
        return replace(self, prefix=above + self.prefix)

    def holds(self, scope: Mapping[str, Any]) -> bool:
        """Whether a request is ours to answer."""
        return self.whole or _is_under(path_of(scope), self._ours)

    def speaks_openai(self, scope: Mapping[str, Any]) -> bool:
        """Whether errors about a path have OpenAI's shape."""
        return _is_under(path_of(scope), self._openai)

    def speaks_envelope(self, scope: Mapping[str, Any]) -> bool:
        """Whether errors about a path have the shape of our API."""
        return _is_under(path_of(scope), self._envelope)

    def is_api(self, path: str) -> bool:
        """Whether a path, as :func:`path_of` gives it, is one of an API of ours, not of health checks or documents."""
        return _is_under(path, self._api)


def _is_under(path: str, roots: tuple[str, ...]) -> bool:
    if "//" in path or not path.startswith("/"):
        path = normalize_path(path)  # as the router reads it: //v1 is /v1
    return f"{path}/".startswith(roots)
