"""The HTTP side: a Litestar app made by :func:`create_app`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import create_app as create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> Any:
    """Load the app's factory only when it is asked for (PEP 562)."""
    if name == "create_app":
        from .app import create_app

        return create_app
    msg = f"module 'promptdock.web' has no attribute {name!r}"
    raise AttributeError(msg)
