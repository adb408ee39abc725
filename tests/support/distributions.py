"""Installed distributions as ``importlib.metadata`` sees them, written to a folder that goes on ``sys.path``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent


def write_distribution(
    site: Path,
    name: str,
    *,
    version: str = "1.0",
    plugins: Mapping[str, str] | None = None,
    modules: Mapping[str, str] | None = None,
    metadata: str | None = None,
) -> Path:
    """Write a ``.dist-info`` folder and the modules beside it.

    Args:
        site: A folder on ``sys.path``.
        name: The distribution's name.
        version: Its version.
        plugins: Entry points of the group ``promptdock``: name and value.
        modules: Source text by module name.
        metadata: Text of ``METADATA``, when it should not be a good one.

    Returns:
        The ``.dist-info`` folder.
    """
    folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir(parents=True)
    good = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    (folder / "METADATA").write_text(good if metadata is None else metadata)
    lines = [f"{entry} = {value}" for entry, value in (plugins or {}).items()]
    (folder / "entry_points.txt").write_text("\n".join(["[promptdock]", *lines]) + "\n")
    for module, source in (modules or {}).items():
        (site / f"{module}.py").write_text(dedent(source))
    return folder
