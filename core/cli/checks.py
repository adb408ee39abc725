"""The checks of ``promptdock doctor`` that need no plugin: the installation, the settings, the home folder."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from .findings import Finding, Level
from .origins import PREFIX, read_file, unknown_variables

__all__ = ["check_home", "check_settings_file", "check_variables", "check_versions", "installed_versions"]

_PACKAGES: Final = ("promptdock", "litestar", "openai", "pluggy", "pydantic", "uvicorn")


def installed_versions() -> dict[str, str]:
    """The versions of Python and of the packages that matter most; ``missing`` for one that is not installed."""
    versions = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "missing"
    return versions


def check_versions(versions: Mapping[str, str]) -> Iterator[Finding]:
    """Look whether everything is installed."""
    told = ", ".join(f"{name} {number}" for name, number in versions.items())
    missing = [name for name, number in versions.items() if number == "missing"]
    if missing:
        yield Finding(
            check="versions",
            level=Level.PROBLEM,
            what=f"{told}.",
            next=f"Install what is missing: {sys.executable} -m pip install {' '.join(missing)}",
        )
        return
    yield Finding(check="versions", level=Level.OK, what=f"{told}; {sys.executable}")


def check_settings_file(file: Path | None) -> Iterator[Finding]:
    """Look which settings file is used, and for keys in it that no setting reads."""
    from ..settings import Settings

    if file is None:
        yield Finding(
            check="settings",
            level=Level.OK,
            what="There is no promptdock.toml, neither in this folder nor in the home; the defaults and the "
            "environment count.",
        )
        return
    yield Finding(check="settings", level=Level.OK, what=f"The settings file is {file}.")
    for key in sorted(set(read_file(file)) - set(Settings.model_fields)):
        yield Finding(
            check="settings",
            level=Level.WARNING,
            what=f"{file} has a key {key!r} that no setting reads.",
            next=_meant(key, Settings.model_fields) or "Correct or remove it.",
        )


def check_variables(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Look for variables that were meant as settings."""
    from ..settings import ProviderSettings, Settings

    for name in unknown_variables(environment):
        # what all of them begin with would make any two of them look alike
        start, _, last = name.upper().removeprefix(PREFIX).rpartition("__")
        known = ProviderSettings.model_fields if start.startswith("PROVIDERS__") else Settings.model_fields
        start = f"{PREFIX}{start}__" if start else PREFIX
        yield Finding(
            check="settings",
            level=Level.WARNING,
            what=f"The variable {name} looks like a setting, and no setting reads it.",
            next=_meant(last, [field.upper() for field in known], start) or f"Correct it, or unset {name}.",
        )


def _meant(name: str, known: Iterable[str], start: str = "") -> str | None:
    import difflib

    near = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
    return f"Did you mean {start}{near[0]}?" if near else None


def check_home(home: Path) -> Iterator[Finding]:
    """Look whether promptdock may write where it keeps what it stores; nothing stays behind."""
    try:
        reason = _why_not(place := _nearest_folder(home))
    except (OSError, ValueError) as error:
        place, reason = home, getattr(error, "strerror", None) or str(error)
    if reason is not None:
        yield Finding(
            check="home",
            level=Level.PROBLEM,
            what=f"The home folder {home} cannot be written: {place}: {reason}.",
            next="Set PROMPTDOCK_HOME to a folder of your own, or change the permissions.",
        )
        return
    told = "may be written" if place == home else "is made when it is needed"
    yield Finding(check="home", level=Level.OK, what=f"The home folder {home} {told}.")


def _nearest_folder(home: Path) -> Path:
    place = home
    while not place.exists() and place != place.parent:
        place = place.parent
    return place


def _why_not(place: Path) -> str | None:
    """Why nothing can be made in a folder; None when it can. Tried, for some file systems promise what they refuse."""
    if not place.is_dir():
        return "it is not a folder"
    try:
        with TemporaryDirectory(prefix=".promptdock-", dir=place):
            return None
    except OSError as error:
        return error.strerror or str(error)
