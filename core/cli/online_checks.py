"""The check of ``promptdock doctor`` that asks providers over the network."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ..plugins.catalog import Catalog
from .asking import key_advice, named_error, setting_phrase
from .findings import Finding, Level
from .phrases import count_phrase

if TYPE_CHECKING:
    from ..providers.base import Provider
    from ..settings import Settings

__all__ = ["check_online"]

_SECONDS: Final = 15.0


async def check_online(catalog: Catalog, settings: Settings, name: str | None = None) -> Sequence[Finding]:
    """Ask providers for their models, all at once.

    Args:
        catalog: What the plugins registered.
        settings: The settings.
        name: Whom to ask; None asks everybody who has what it needs.
    """
    if name is not None and name not in catalog.providers:
        return [_unknown(name, catalog)]
    asked = [item.provider for key, item in catalog.providers.items() if _is_asked(key, item.provider, name)]
    if not asked:
        return [Finding(check="online", level=Level.PROBLEM, what="There is no provider to ask.")]
    return await asyncio.gather(*(_ask(provider, settings, name) for provider in asked))


def _is_asked(key: str, provider: Provider, name: str | None) -> bool:
    return provider.configured if name is None else key == name


def _unknown(name: str, catalog: Catalog) -> Finding:
    near = difflib.get_close_matches(name, catalog.providers, n=1)
    return Finding(
        check="online",
        level=Level.PROBLEM,
        what=f"There is no provider {name!r}.",
        next=f"Did you mean {near[0]}?" if near else f"Registered are: {', '.join(catalog.providers) or 'none'}.",
    )


async def _ask(provider: Provider, settings: Settings, name: str | None) -> Finding:
    from ..error_table import describe

    if not provider.configured:
        key = key_advice(provider.name, settings)
        what = f"The provider {provider.name} has no key."
        return Finding(check="online", level=Level.PROBLEM, what=what, next=f"Set {key}.")
    try:
        models = await asyncio.wait_for(provider.models(), _SECONDS)
    except TimeoutError:
        what = f"The provider {provider.name} did not answer within {_SECONDS:.0f} s."
        return _failed(provider.name, what, _advice("upstream_timeout", provider.name, settings), Level.PROBLEM)
    except Exception as error:  # noqa: BLE001  (whatever it is, it is what the operator wants to know)
        info = named_error(describe(error), provider)
        # a local server that nobody set up is no more than an offer
        spare = info.code == "upstream_unreachable" and name is None and _is_spare(provider.name, settings)
        level = Level.NOTE if spare else Level.PROBLEM
        return _failed(provider.name, info.message, _advice(info.code, provider.name, settings), level)
    told = f"The provider {provider.name} answers; it lists {count_phrase(len(models), 'model')}."
    return Finding(check="online", level=Level.OK, what=told)


def _is_spare(name: str, settings: Settings) -> bool:
    from ..providers.vendors import VENDORS

    keyless = any(vendor.name == name and not vendor.key_variables for vendor in VENDORS)
    return keyless and name not in settings.providers and name != settings.default_provider


def _failed(name: str, what: str, advice: str, level: Level) -> Finding:
    return Finding(check="online", level=level, what=what if name in what else f"{name}: {what}", next=advice)


def _advice(code: str, name: str, settings: Settings) -> str:
    match code:
        case "upstream_auth":
            return f"Set {key_advice(name, settings)} to a key that is valid."
        case "upstream_unreachable" | "upstream_timeout":
            return f"Start it, or check the network and its address: {setting_phrase(name, 'base_url')}"
        case "rate_limit_exceeded" | "insufficient_quota":
            return "Wait, or look at the limits of its account."
    return f"Try again later, or check its address: {setting_phrase(name, 'base_url')}"
