"""Cassettes on disk: never written over by accident, and never half written."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ..errors import ConfigurationError
from .cassette import Cassette

__all__ = ["check_free", "write"]


def check_free(path: Path) -> None:
    """Find out that a cassette is in the way, before anything is asked.

    Raises:
        ConfigurationError: There is something at that place.
    """
    if path.exists():
        raise _taken(path)


def write(cassette: Cassette, path: Path, *, replace: bool = False) -> None:
    """Write a cassette; missing folders are made.

    Args:
        cassette: What to write.
        path: Where.
        replace: Whether it takes the place of what is there.

    Raises:
        ConfigurationError: There is a file and ``replace`` is not set, or it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(cassette.text().encode(), path, replace=replace)
    except FileExistsError:
        raise _taken(path) from None
    except OSError as error:
        raise ConfigurationError(f"The cassette {path} cannot be written: {error.strerror}.") from None


def _write(data: bytes, path: Path, *, replace: bool) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    written = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        written.chmod(0o644)
        if replace:
            written.replace(path)
        else:
            _place(written, path)
    finally:
        written.unlink(missing_ok=True)


def _place(written: Path, path: Path) -> None:
    """Give a file its name, unless somebody has made one of that name meanwhile."""
    try:
        os.link(written, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        with path.open("xb") as file:
            try:
                file.write(written.read_bytes())
            except OSError:
                path.unlink(missing_ok=True)
                raise


def _taken(path: Path) -> ConfigurationError:
    return ConfigurationError(
        f"There is a file {path} already.", hint="Replace it with --force, add to it with --append, or name another."
    )
