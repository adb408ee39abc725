"""The job of a process that checks one plugin, and what it writes while it does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

__all__ = ["Job", "Progress", "read_progress"]

_JOB: Final = "job.json"
_PROGRESS: Final = "progress.jsonl"
IMPORT: Final = "import.json"
"""Where a process that only measures an import writes what it found."""
OUTPUT: Final = "output.txt"
"""What the process and the plugin in it wrote to stdout and stderr."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be checked.

    Attributes:
        name: The plugin's id.
        distribution: What brings it, or ``file:`` with a path.
        checks: Ids of the checks to run.
        import_budget_ms: What its import may cost.
        timeout: Seconds that there are for all of it.
    """

    name: str
    distribution: str
    checks: tuple[str, ...]
    import_budget_ms: float
    timeout: float

    def write(self, folder: Path) -> Path:
        """Write it into a folder of its own, and give the file."""
        file = folder / _JOB
        file.write_text(json.dumps(asdict(self)), encoding="utf-8")
        return file

    @classmethod
    def read(cls, file: Path) -> Job:
        """Read what :meth:`write` wrote."""
        data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return cls(**{**data, "checks": tuple(data["checks"])})


class Progress:
    """Tells the process that asked how far this one is: lines of JSON in a file beside the job, not on stdout.

    Args:
        folder: The job's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / _PROGRESS

    def tell(self, event: str, **members: Any) -> None:
        """Write one line; it is in the file when this returns, even if the process is killed right then."""
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"event": event, **members}) + "\n")


def read_progress(folder: Path) -> Iterator[dict[str, Any]]:
    """Read what was told so far; a line that is not written to its end is left out.

    So is what the plugin under check did to the file, which lies where it can reach it: it may be gone, or hold
    anything.
    """
    try:
        text = (folder / _PROGRESS).read_bytes().decode(errors="replace")
    except OSError:
        return
    for line in text.split("\n")[:-1]:
        with suppress(ValueError):
            event = json.loads(line)
            if isinstance(event, dict) and isinstance(event.get("event"), str):
                yield event
