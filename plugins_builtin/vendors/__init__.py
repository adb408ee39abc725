"""Registers the vendors of language models, and every OpenAI-compatible server that the operator names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from promptdock import Provider, ProviderSettings, hookimpl

__all__ = ["register_providers"]


@hookimpl
def register_providers(provider_settings: Mapping[str, ProviderSettings]) -> Sequence[Provider]:
    """Give a provider for each vendor, and one for each other name that has a base URL."""
    from promptdock.providers.vendors import vendor_providers

    return vendor_providers(provider_settings)
