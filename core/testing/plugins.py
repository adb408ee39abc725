"""Which plugins a test host has: by id or distribution, by file, or as objects."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeAlias

from ..errors import ConfigurationError, PluginError
from ..plugins.catalog import Catalog, PluginRecord, PluginState
from ..plugins.discovery import CODE
from ..plugins.selectors import unmatched

if TYPE_CHECKING:
    from ..plugins.loader import LoadedPlugins

__all__ = ["PluginSource", "Wanted", "check_loaded", "given_by_code", "wanted_plugins"]

PluginSource: TypeAlias = "str | Path | object | Mapping[str, object]"
"""An installed plugin by its id or distribution, a one-file plugin by its path, an object or module with hooks, or
several of these by id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The plugins of one host.

    Attributes:
        allowed: Entries of the allow list.
        folder: Where the one-file plugins lie; None for none.
        objects: Plugin objects by id.
    """

    allowed: tuple[str, ...] = ()
    folder: Path | None = None
    objects: Mapping[str, object] = field(default_factory=dict)


def wanted_plugins(sources: Iterable[PluginSource]) -> Wanted:
    """Sort out what a test names.

    Raises:
        ConfigurationError: A file is not there, files lie in several folders, or two objects go by one id.
    """
    allowed: list[str] = []
    files: list[Path] = []
    objects: dict[str, object] = {}
    for source in sources:
        if isinstance(source, str):
            allowed.append(source)
        elif isinstance(source, Path):
            files.append(_file(source))
        elif isinstance(source, Mapping):
            for name, plugin in source.items():
                _add(objects, str(name), plugin)
        else:
            _add(objects, _name_of(source), source)
    folders = {file.parent for file in files}
    if len(folders) > 1:
        named = ", ".join(sorted(str(folder) for folder in folders))
        raise ConfigurationError(f"A host takes one-file plugins from one folder, not from several: {named}.")
    return Wanted(
        allowed=(*allowed, *(f"{file.stem}@file" for file in files), *map(given_by_code, objects)),
        folder=next(iter(folders), None),
        objects=objects,
    )


def given_by_code(name: str) -> str:
    """The entry of an allow list for an object, which lets in no installed plugin of its name."""
    return f"{name}@{CODE}"


def _add(objects: dict[str, object], name: str, plugin: object) -> None:
    if objects.get(name, plugin) is not plugin:
        raise ConfigurationError(
            f"Two plugins of this host go by the id {name!r}.", hint='Give one by another: {"other": plugin}.'
        )
    objects[name] = plugin


def _file(path: Path) -> Path:
    found = path.resolve()
    if found.suffix != ".py" or not found.is_file():
        raise ConfigurationError(f"There is no one-file plugin {path}.", hint="Give the path of a Python file.")
    return found


def _name_of(plugin: object) -> str:
    """The id of a plugin that is given without one: ``promptdock_dice`` and ``class Dice`` both go by ``dice``."""
    name = plugin.__name__.rpartition(".")[2] if isinstance(plugin, ModuleType) else type(plugin).__name__.lower()
    return name.removeprefix("promptdock_") or name


def check_loaded(loaded: LoadedPlugins, wanted: Wanted, *, broken_too: bool = False) -> None:
    """Look whether everything that a test names is there and works.

    Args:
        loaded: What was loaded.
        wanted: What the test names.
        broken_too: Whether plugins in quarantine are what the test is about.

    Raises:
        ConfigurationError: A plugin is not installed.
        PluginError: One is in quarantine; the text has the reason, the remedy and the traceback.
    """
    found = [(record.name, record.distribution) for record in loaded.catalog.plugins]
    for name in unmatched(wanted.allowed, found):
        raise _not_installed(name, loaded.catalog)
    broken = [record for record in loaded.catalog.plugins if record.state is PluginState.QUARANTINED]
    if broken and not broken_too:
        raise PluginError("\n".join(map(_told, broken)))


def _not_installed(name: str, catalog: Catalog) -> ConfigurationError:
    known = sorted({text for record in catalog.plugins for text in (record.name, record.distribution)})
    near = difflib.get_close_matches(name, known, n=1)
    guess = f"Did you mean {near[0]!r}? " if near else ""
    return ConfigurationError(
        f"No installed plugin, and no distribution with one, is called {name!r}.",
        hint=f"{guess}Install the project under test into this environment: pip install -e .",
    )


def _told(record: PluginRecord) -> str:
    where = f"{record.distribution} {record.version}".strip()
    parts = [
        f"The plugin {record.name!r} ({where}) cannot be loaded: {record.reason}.",
        record.remedy,
        record.traceback,
    ]
    return "\n".join(part for part in parts if part)
