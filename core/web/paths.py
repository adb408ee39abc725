"""Which paths are ours, and which of three error formats each of them speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from litestar.utils.path import normalize_path

__all__ = ["Territory", "path_of"]


_OPENAI: Final = ("/v1",)
_ENVELOPE: Final = ("/api", "/prompt", "/config")
_OURS: Final = ("/v1", "/api/v1", "/prompt", "/config", "/healthz", "/readyz", "/metrics")


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

    def below(self, path: str) -> Territory:
        """The same part of an app that itself lies below a path."""
        above = f"/{path.strip('/')}" if path.strip("/") else ""
        return replace(self, prefix=above + self.prefix)

    def holds(self, scope: Mapping[str, Any]) -> bool:
        """Whether a request is ours to answer."""
        return self.whole or self._under(scope, *_OURS)

    def speaks_openai(self, scope: Mapping[str, Any]) -> bool:
        """Whether errors about a path have OpenAI's shape."""
        return self._under(scope, *_OPENAI)

    def speaks_envelope(self, scope: Mapping[str, Any]) -> bool:
        """Whether errors about a path have the shape of our API."""
        return self._under(scope, *_ENVELOPE)

    def is_api(self, scope: Mapping[str, Any]) -> bool:
        """Whether a request is one to an API of ours, rather than to health checks or documentation."""
        return self.holds(scope) and self._under(scope, *_OPENAI, *_ENVELOPE)

    def _under(self, scope: Mapping[str, Any], *roots: str) -> bool:
        path = path_of(scope)
        if "//" in path or not path.startswith("/"):
            path = normalize_path(path)  # as the router reads it: //v1 is /v1
        return f"{path}/".startswith(tuple(f"{self.prefix}{root}/" for root in roots))
