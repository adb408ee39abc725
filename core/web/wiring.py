"""Putting a dock into an app: its store, the keys that it knows, the journal that it writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..store.keys import KeyAuthenticator
from .journal_rows import journal_sink
from .state import provide

if TYPE_CHECKING:
    from litestar import Litestar

    from ..prompts.dock import Dock

__all__ = ["wire"]


def wire(app: Litestar, dock: Dock) -> None:
    """Let an app's routes and guards use a dock.

    Args:
        app: The app.
        dock: Opened already.
    """
    provide(
        app.state,
        dock=dock,
        authenticator=KeyAuthenticator(dock.database, dock.secret),
        journal=journal_sink(dock) if dock.settings.journal else None,
    )
