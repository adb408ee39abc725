"""Names that are taken here: by installed plugins and distributions, by modules, by providers."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ..plugins.discovery import Candidate
from ..plugins.selectors import normalise_distribution
from .names import PluginNames
from .refusal import ScaffoldRefused

__all__ = ["refuse_hidden_module", "refuse_taken", "refuse_taken_provider"]

_OTHER_NAME = "Take another name."


def refuse_taken(names: PluginNames, installed: Sequence[Candidate], *, except_file: Path | None = None) -> None:
    """Make sure that the new plugin would not clash with what is installed.

    Args:
        names: What the plugin is to be called.
        installed: The plugins that there are.
        except_file: A one-file plugin that may have the same id: the new one takes its place.

    Raises:
        ScaffoldRefused: The id, the distribution or the module is there already; the text says whose it is.
    """
    for candidate in installed:
        if candidate.name == names.id and not _is_file(candidate, except_file):
            raise ScaffoldRefused(
                f"The plugin id {names.id!r} is taken by {_label(candidate)}; of two, neither would be loaded.",
                hint=_OTHER_NAME,
            )
    owner = _installed_version(names.distribution)
    if owner is not None:
        raise ScaffoldRefused(f"The distribution {names.distribution} {owner} is installed already.", hint=_OTHER_NAME)
    where = _module_file(names.module)
    if where is not None:
        raise ScaffoldRefused(f"The module {names.module} is there already: {where}.", hint=_OTHER_NAME)


def refuse_hidden_module(names: PluginNames) -> None:
    """Make sure that a file ``<id>.py`` hides no installed module from programs that are run beside it.

    Raises:
        ScaffoldRefused: It would.
    """
    where = _module_file(names.id)
    if where is not None:
        raise ScaffoldRefused(
            f"{names.id}.py would hide the installed module {names.id!r} from programs run beside it: {where}.",
            hint="Take another name, or leave --single-file out.",
        )


def refuse_taken_provider(names: PluginNames) -> None:
    """Make sure that no provider which comes with promptdock has the plugin's id for its name.

    Raises:
        ScaffoldRefused: One has.
    """
    from ..providers.vendors import VENDORS

    if names.id in {"offline", *(vendor.name for vendor in VENDORS)}:
        raise ScaffoldRefused(
            f"promptdock brings a provider {names.id!r} itself; of two of one name, neither is served.",
            hint=f"Take another name, e.g. my-{names.id.replace('_', '-')}.",
        )


def _is_file(candidate: Candidate, file: Path | None) -> bool:
    if file is None or not candidate.distribution.startswith("file:"):
        return False
    return Path(candidate.distribution.removeprefix("file:")).resolve() == file.resolve()


def _label(candidate: Candidate) -> str:
    if candidate.distribution.startswith("file:"):
        return f"the file {candidate.distribution.removeprefix('file:')}"
    return f"{normalise_distribution(candidate.distribution)} {candidate.version}".strip()


def _installed_version(distribution: str) -> str | None:
    try:
        return version(distribution) or "(no version)"
    except PackageNotFoundError:
        return None


def _module_file(module: str) -> str | None:
    """Where a module comes from, without importing it; None when there is none."""
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    return found.origin if found is not None else None
