"""From a one-file plugin to a package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..plugins.discovery import Candidate
from .author import find_author
from .first_tests import adapted_test, first_test
from .imports import Needs, find_needs
from .names import PluginNames
from .package import PackageText, package_files
from .reading import PluginSource, read_plugin
from .refusal import ScaffoldRefused
from .taken import refuse_taken
from .writing import refuse_existing, write_folder

__all__ = ["Promoted", "promote"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Promoted:
    """What was written.

    Attributes:
        names: What the plugin is called.
        place: The package's folder.
        files: Every file in it.
        needs: What it was found to need.
        notes: What the author should look at.
    """

    names: PluginNames
    place: Path
    files: tuple[str, ...]
    needs: Needs
    notes: tuple[str, ...]


def promote(file: Path, folder: Path, installed: Sequence[Candidate], plugins_folder: Path) -> Promoted:
    """Make a package of a one-file plugin; the file itself stays, and is never run.

    Args:
        file: The plugin.
        folder: Where the package goes; exists.
        installed: The plugins that there are; the file itself may be among them.
        plugins_folder: Where the host looks for one-file plugins.

    Returns:
        What was written.

    Raises:
        ScaffoldRefused: The file is no plugin, or the package cannot be written; nothing was.
    """
    source = read_plugin(file)
    names = _names(file)
    target = folder / names.distribution
    refuse_existing(target)
    refuse_taken(names, installed, except_file=file)
    needs = find_needs(source.imports)
    tests, test_notes = _tests(file, names, source)
    text = PackageText(
        names=names,
        author=find_author(folder),
        summary=source.summary.rstrip(".:") or f"{names.words.capitalize()}: a plugin for promptdock",
        dependencies=needs.dependencies,
        try_it="promptdock tools list" if source.tools else "promptdock plugins list",
    )
    files = package_files(text, source.content, tests)
    write_folder(target, files)
    notes = (*_notes(file, names, needs, plugins_folder), *test_notes)
    return Promoted(names=names, place=target, files=tuple(files), needs=needs, notes=notes)


def _names(file: Path) -> PluginNames:
    """The file's stem is the plugin's id, and stays it: settings and tool ids are written with it."""
    if file.suffix != ".py":
        raise ScaffoldRefused(
            f"{file} does not end in '.py'.", hint="Give the file of a one-file plugin, e.g. dice.py."
        )
    return PluginNames.of_id(file.stem)


def _tests(file: Path, names: PluginNames, source: PluginSource) -> tuple[dict[str, bytes], tuple[str, ...]]:
    beside = file.with_name(f"test_{file.name}")
    if not beside.is_file():
        return {beside.name: first_test(names, source).encode()}, ()
    content, notes = adapted_test(beside.read_bytes(), beside, names)
    return {beside.name: content}, notes


def _notes(file: Path, names: PluginNames, needs: Needs, plugins_folder: Path) -> list[str]:
    notes = []
    if file.resolve().parent == plugins_folder.resolve():
        notes.append(
            f"Remove {file} before you install the package: both claim the id {names.id!r}, so neither would be loaded."
        )
    else:
        notes.append(
            f"{file} stays as it is. Remove its copies from plugins folders: they claim the id {names.id!r}, too."
        )
    if needs.dependencies:
        notes.append(
            f"Its imports seem to need {', '.join(needs.dependencies)}; correct that in pyproject.toml if it is wrong."
        )
    if needs.unknown:
        notes.append(
            f"No single installed distribution brings {', '.join(needs.unknown)}: add what it needs to pyproject.toml."
        )
    notes.append("The licence in pyproject.toml and LICENSE is MIT; change both if that is not yours.")
    return notes
