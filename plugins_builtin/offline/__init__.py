"""The built-in plugin that brings the ``offline`` provider: answers by rules, with no key and no network."""

from __future__ import annotations

from collections.abc import Sequence

from promptdock import OfflineProvider, Provider, hookimpl


@hookimpl
def register_providers() -> Sequence[Provider]:
    """Give the one provider that always works."""
    return [OfflineProvider()]
