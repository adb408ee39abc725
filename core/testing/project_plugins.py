"""The plugins of the project under test, as its ``pyproject.toml`` names them."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Final

from ..errors import ConfigurationError
from ..hookmarkers import PROJECT

__all__ = ["Project", "find_project"]

_FILE: Final = "pyproject.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project that brings plugins.

    Attributes:
        file: Its ``pyproject.toml``.
        plugins: What the entry point of each plugin says, by the plugin's id.
    """

    file: Path
    plugins: Mapping[str, str]

    @property
    def missing(self) -> tuple[str, ...]:
        """Ids of the plugins that are not installed."""
        installed = {(entry.name, entry.value) for entry in entry_points(group=PROJECT)}
        return tuple(name for name, value in self.plugins.items() if (name, value) not in installed)

    def folders(self) -> tuple[Path, ...]:
        """Where its modules may lie: in ``src/``, or beside its file."""
        root = self.file.parent
        return tuple(folder for folder in (root / "src", root) if folder.is_dir())

    def load(self, name: str) -> object:
        """Import a plugin that is not installed from the project's folders, which are searched last.

        The folders stay on ``sys.path``: the plugin may import its other modules later.

        Raises:
            ConfigurationError: It cannot be imported.
        """
        sys.path += [str(folder) for folder in self.folders() if str(folder) not in sys.path]
        try:
            plugin: object = EntryPoint(name, self.plugins[name], PROJECT).load()
        except (ImportError, AttributeError) as error:
            raise ConfigurationError(
                f"The plugin {name!r} of {self.file} is not installed, and cannot be imported from there: {error}.",
                hint=f"Install it into this environment: pip install -e {self.file.parent}",
            ) from error
        return plugin


def find_project(start: Path, root: Path) -> Project | None:
    """Find the nearest project with plugins.

    Args:
        start: A test file, or a folder.
        root: The last folder to look in; when ``start`` is not inside of it, only the folder of ``start`` is.

    Returns:
        The project, or None when no ``pyproject.toml`` there brings a plugin.

    Raises:
        ConfigurationError: One cannot be read.
    """
    for folder in _upwards(start, root):
        file = folder / _FILE
        if file.is_file() and (plugins := _plugins_in(file)):
            return Project(file=file, plugins=plugins)
    return None


def _upwards(start: Path, root: Path) -> Iterator[Path]:
    first = start if start.is_dir() else start.parent
    yield first
    if first.is_relative_to(root):
        for folder in first.parents:
            if not folder.is_relative_to(root):
                return
            yield folder


def _plugins_in(file: Path) -> dict[str, str]:
    try:
        data: Any = tomllib.loads(file.read_text(encoding="utf-8"))
        found = data.get("project", {}).get("entry-points", {}).get(PROJECT, {})
        return {str(name): str(value) for name, value in found.items()}
    except (OSError, ValueError, AttributeError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}.") from None
