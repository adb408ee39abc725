"""Which paths are ours, and which of two error formats each of them speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

__all__ = ["Territory", "path_of"]


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
        return self.whole or self._under(path_of(scope), "/v1", "/api/v1", "/healthz", "/readyz")

    def speaks_openai(self, scope: Mapping[str, Any]) -> bool:
        """Whether errors about a path have OpenAI's shape."""
        return self._under(path_of(scope), "/v1")

    def _under(self, path: str, *roots: str) -> bool:
        return any(path == (full := self.prefix + root) or path.startswith(f"{full}/") for root in roots)
