"""The checks of ``promptdock doctor`` that look at the providers: who can be asked, and by which names."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import PromptdockError
from ..plugins.catalog import Catalog
from ..routing import Router
from .asking import key_advice, setting_phrase
from .findings import Finding, Level

if TYPE_CHECKING:
    from ..settings import Settings

__all__ = ["check_providers"]


def check_providers(catalog: Catalog, settings: Settings) -> Iterator[Finding]:
    """Look who can be asked, who answers prompts that name nobody, and for settings that lead to nobody."""
    having = [name for name, item in catalog.providers.items() if item.provider.configured]
    lacking = [name for name in catalog.providers if name not in having]
    yield Finding(
        check="providers",
        level=Level.OK,
        what=f"Configured: {', '.join(having) or 'none'}. Without a key: {', '.join(lacking) or 'none'}.",
    )
    yield from _unregistered(catalog, settings)
    try:
        router = Router(catalog.providers, default=settings.default_provider, aliases=settings.model_aliases)
    except PromptdockError as error:
        yield Finding(check="providers", level=Level.PROBLEM, what=error.message, next=error.hint)
        return
    yield _default(router.default, router.default in having, settings)
    yield from _dead_aliases(router, settings)


def _default(default: str | None, configured: bool, settings: Settings) -> Finding:
    if default is None:
        lists = "plugins_deny" if settings.plugins_allow is None else "plugins_allow and plugins_deny"
        return Finding(
            check="providers",
            level=Level.PROBLEM,
            what="No provider is registered, so no prompt can be answered.",
            next=f"Look at {lists}: the built-in plugins that bring providers are called offline and vendors.",
        )
    if not configured:
        return Finding(
            check="providers",
            level=Level.PROBLEM,
            what=f"The default provider {default} has no key.",
            next=f"Set {key_advice(default, settings)}, or change PROMPTDOCK_DEFAULT_PROVIDER.",
        )
    if default == "offline":
        return Finding(
            check="providers",
            level=Level.NOTE,
            what="The default provider is offline, a rule-based stand-in and not a language model.",
            next="Set OPENAI_API_KEY for real answers, or PROMPTDOCK_DEFAULT_PROVIDER to another vendor.",
        )
    return Finding(check="providers", level=Level.OK, what=f"The default provider is {default}.")


def _unregistered(catalog: Catalog, settings: Settings) -> Iterator[Finding]:
    for name, own in settings.providers.items():
        if name in catalog.providers:
            continue
        near = difflib.get_close_matches(name, catalog.providers, n=1)
        guess = f"Did you mean {near[0]}? " if near else ""
        advice = (
            f"Set {setting_phrase(name, 'base_url')} to the root of its API."
            if own.base_url is None
            else "Look at 'promptdock plugins list': the plugin vendors serves every name that has a base_url."
        )
        yield Finding(
            check="providers",
            level=Level.WARNING,
            what=f"There are settings for the provider {name!r}, and no plugin registers it.",
            next=f"{guess}{advice}",
        )


def _dead_aliases(router: Router, settings: Settings) -> Iterator[Finding]:
    for alias in settings.model_aliases:
        try:
            router.resolve(alias)
        except PromptdockError as error:
            yield Finding(
                check="providers",
                level=Level.WARNING,
                what=f"model_aliases: {error.message}",
                next=error.hint or "Correct or remove the alias.",
            )
