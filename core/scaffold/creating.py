"""Writing a new plugin: a package, or one file and its test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..plugins.discovery import Candidate
from .author import find_author
from .filling import fill
from .first_tests import HEAD_OF_PACKAGE, head_of_file
from .kinds import SUMMARIES, Kind, has_provider, module_values, try_it
from .names import PluginNames, check_module_name
from .package import PackageText, package_files
from .taken import refuse_hidden_module, refuse_taken, refuse_taken_provider
from .writing import refuse_existing, write_files, write_folder

__all__ = ["NewPlugin", "new_package", "new_single_file"]

_PYDANTIC = "pydantic>=2.11"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPlugin:
    """What was written.

    Attributes:
        names: What the plugin is called.
        place: The package's folder, or the one file.
        files: Every file that was written, within the folder of ``place``.
        try_it: A command that shows it at work.
    """

    names: PluginNames
    place: Path
    files: tuple[str, ...]
    try_it: str


def new_package(name: str, kind: Kind, folder: Path, installed: Sequence[Candidate]) -> NewPlugin:
    """Write a package ``promptdock-<name>`` into a folder.

    Args:
        name: What the author calls it.
        kind: What it brings.
        folder: Where; exists.
        installed: The plugins that there are.

    Returns:
        What was written.

    Raises:
        ScaffoldRefused: The name cannot be used or is taken, or the folder cannot be written; nothing was.
    """
    names = PluginNames.of(name)
    target = folder / names.distribution
    refuse_existing(target)
    _refuse_names(names, kind, installed)
    values = {**module_values(names), "summary": SUMMARIES[kind]}
    text = PackageText(
        names=names,
        author=find_author(folder),
        summary=f"{values['summary']}: a plugin for promptdock",
        dependencies=() if kind in {Kind.PROVIDER, Kind.RULE} else (_PYDANTIC,),
        try_it=try_it(names, kind),
        settings=fill("settings.md", values) if kind is Kind.ALL else "",
    )
    module = fill(f"plugin_{kind}.py", values).encode()
    test = fill(f"test_{kind}.py", {**values, **HEAD_OF_PACKAGE}).encode()
    files = package_files(text, module, {f"test_{names.id}.py": test})
    write_folder(target, files)
    return NewPlugin(names=names, place=target, files=tuple(files), try_it=text.try_it)


def new_single_file(name: str, kind: Kind, folder: Path, installed: Sequence[Candidate]) -> NewPlugin:
    """Write ``<name>.py`` and ``test_<name>.py`` into a folder.

    Args:
        name: What the author calls it.
        kind: What it brings.
        folder: Where; exists.
        installed: The plugins that there are.

    Returns:
        What was written.

    Raises:
        ScaffoldRefused: The name cannot be used or is taken, or the folder cannot be written; nothing was.
    """
    names = PluginNames.of(name)
    check_module_name(names.id)
    module, test = f"{names.id}.py", f"test_{names.id}.py"
    refuse_existing(folder / module, folder / test)
    _refuse_names(names, kind, installed)
    refuse_hidden_module(names)
    values = {**module_values(names), "summary": SUMMARIES[kind]}
    files = {
        module: fill(f"plugin_{kind}.py", values).encode(),
        test: fill(f"test_{kind}.py", {**values, **head_of_file(names)}).encode(),
    }
    write_files(folder, files)
    return NewPlugin(names=names, place=folder / module, files=tuple(files), try_it=try_it(names, kind))


def _refuse_names(names: PluginNames, kind: Kind, installed: Sequence[Candidate]) -> None:
    refuse_taken(names, installed)
    if has_provider(kind):
        refuse_taken_provider(names)
