"""The ``promptdock`` command: a group whose commands are imported when they are called.

This module loads click and nothing else, so that ``--help``, ``--version`` and completion answer at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import Any, NamedTuple

import click

from .. import __version__
from .invocation import Invocation, debug_option

__all__ = ["LazyGroup", "cli", "main"]


class _Entry(NamedTuple):
    """Where a command lives, and what ``--help`` says of it without looking there."""

    module: str
    name: str
    help: str


_COMMANDS: Mapping[str, _Entry] = MappingProxyType(
    {
        "prompt": _Entry(".prompt", "prompt", "Answer a prompt with the tools of the installed plugins."),
        "serve": _Entry(".serve", "serve", "Serve the OpenAI protocol over HTTP."),
        "plugins": _Entry(".listing", "plugins", "Show the installed plugins, and why some are not loaded."),
        "tools": _Entry(".listing", "tools", "Show the tools that models may call."),
        "providers": _Entry(".listing", "providers", "Show the providers, and which have their key."),
        "explain": _Entry(".explain", "explain", "Say which tools a prompt would get to see, and why."),
        "why-not": _Entry(".explain", "why_not", "Say in one sentence why a prompt does not get to see a tool."),
        "plugin": _Entry(".plugin", "plugin", "Write a plugin: start one, and check it."),
        "hooks": _Entry(".hooks", "hooks", "Show the hooks that plugins may implement."),
        "record": _Entry(".record", "record", "Record a prompt's provider traffic, to be replayed in tests."),
        "keys": _Entry(".keys", "keys", "Show, make and revoke the keys that callers send."),
        "db": _Entry(".db", "db", "Show where the database stands, and bring it up to date."),
        "doctor": _Entry(".doctor", "doctor", "Check the installation and the settings."),
    }
)


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (the signature is click's)
        """Name the commands, in the order in which a newcomer meets them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command; None when there is none of that name."""
        entry = _COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = getattr(import_module(entry.module, __package__), entry.name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in _COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that was called; an unknown one is answered with the nearest that exists."""
        if args and not args[0].startswith("-") and args[0] not in _COMMANDS:
            import difflib

            near = difflib.get_close_matches(args[0], _COMMANDS, n=1)
            guess = f"; did you mean '{near[0]}'?" if near else "."
            ctx.fail(f"There is no command {args[0][:100]!r}{guess}")
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
@debug_option
def cli() -> None:
    """Host plugins for language models: providers, tools, and the rules that pick them.

    Start with: promptdock prompt "What is (17 + 4) * 2?"
    """


def main(args: Sequence[str] | None = None) -> None:
    """Run the command and exit the process.

    Args:
        args: Arguments without the program's name; None takes those of the process.

    Raises:
        SystemExit: Always. 0: done; 1: it did not work; 2: called wrongly; 70: a defect; 130: interrupted.
    """
    invocation = Invocation(debug=bool(os.environ.get("PROMPTDOCK_DEBUG")))
    code = _run(args, invocation)
    if invocation.unfinished is not None:
        from .ending import leave

        leave(code)
    sys.exit(code)


def _run(args: Sequence[str] | None, invocation: Invocation) -> int:
    _never_fail_to_write()
    try:
        result: Any = cli.main(
            args=None if args is None else list(args), prog_name="promptdock", standalone_mode=False, obj=invocation
        )
        sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001  (the last place that can turn any of them into one line)
        from .failures import report

        return report(error, debug=invocation.debug)
    return result if isinstance(result, int) else 0


def _never_fail_to_write() -> None:
    """Show a character that the terminal cannot by its number, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
