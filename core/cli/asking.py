"""What a person can do about a provider that does not answer."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from .failures import CommandFailed, next_step

if TYPE_CHECKING:
    from ..errors import ErrorInfo
    from ..providers.base import Provider
    from ..settings import Settings

__all__ = ["check_configured", "key_advice", "named_error", "provider_url", "setting_phrase", "turn_failure"]

_GENERAL: Final = "The provider"


def provider_url(provider: Provider) -> str | None:
    """Where a provider is asked, as far as it says so."""
    url = getattr(provider, "base_url", None)
    return url if isinstance(url, str) and url else None


def setting_phrase(provider: str, field: str) -> str:
    """Where a setting of a provider is made: a variable, or the file for names that no variable can have."""
    if re.fullmatch(r"[a-z0-9_]+", provider) and "__" not in provider:
        return f"PROMPTDOCK_PROVIDERS__{provider.upper()}__{field.upper()}"
    return f"{field} under [providers.{provider}] in promptdock.toml"


def key_advice(provider: str, settings: Settings) -> str:
    """The place of a provider's key: where it is set now, else where it is usually set."""
    from ..providers.vendors import VENDORS

    own = settings.providers.get(provider)
    if own is not None and own.api_key is not None:
        return setting_phrase(provider, "api_key")
    variables = [variable for vendor in VENDORS if vendor.name == provider for variable in vendor.key_variables]
    used = [variable for variable in variables if os.environ.get(variable)]
    return (used or [*variables[:1], setting_phrase(provider, "api_key")])[0]


def named_error(error: ErrorInfo, provider: Provider) -> ErrorInfo:
    """The same error in words for whoever runs the command, who is the operator, too; with the provider's name."""
    name, url = provider.name, provider_url(provider)
    where = f" at {url}" if url is not None else ""
    match error.code:
        case "upstream_unreachable":
            return replace(error, message=f"{_GENERAL} {name} cannot be reached{where}.")
        case "upstream_timeout":
            return replace(error, message=f"{_GENERAL} {name}{where} did not answer in time.")
        case "upstream_auth":
            return replace(error, message=f"{_GENERAL} {name} refused the key.")
    general = error.message.startswith((f"{_GENERAL} ", f"{_GENERAL}'s ")) and name not in error.message
    return replace(error, message=f"{_GENERAL} {name}{error.message.removeprefix(_GENERAL)}") if general else error


def turn_failure(error: ErrorInfo, provider: Provider | None, settings: Settings) -> CommandFailed:
    """The failure of a command whose turn failed.

    Args:
        error: How the turn failed.
        provider: Whom it asked; None when that is not known.
        settings: The settings.
    """
    if provider is None:
        return CommandFailed(error.message, hint=next_step(error.code))
    return CommandFailed(named_error(error, provider).message, hint=_hint(error, provider.name, settings))


def _hint(error: ErrorInfo, name: str, settings: Settings) -> str:
    match error.code:
        case "upstream_unreachable":
            return f"Is it running, and is its address right? Check it with: promptdock doctor --online {name}"
        case "upstream_timeout":
            return f"Try again, or allow it more time: {setting_phrase(name, 'timeout')}"
        case "upstream_auth":
            return f"Set {key_advice(name, settings)} to a key that is valid."
        case "insufficient_quota":
            return "Its account has no quota left: add some there, or ask another model with -m."
        case "rate_limit_exceeded":
            seconds = f"{error.retry_after:.0f} s" if error.retry_after is not None else "a minute"
            return f"Wait for {seconds} and try again, or ask another model with -m."
        case "upstream_error" | "upstream_invalid_response":
            return "Wait a little and try again, or ask another model with -m."
    return next_step(error.code)


def check_configured(provider: Provider, settings: Settings) -> None:
    """Find a missing key before anything else is shown.

    Raises:
        CommandFailed: The provider lacks what it needs to be asked.
    """
    if getattr(provider, "configured", True):
        return
    raise CommandFailed(
        f"{_GENERAL} {provider.name} has no key",
        hint=f"Set {key_advice(provider.name, settings)}, or ask another model with -m.",
    )
