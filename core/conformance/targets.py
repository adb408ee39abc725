"""Which plugins are meant: by distribution, by id, or by the file of a one-file plugin."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import ConfigurationError
from ..plugins.discovery import Candidate, find_plugins
from ..plugins.selectors import normalise_distribution
from ..settings import Settings

__all__ = ["Target", "find_targets"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A plugin that can be checked.

    Attributes:
        name: Its id.
        distribution: What brings it, or ``file:`` and an absolute path.
        version: The distribution's version; empty when it has none.
    """

    name: str
    distribution: str
    version: str = ""


def find_targets(settings: Settings, package: str) -> tuple[Target, ...]:
    """Find the plugins that somebody means. None is imported.

    Args:
        settings: The host's settings, which say where one-file plugins lie.
        package: A distribution, a plugin's id, ``id@distribution``, or the path of a file.

    Returns:
        All plugins of a distribution, or the one.

    Raises:
        ConfigurationError: There is none; the text names those that are nearest.
    """
    if package.endswith(".py") or "/" in package:
        return (_file(Path(package)),)
    found = find_plugins(settings.plugins_folder, {}).candidates
    name, _, owner = package.partition("@")
    if owner:
        meant = [one for one in found if one.name == name and _is_from(one, owner)]
    else:
        meant = [one for one in found if _is_from(one, package)] or [one for one in found if one.name == package]
    if not meant:
        raise _unknown(package, found)
    return tuple(Target(name=one.name, distribution=one.distribution, version=one.version) for one in meant)


def _file(path: Path) -> Target:
    path = path.absolute()
    if not path.is_file():
        raise ConfigurationError(f"There is no file {path}.", hint="Give the path of a one-file plugin.")
    if path.suffix != ".py" or path.name.startswith(("_", ".", "test_")) or path.name == "conftest.py":
        raise ConfigurationError(
            f"{path} is no plugin by its name: promptdock leaves it alone.",
            hint="Call it after the plugin's id: letters, digits and '_', then .py",
        )
    return Target(name=path.stem, distribution=f"file:{path}")


def _is_from(candidate: Candidate, distribution: str) -> bool:
    if candidate.distribution.startswith("file:"):
        return distribution == "file"
    return normalise_distribution(candidate.distribution) == normalise_distribution(distribution)


def _unknown(package: str, found: Sequence[Candidate]) -> ConfigurationError:
    names = sorted({name for one in found for name in (one.name, one.distribution) if not name.startswith("file:")})
    near = difflib.get_close_matches(package, names, n=3, cutoff=0.5)
    hint = (
        f"Did you mean {' or '.join(near)}?"
        if near
        else f"'promptdock plugins list' shows what there is. To install it here: pip install {package}"
    )
    return ConfigurationError(
        f"No installed distribution or plugin is called {package!r}.",
        hint=hint,
    )
