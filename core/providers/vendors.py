"""The vendors whose OpenAI-compatible APIs are known by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from .openai_compatible import OpenAICompatibleProvider

if TYPE_CHECKING:
    from ..settings import ProviderSettings

__all__ = ["VENDORS", "Vendor", "vendor_providers"]


class Vendor(msgspec.Struct, frozen=True):
    """One vendor.

    Attributes:
        name: Name of its provider.
        base_url: Root of its OpenAI-compatible API.
        key_variables: Environment variables that may hold its key, most usual first; none for a vendor without keys.
        default_model: A current, cheap model that takes tools.
    """

    name: str
    base_url: str
    key_variables: tuple[str, ...]
    default_model: str


VENDORS: Final[tuple[Vendor, ...]] = (
    Vendor("openai", "https://api.openai.com/v1/", ("OPENAI_API_KEY",), "gpt-4o-mini"),
    Vendor(
        "googleai",
        "https://generativelanguage.googleapis.com/v1beta/openai/",
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        "gemini-flash-latest",
    ),
    Vendor("metaai", "https://api.llama.com/compat/v1/", ("LLAMA_API_KEY",), "Llama-4-Maverick-17B-128E-Instruct-FP8"),
    Vendor("anthropic", "https://api.anthropic.com/v1/", ("ANTHROPIC_API_KEY",), "claude-sonnet-4-6"),
    Vendor("mistral", "https://api.mistral.ai/v1/", ("MISTRAL_API_KEY",), "mistral-small-latest"),
    Vendor(
        "cohere",
        "https://api.cohere.ai/compatibility/v1/",
        ("COHERE_API_KEY", "CO_API_KEY"),
        "command-a-03-2025",
    ),
    Vendor(
        "fireworks",
        "https://api.fireworks.ai/inference/v1/",
        ("FIREWORKS_API_KEY",),
        "accounts/fireworks/models/gpt-oss-120b",
    ),
    # its pages name api.together.ai now; the older host is the one that most clients have
    Vendor(
        "togetherai",
        "https://api.together.xyz/v1/",
        ("TOGETHERAI_API_KEY", "TOGETHER_API_KEY"),
        "openai/gpt-oss-20b",
    ),
    Vendor("ollama", "http://127.0.0.1:11434/v1/", (), "llama3.2"),
)


def vendor_providers(provider_settings: Mapping[str, ProviderSettings]) -> Sequence[OpenAICompatibleProvider]:
    """Make a provider for every vendor, and for every other name that the operator gave a base URL.

    A vendor without a key gets a provider, too: it says which variable to set as soon as somebody asks it. A name with
    settings but no base URL is left to the plugin that knows what it means.

    Args:
        provider_settings: What the operator configured, by provider name.

    Raises:
        ConfigurationError: A base URL or a name cannot be used.
    """
    known = {vendor.name for vendor in VENDORS}
    vendors = [
        OpenAICompatibleProvider(
            name=vendor.name,
            base_url=vendor.base_url,
            key_variables=vendor.key_variables,
            default_model=vendor.default_model,
            settings=provider_settings.get(vendor.name),
        )
        for vendor in VENDORS
    ]
    others = [
        OpenAICompatibleProvider(name=name, base_url=settings.base_url, settings=settings)
        for name, settings in sorted(provider_settings.items())
        if name not in known and settings.base_url is not None
    ]
    return [*vendors, *others]
