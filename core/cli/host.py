"""The installed plugins, loaded for a command that only looks at them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from ..plaintext import one_line
from .console import Output

if TYPE_CHECKING:
    from ..plugins.catalog import PluginRecord
    from ..plugins.host import PluginHost
    from ..settings import Settings

__all__ = ["loaded_host", "note_quarantined", "quarantined", "show_warnings", "told_apart"]


@asynccontextmanager
async def loaded_host(settings: Settings) -> AsyncIterator[PluginHost]:
    """Load the plugins, broken ones too, and let go of them at the end of the block.

    Args:
        settings: The settings. ``strict`` and ``default_provider`` are left out of account: who looks wants to see
            what is broken.

    Raises:
        ConfigurationError: The settings cannot be used.
    """
    from ..service import open_service

    lenient = settings.model_copy(update={"strict": False, "default_provider": None})
    async with open_service(lenient) as service:
        yield service.host


def quarantined(records: Iterable[PluginRecord]) -> list[PluginRecord]:
    """The plugins that are kept out because they are broken."""
    from ..plugins.catalog import PluginState

    return [record for record in records if record.state is PluginState.QUARANTINED]


def told_apart(record: PluginRecord) -> str:
    """A plugin with the distribution and version that bring it."""
    owner = f"{record.distribution} {record.version}".strip()
    return one_line(f"{record.name} ({owner})")


def note_quarantined(output: Output, records: Iterable[PluginRecord]) -> None:
    """Mention on stderr that plugins are kept out, where something of theirs may be missed."""
    broken = quarantined(records)
    if broken:
        from rich.text import Text

        count = "1 plugin is" if len(broken) == 1 else f"{len(broken)} plugins are"
        names = dict.fromkeys(one_line(record.name) for record in broken)
        told = f"{count} quarantined: {', '.join(names)}. Run 'promptdock plugins list' to see why."
        output.aside(Text(told, "yellow"))


def show_warnings(output: Output, warnings: Iterable[str]) -> None:
    """Show on stderr what the operator should look at although nothing is broken by it."""
    for warning in warnings:
        from rich.text import Text

        output.aside(Text(one_line(f"Warning: {warning}"), "yellow"))
