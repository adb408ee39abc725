"""``promptdock plugins list``, ``tools list`` and ``providers list``: what is installed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from .invocation import Invocation, debug_option, strict_option

if TYPE_CHECKING:
    from ..plugins.catalog import Catalog, PluginRecord
    from ..plugins.deprecations import HookWarning
    from ..plugins.host import PluginHost
    from ..settings import Settings
    from .console import Output

__all__ = ["plugins", "providers", "tools"]

_JSON = click.option("--json", "as_json", is_flag=True, help="Print a JSON array instead.")


@click.group()
@debug_option
def plugins() -> None:
    """Show the installed plugins, and why some are not loaded."""


@click.group()
@debug_option
def tools() -> None:
    """Show the tools that models may call."""


@click.group()
@debug_option
def providers() -> None:
    """Show the providers, and which have their key."""


@plugins.command("list")
@_JSON
@strict_option
@debug_option
@click.pass_obj
def list_plugins(invocation: Invocation, as_json: bool, strict: bool) -> None:
    """Show every plugin that was found: its distribution, state and hooks.

    A quarantined plugin is shown with its reason and what to do about it, with --debug with its traceback, too.
    """

    def show(host: PluginHost, _: Settings, output: Output) -> None:
        from ..listings import list_plugins as as_objects

        if as_json:
            output.json(as_objects(host.catalog))
        else:
            _show_plugins(host.catalog.plugins, output, tracebacks=invocation.debug)

    _look(invocation, show, strict=strict, hint="What to do about it is said above.")


@tools.command("list")
@_JSON
@strict_option
@debug_option
@click.pass_obj
def list_tools(invocation: Invocation, as_json: bool, strict: bool) -> None:
    """Show every tool: its id, the name that models use, and what it does."""

    def show(host: PluginHost, _: Settings, output: Output) -> None:
        from ..listings import list_tools as as_objects
        from .host import note_quarantined
        from .tables import show_table

        listed = as_objects(host.catalog)
        note_quarantined(output, host.catalog.plugins)
        if as_json:
            output.json(listed)
            return
        rows = [[tool["id"], tool["name"], tool["plugin"], _first_line(tool["description"])] for tool in listed]
        show_table(output, ["id", "name", "plugin", "description"], rows, below=["description"])

    _look(invocation, show, strict=strict)


@providers.command("list")
@_JSON
@strict_option
@debug_option
@click.pass_obj
def list_providers(invocation: Invocation, as_json: bool, strict: bool) -> None:
    """Show every provider: who brings it, its default model, and whether it has what it needs, e.g. its key."""

    def show(host: PluginHost, settings: Settings, output: Output) -> None:
        from ..listings import list_providers as as_objects
        from .host import note_quarantined
        from .tables import show_table

        listed = as_objects(host.catalog)
        note_quarantined(output, host.catalog.plugins)
        if as_json:
            output.json(listed)
            return
        default = _default_provider(host.catalog, settings)
        rows = [
            [
                item["name"],
                item["plugin"],
                item["default_model"] or "-",
                "yes" if item["configured"] else "no",
                "default" if item["name"] == default else "",
            ]
            for item in listed
        ]
        show_table(output, ["name", "plugin", "default model", "configured", ""], rows, squeezed=["default model"])

    _look(invocation, show, strict=strict)


def _look(
    invocation: Invocation,
    show: Callable[[PluginHost, Settings, Output], None],
    *,
    strict: bool,
    hint: str = "Run 'promptdock plugins list' to see what to do about it.",
) -> None:
    """Load the plugins, show what the operator should look at and what was asked for, and fail if that is wanted."""
    from ..logs import command_logging
    from ..settings import load_settings
    from .console import open_output
    from .ending import run_async
    from .host import loaded_host, quarantined, show_warnings
    from .waiting import Waiting

    command_logging(debug=invocation.debug)

    async def look(output: Output) -> None:
        waiting = Waiting(output)
        waiting.show("loading plugins")
        settings = load_settings()
        try:
            async with loaded_host(settings) as host:
                waiting.hide()
                show_warnings(output, host.warnings)
                show(host, settings, output)
                broken = quarantined(host.catalog.plugins)
        finally:
            waiting.hide()
        if broken and (strict or settings.strict):
            _fail_strictly(broken, hint)

    with open_output() as output:
        run_async(look(output), invocation)


def _show_plugins(records: Sequence[PluginRecord], output: Output, *, tracebacks: bool) -> None:
    from .phrases import time_phrase
    from .tables import show_table

    rows = [
        [
            record.name,
            record.distribution,
            record.version or "-",
            record.state.value,
            time_phrase(record.load_ms),
            ", ".join(record.hooks) or "-",
        ]
        for record in records
    ]
    show_table(
        output,
        ["name", "distribution", "version", "state", "load", "hooks"],
        rows,
        below=["hooks"],
        squeezed=["distribution"],
    )
    for record in records:
        if record.reason is not None:
            _show_reason(record, output, traceback=tracebacks)
        for warning in record.warnings:
            _show_warning(record, warning, output)


def _show_reason(record: PluginRecord, output: Output, *, traceback: bool) -> None:
    from rich.text import Text

    from ..plaintext import one_line, visible
    from .host import told_apart

    output.line()
    output.line(
        Text.assemble((told_apart(record), "bold"), f" is {record.state.value}: {one_line(record.reason or '')}")
    )
    if record.remedy is not None:
        output.line(Text(f"  {one_line(record.remedy)}"))
    if traceback and record.traceback is not None:
        output.line(Text(visible(record.traceback).rstrip(), "dim"))


def _show_warning(record: PluginRecord, warning: HookWarning, output: Output) -> None:
    from rich.text import Text

    from ..plaintext import one_line
    from .host import told_apart

    output.line()
    output.line(Text.assemble((told_apart(record), "bold"), f" is written for an older promptdock: {warning.what}"))
    output.line(Text(f"  {one_line(warning.next)}"))


def _fail_strictly(broken: Sequence[PluginRecord], hint: str) -> None:
    from .failures import CommandFailed
    from .phrases import count_phrase

    named = ", ".join(dict.fromkeys(record.name for record in broken))
    raise CommandFailed(f"{count_phrase(len(broken), 'plugin')} in quarantine: {named}", hint=hint)


def _default_provider(catalog: Catalog, settings: Settings) -> str | None:
    """The provider of prompts that name none; None when there is none, or the settings name one that is missing."""
    from ..errors import ConfigurationError
    from ..routing import Router

    try:
        return Router(catalog.providers, default=settings.default_provider, aliases={}).default
    except ConfigurationError:
        return None


def _first_line(text: Any) -> str:
    return str(text or "").strip().partition("\n")[0]
