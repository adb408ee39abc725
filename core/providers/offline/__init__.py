"""The provider that needs no key and no network: rules, not a language model."""

from __future__ import annotations

from .provider import OfflineProvider

__all__ = ["OfflineProvider"]
