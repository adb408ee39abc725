"""Where the workers of a server keep their numbers, so that whichever is asked tells those of all."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, TypeAlias

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from ..settings import Settings

__all__ = ["Gone", "shared_metrics"]

Gone: TypeAlias = Callable[[int], None]
"""Is to be told of workers that died, by the id of their process."""

_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Read by prometheus_client when it is imported, in each worker."""


@contextmanager
def shared_metrics(settings: Settings, workers: int) -> Iterator[Gone]:
    """Have a folder for the workers' numbers for the length of a block, empty at its begin.

    Args:
        settings: Whether there are metrics.
        workers: How many processes serve. A single one has its numbers to itself, unless the environment names a
            folder.

    Yields:
        What is to be told of dead workers: what they counted stays, what they were about to do is not under way.

    Raises:
        ConfigurationError: The folder that the environment names cannot be used.
    """
    named = os.environ.get(_VARIABLE)
    if not settings.metrics or (workers == 1 and not named):
        yield _ignore
    elif named:
        _empty(Path(named))
        yield _forgetting(Path(named))
    else:
        with TemporaryDirectory(prefix="promptdock-metrics-") as made:
            os.environ[_VARIABLE] = made
            try:
                yield _forgetting(Path(made))
            finally:
                del os.environ[_VARIABLE]


def _ignore(_: int) -> None:
    """There is nothing to forget."""


def _forgetting(folder: Path) -> Gone:
    def forget(process: int) -> None:
        # what prometheus_client's mark_process_dead does, which this process need not import for it
        for left in folder.glob(f"gauge_live*_{process}.db"):
            left.unlink(missing_ok=True)

    return forget


_COUNTED: Final = re.compile(r"(counter|histogram|summary|gauge_[a-z]+)_\d+\.db")
"""Names of prometheus_client's files."""


def _empty(folder: Path) -> None:
    """Remove what an earlier server counted: its processes are not ours."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        found = sorted(folder.glob("*.db"))
        others = [one.name for one in found if not _COUNTED.fullmatch(one.name)]
        if others:  # e.g. a database; prometheus_client would take it for numbers
            raise ConfigurationError(
                f"The folder {folder} for metrics holds something else: {others[0]}.",
                hint=f"Set {_VARIABLE} to a folder of its own, or unset it.",
            )
        for left in found:
            left.unlink()
    except OSError as error:
        raise ConfigurationError(
            f"The folder {folder} for metrics cannot be used: {error.strerror}.",
            hint=f"Set {_VARIABLE} to a folder of your own, or unset it.",
        ) from None
