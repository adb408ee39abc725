"""The checks of ``promptdock doctor`` that look at the loaded plugins: what they are, and what they registered."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ..errors import PromptdockError
from ..plugins.catalog import Catalog, PluginState
from ..routing import Router
from .findings import Finding, Level
from .host import told_apart
from .phrases import count_phrase

if TYPE_CHECKING:
    from ..plugins.host import PluginHost
    from ..settings import Settings

__all__ = ["check_online", "check_plugins", "check_providers", "check_tools"]

_ONLINE_SECONDS: Final = 15.0


def check_plugins(host: PluginHost) -> Iterator[Finding]:
    """Look which plugins are kept out, and for settings that speak of plugins that are not there."""
    records = host.catalog.plugins
    loaded = sum(record.state is PluginState.LOADED for record in records)
    yield Finding(check="plugins", level=Level.OK, what=f"{count_phrase(loaded, 'plugin')} of {len(records)} loaded.")
    for record in records:
        if record.state is not PluginState.LOADED:
            broken = record.state is PluginState.QUARANTINED
            yield Finding(
                check="plugins",
                level=Level.PROBLEM if broken else Level.NOTE,
                what=f"{told_apart(record)} is {record.state.value}: {record.reason}.",
                next=record.remedy,
            )
    for warning in host.warnings:
        yield Finding(
            check="plugins",
            level=Level.WARNING,
            what=warning,
            next="Correct the setting; the list of settings says where it is made.",
        )


def check_tools(catalog: Catalog) -> Iterator[Finding]:
    """Look for names that several tools share, for models could not tell them apart."""
    owners: dict[str, list[str]] = defaultdict(list)
    for tool in catalog.tools.values():
        owners[tool.name].append(tool.id)
    shared = {name: ids for name, ids in owners.items() if len(ids) > 1}
    for name, ids in shared.items():
        yield Finding(
            check="tools",
            level=Level.PROBLEM,
            what=f"Several tools have the name {name!r}: {', '.join(ids)}.",
            next=f'Rename one: PROMPTDOCK_TOOL_ALIASES=\'{{"{ids[0]}": "{ids[0].replace(".", "_")}"}}\'',
        )
    if not shared:
        yield Finding(
            check="tools", level=Level.OK, what=f"{count_phrase(len(catalog.tools), 'tool')}, each with its own name."
        )


def check_providers(catalog: Catalog, settings: Settings) -> Iterator[Finding]:
    """Look who can be asked, and who answers prompts that name nobody."""
    having = [name for name, item in catalog.providers.items() if item.provider.configured]
    lacking = [name for name in catalog.providers if name not in having]
    yield Finding(
        check="providers",
        level=Level.OK,
        what=f"Configured: {', '.join(having) or 'none'}. Without a key: {', '.join(lacking) or 'none'}.",
    )
    try:
        default = Router(catalog.providers, default=settings.default_provider, aliases=settings.model_aliases).default
    except PromptdockError as error:
        yield Finding(check="providers", level=Level.PROBLEM, what=error.message, next=error.hint)
        return
    yield _default(default, default in having)


def _default(default: str | None, configured: bool) -> Finding:
    if default is None:
        return Finding(
            check="providers",
            level=Level.PROBLEM,
            what="No provider is registered, so no prompt can be answered.",
            next="Look at 'promptdock plugins list'; the built-in ones are called offline and vendors.",
        )
    if not configured:
        return Finding(
            check="providers",
            level=Level.PROBLEM,
            what=f"The default provider {default} has no key.",
            next=f"Set {_key_variable(default)}, or change PROMPTDOCK_DEFAULT_PROVIDER.",
        )
    if default == "offline":
        return Finding(
            check="providers",
            level=Level.NOTE,
            what="The default provider is offline, a rule-based stand-in and not a language model.",
            next="Set OPENAI_API_KEY for real answers, or PROMPTDOCK_DEFAULT_PROVIDER to another vendor.",
        )
    return Finding(check="providers", level=Level.OK, what=f"The default provider is {default}.")


def _key_variable(provider: str) -> str:
    from ..providers.vendors import VENDORS

    named = [variable for vendor in VENDORS if vendor.name == provider for variable in vendor.key_variables[:1]]
    return named[0] if named else f"PROMPTDOCK_PROVIDERS__{provider.upper()}__API_KEY"


async def check_online(catalog: Catalog, settings: Settings) -> Finding:
    """Ask the default provider for its models."""
    from ..error_table import describe

    try:
        default = Router(catalog.providers, default=settings.default_provider, aliases=settings.model_aliases).default
        if default is None:
            return Finding(check="online", level=Level.PROBLEM, what="There is no default provider to ask.")
        models = await asyncio.wait_for(catalog.providers[default].provider.models(), _ONLINE_SECONDS)
    except TimeoutError:
        return _unreachable(f"The default provider did not answer within {_ONLINE_SECONDS:.0f} s.")
    except Exception as error:  # noqa: BLE001  (whatever it is, it is what the operator wants to know)
        return _unreachable(describe(error).message)
    told = f"The default provider {default} answers; it lists {count_phrase(len(models), 'model')}."
    return Finding(check="online", level=Level.OK, what=told)


def _unreachable(what: str) -> Finding:
    return Finding(
        check="online",
        level=Level.PROBLEM,
        what=what,
        next="Check the network, the provider's base_url and its key; the list of settings says where each is made.",
    )
