"""Loads one plugin in a process of its own, and prints the snapshot of it.

``python -m promptdock.conformance.second_load`` reads as JSON from its input what to load; the snapshot is the last
line of its output.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ..jsontext import dumps_text, loads
from ..plugins.loader import load_plugins
from ..settings import load_settings
from .snapshots import snapshot
from .subject import alone

__all__ = ["main"]


def main() -> None:
    """Load it and print the snapshot."""
    told = loads(sys.stdin.buffer.read())
    sys.path[:] = told["path"]
    settings = load_settings().model_copy(update={"plugins": told["plugins"]})
    own = alone(settings, told["name"], told["distribution"], home=Path(told["home"]))
    text = dumps_text(snapshot(load_plugins(own, {}), told["name"]))
    sys.stdout.write(f"\n{text}\n")


if __name__ == "__main__":
    main()
