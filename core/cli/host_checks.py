"""The checks of ``promptdock doctor`` that look at the loaded plugins and their tools."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..plugins.catalog import Catalog, PluginState
from .findings import Finding, Level
from .host import told_apart
from .phrases import count_phrase

if TYPE_CHECKING:
    from ..plugins.host import PluginHost

__all__ = ["check_plugins", "check_tools"]


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
        for deprecated in record.warnings:
            yield Finding(
                check="plugins",
                level=Level.WARNING,
                what=f"{told_apart(record)} is written for an older promptdock: {deprecated.what}.",
                next=f"Upgrade it. Its author reads: {deprecated.next}",
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
