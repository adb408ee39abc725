"""Finding plugins without importing them: entry points, files in the plugins folder, and objects given by code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from hashlib import sha256
from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, distribution, distributions
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import msgspec

from ..hookmarkers import PROJECT
from .quarantine import describe_exception
from .selectors import normalise_distribution

__all__ = ["CODE", "Candidate", "Found", "find_plugins"]

CODE = "<code>"
"""Stands for the distribution of a plugin that the calling code gave as an object."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin that was found and not yet imported.

    Attributes:
        name: Its id: name of the entry point, stem of the file, or key given by code.
        distribution: The distribution that brings it, ``file:`` with a path, or ``<code>``.
        version: The distribution's version; empty when it has none.
        load: Imports it and gives the plugin object; may raise anything.
    """

    name: str
    distribution: str
    version: str
    load: Callable[[], object]


class Found(msgspec.Struct, frozen=True):
    """All candidates in load order, and what was odd while looking for them."""

    candidates: tuple[Candidate, ...]
    warnings: tuple[str, ...]


def find_plugins(folder: Path | None, extra: Mapping[str, object]) -> Found:
    """Look for plugins.

    Args:
        folder: Where one-file plugins lie; need not exist.
        extra: Plugin objects by id.

    Returns:
        Installed ones by distribution and name, then one-file ones by name, then ``extra`` as given.
    """
    warnings: list[str] = []
    installed = sorted(_installed(warnings), key=lambda found: (normalise_distribution(found.distribution), found.name))
    in_files = list(_in_folder(folder, warnings)) if folder is not None else []
    given = [
        Candidate(name=name, distribution=CODE, version="", load=partial(_same, plugin))
        for name, plugin in extra.items()
    ]
    return Found((*installed, *in_files, *given), tuple(warnings))


def _same(plugin: object) -> object:
    return plugin


def _installed(warnings: list[str]) -> Iterator[Candidate]:
    seen: set[str] = set()
    for found in distributions():
        try:
            if not any(entry.group == PROJECT for entry in found.entry_points):
                continue
            name = found.metadata["Name"]
            if normalise_distribution(name) in seen:
                continue
            seen.add(normalise_distribution(name))
            yield from _of_distribution(_importable(found, name), name)
        except Exception as error:  # noqa: BLE001  (broken metadata of one package must not hide the others)
            warnings.append(f"The metadata of an installed package cannot be read: {describe_exception(error)}.")


def _importable(found: Distribution, name: str) -> Distribution:
    """Of several copies on ``sys.path`` (an editable one and its egg-info, say) the one that imports come from."""
    try:
        return distribution(name)
    except PackageNotFoundError:
        return found


def _of_distribution(found: Distribution, name: str) -> Iterator[Candidate]:
    entries = {(entry.name, entry.value): entry for entry in found.entry_points if entry.group == PROJECT}
    version = found.version or ""  # each look parses all of the metadata
    for entry in entries.values():
        yield Candidate(name=entry.name, distribution=name, version=version, load=partial(_load_entry, entry))


def _load_entry(entry: EntryPoint) -> object:
    if not entry.pattern.match(entry.value):
        msg = f"the entry point's value {entry.value!r} is not 'module' or 'module:object'"
        raise ImportError(msg)
    return entry.load()


def _in_folder(folder: Path, warnings: list[str]) -> Iterator[Candidate]:
    try:
        files = sorted(path for path in folder.glob("*.py") if path.is_file())
    except OSError as error:
        warnings.append(f"The plugins folder {folder} cannot be read: {describe_exception(error)}.")
        return
    for path in files:
        if not _is_left_alone(path.name):
            yield Candidate(name=path.stem, distribution=f"file:{path}", version="", load=partial(_load_file, path))


def _is_left_alone(name: str) -> bool:
    """Whether a file is no plugin by its name: hidden, or one of the tests that lie beside the plugins."""
    return name.startswith(("_", ".", "test_")) or name == "conftest.py"


def _load_file(path: Path) -> object:
    """Import one file under a name that nothing else has; a failed import leaves nothing behind."""
    mark = sha256(str(path.resolve()).encode()).hexdigest()[:12]
    name = f"promptdock_file_plugins.{path.stem}_{mark}"
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        msg = f"{path} is not a Python file"
        raise ImportError(msg)
    module = module_from_spec(spec)
    before = sys.modules.get(name)
    # dataclasses and pydantic look a class's module up there while the file runs
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        if before is None:
            del sys.modules[name]
        else:
            sys.modules[name] = before
        raise
    return module
