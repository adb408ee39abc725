"""``promptdock plugin new`` and ``promptdock plugin promote``: write a plugin's files, and say what to type next."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .invocation import debug_option

if TYPE_CHECKING:
    from ..plugins.discovery import Candidate
    from .console import Output

__all__ = ["new", "promote"]

_directory_option = click.option(
    "--directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    metavar="DIR",
    help="Where to write; by default the current folder.",
)


@click.command(short_help="Write a new plugin: a package with a tool, a test and all it needs.")
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(["tool", "provider", "rule", "all"]),
    default="tool",
    show_default=True,
    help="What it brings to begin with.",
)
@click.option("--single-file", is_flag=True, help="Write NAME.py and its test instead of a package.")
@_directory_option
@debug_option
def new(name: str, kind: str, single_file: bool, directory: Path) -> None:
    """Write a new plugin that works: a package with a tool, a test and all it needs.

    NAME is what it is called, e.g. dice: its id will be dice, its distribution promptdock-dice. Nothing that exists is
    written over.
    """
    from ..scaffold.creating import new_package, new_single_file
    from ..scaffold.kinds import Kind
    from ..scaffold.refusal import NameRefused
    from .console import open_output

    installed, plugins_folder = _installed()
    try:
        if single_file:
            made = new_single_file(name, Kind(kind), directory, installed)
        else:
            made = new_package(name, Kind(kind), directory, installed)
    except NameRefused as error:
        raise click.BadParameter(str(error), param_hint="'NAME'") from error
    with open_output() as output:
        if single_file:
            _tell(output, directory, made.files, f"the plugin {made.names.id!r} in one file")
            _next(output, _steps_with_file(made.place, plugins_folder, made.try_it))
            if not _lies_in(made.place, plugins_folder):
                folder = _quoted(made.place.parent)
                output.line(f"Or try it where it is: PROMPTDOCK_PLUGINS_DIR={folder} {made.try_it}")
            output.line(f"When others want it, make a package of it: promptdock plugin promote {_quoted(made.place)}")
        else:
            _tell(output, made.place, made.files, f"the plugin {made.names.id!r} as {made.names.distribution}")
            _next(output, _steps_with_package(made.place, made.try_it))


@click.command(short_help="Make a package of a one-file plugin.")
@click.argument("file", type=click.Path(path_type=Path))
@_directory_option
@debug_option
def promote(file: Path, directory: Path) -> None:
    """Make a package of the one-file plugin FILE, which stays as it is.

    Its code is kept byte for byte and is not run. A test_FILE beside it comes along.
    """
    from ..scaffold.promoting import promote as write
    from .console import open_output

    installed, plugins_folder = _installed()
    made = write(file, directory, installed, plugins_folder)
    with open_output() as output:
        _tell(output, made.place, made.files, f"the plugin {made.names.id!r} as {made.names.distribution}")
        for note in made.notes:
            output.line(note)
        output.line()
        _next(output, _steps_with_package(made.place, "promptdock plugins list"))


def _installed() -> tuple[Sequence[Candidate], Path]:
    """The plugins that there are, found and not imported, and where one-file ones lie."""
    from ..plugins.discovery import find_plugins
    from ..settings import load_settings

    folder = load_settings().plugins_folder
    return find_plugins(folder, {}).candidates, folder


def _tell(output: Output, folder: Path, files: Sequence[str], what: str) -> None:
    output.line(f"Wrote {what}:")
    for name in files:
        output.line(f"  {folder / name}")
    output.line()


def _next(output: Output, steps: Sequence[str]) -> None:
    output.line("Next:")
    for step in steps:
        output.line(f"  {step}")
    output.line()


def _steps_with_package(folder: Path, try_it: str) -> Sequence[str]:
    return f'cd {_quoted(folder)} && {_pip()} install -e ".[test]"', "python -m pytest", try_it


def _steps_with_file(file: Path, plugins_folder: Path, try_it: str) -> Sequence[str]:
    test = f"python -m pytest {_quoted(file.with_name(f'test_{file.name}'))}"
    if _lies_in(file, plugins_folder):
        return test, f"promptdock plugin check {_quoted(file)}", try_it
    place = _quoted(plugins_folder)
    return test, f"mkdir -p {place} && cp {_quoted(file)} {place}", try_it


def _lies_in(file: Path, folder: Path) -> bool:
    return file.resolve().parent == folder.resolve()


def _pip() -> str:
    """What installs packages here: environments that uv makes have no pip."""
    from importlib.util import find_spec
    from shutil import which

    return "uv pip" if find_spec("pip") is None and which("uv") else "python -m pip"


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
