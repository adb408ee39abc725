"""``promptdock plugin``: what plugin authors type."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

import click

__all__ = ["plugin"]

_COMMANDS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "new": (".plugin_new", "new", "Write a new plugin: a package with a tool, a test and all it needs."),
        "promote": (".plugin_new", "promote", "Make a package of a one-file plugin."),
        "check": (".plugin_check", "check", "Grade an installed plugin: bronze, silver or gold, with reasons."),
    }
)
"""Module, name and help of each command, in the order in which an author meets them."""


class _PluginGroup(click.Group):
    """Imports a command's module only when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (the signature is click's)
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module, name, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module, __package__), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in _COMMANDS.items()])


@click.group(cls=_PluginGroup, short_help="Write a plugin: start one, and check it.")
def plugin() -> None:
    """Write a plugin: start one, and check it.

    Start with: promptdock plugin new dice
    """
