"""Putting files on the disk: all of them, or none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from .refusal import ScaffoldRefused

__all__ = ["refuse_existing", "write_files", "write_folder"]


def refuse_existing(*targets: Path) -> None:
    """Make sure that nothing is where files are to be written.

    Raises:
        ScaffoldRefused: Something is; a link that leads nowhere counts.
    """
    for target in targets:
        if os.path.lexists(target):
            kind = "folder" if target.is_dir() else "file"
            raise ScaffoldRefused(
                f"The {kind} {target} exists already; nothing was written.",
                hint="Take another name or another --directory, or remove it.",
            )


def write_folder(target: Path, files: Mapping[str, bytes]) -> None:
    """Write a new folder with files; it appears whole, or not at all.

    Args:
        target: The folder; its parent exists.
        files: Contents by path within the folder.

    Raises:
        ScaffoldRefused: The folder exists, or cannot be written.
    """
    with _prepared(target.parent, {f"{target.name}/{path}": content for path, content in files.items()}) as prepared:
        refuse_existing(target)
        (prepared / target.name).rename(target)


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write new files into a folder that exists: all of them, or none.

    Args:
        folder: The folder.
        files: Contents by file name.

    Raises:
        ScaffoldRefused: One of them exists, or cannot be written.
    """
    with _prepared(folder, files) as prepared:
        refuse_existing(*(folder / name for name in files))
        done: list[Path] = []
        try:
            for name in files:
                (prepared / name).rename(folder / name)
                done.append(folder / name)
        except BaseException:
            for path in done:
                with suppress(OSError):
                    path.unlink()
            raise


@contextmanager
def _prepared(beside: Path, files: Mapping[str, bytes]) -> Iterator[Path]:
    """A folder of files on the disk where they are to go, so that renaming them is all that is left."""
    try:
        with tempfile.TemporaryDirectory(prefix=".promptdock-new-", dir=beside, ignore_cleanup_errors=True) as made:
            root = Path(made)
            for name, content in files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_bytes(content)
            yield root
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise ScaffoldRefused(
            f"Cannot write to {beside}: {reason}; nothing was written.",
            hint="Choose a folder that you may write to, with --directory.",
        ) from error
