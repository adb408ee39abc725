"""How replies end whose server stops before they do: the place where a request says so, and a server looks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from ..errors import ErrorInfo

__all__ = ["FAREWELL", "STOPPING", "Farewell"]

FAREWELL: Final = "promptdock_farewell"
"""Key in a request's ASGI state."""

Farewell: TypeAlias = Callable[[ErrorInfo], tuple[bytes, bytes]]
"""Takes the error; gives the body of a reply that has not begun, and the last server-sent event of one that has."""

STOPPING: Final = "promptdock_stopping"
"""Key in the ASGI state of requests that come after the server was told to stop; true there."""
