"""The HTTP side: a Litestar app made by :func:`create_app`, or :class:`PromptdockPlugin` in somebody's own."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import create_app as create_app
    from .plugin import PromptdockPlugin as PromptdockPlugin

__all__ = ["PromptdockPlugin", "create_app"]

_HOMES = {"PromptdockPlugin": ".plugin", "create_app": ".app"}


def __getattr__(name: str) -> Any:
    """Load a public name only when it is asked for (PEP 562): Litestar takes its time."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name], __name__), name)
    msg = f"module 'promptdock.web' has no attribute {name!r}"
    raise AttributeError(msg)
