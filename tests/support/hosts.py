"""Plugin hosts with nothing in them but what a test gives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from promptdock.plugins.catalog import PluginRecord
from promptdock.plugins.host import PluginHost
from promptdock.settings import load_settings
from promptdock.threads import WorkerThreads


def bare_host(home: Path, extra: Mapping[str, object] | None = None, **settings: Any) -> PluginHost:
    """Load a host without the built-ins.

    Args:
        home: An empty folder; one-file plugins go into its ``plugins/``.
        extra: Plugin objects by id.
        **settings: Fields of the host's settings.
    """
    deny = ("promptdock", *settings.pop("plugins_deny", ()))
    made = load_settings(home=home, plugins_deny=deny, **settings)
    return PluginHost.load(made, threads=WorkerThreads(4), extra=extra)


def records(host: PluginHost) -> dict[str, PluginRecord]:
    """The records of a host by plugin id, built-ins left out."""
    return {record.name: record for record in host.catalog.plugins if record.distribution != "promptdock"}
