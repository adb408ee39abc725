"""Writes docs/commands.md from what the commands say of themselves: ``make docs-reference``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from promptdock.cli.main import cli

__all__ = ["PAGE", "command_reference"]

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "commands.md"

_INTRO = """\
# Every command

<!-- written by `make docs-reference` from core/cli: change it there -->

Each command says the same of itself with `--help`. Exit codes: 0 when it went well, 1 when it did not, 2 when it was
called wrongly. Errors go to stderr, without a traceback; `--debug` shows it.
"""


def command_reference() -> str:
    """The whole page."""
    with click.Context(cli, info_name="promptdock", terminal_width=98, **cli.context_settings) as context:
        return "\n\n".join([_INTRO.rstrip(), *_sections(context, "##")]) + "\n"


def _sections(context: click.Context, heading: str) -> Iterator[str]:
    yield f"{heading} {context.command_path}"
    yield f"```console\n$ {context.command_path} --help\n{context.get_help().rstrip()}\n```"
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            command = context.command.get_command(context, name)
            assert command is not None
            with click.Context(command, info_name=name, parent=context) as inner:
                yield from _sections(inner, "##" if heading == "##" and context.parent is None else "###")


if __name__ == "__main__":
    PAGE.write_text(command_reference(), encoding="utf-8")
