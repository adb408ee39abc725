"""The files of a plugin's package, around its module."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from .. import __version__
from .author import Author
from .filling import fill
from .names import PREFIX, PluginNames
from .tomltext import toml_list, toml_string

__all__ = ["REQUIRES_PYTHON", "PackageText", "package_files", "requirement"]

REQUIRES_PYTHON: Final = "3.11"
"""The oldest Python that promptdock runs on."""

_RELEASE: Final = re.compile(r"(\d+\.\d+)(?:\.\d+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageText:
    """What package and README say of a plugin.

    Attributes:
        names: What it is called.
        author: Whose it is.
        summary: What it brings, in one line, without a full stop.
        dependencies: Requirements beside promptdock.
        try_it: A command that shows it at work.
        settings: A part of the README about its settings; empty for none.
    """

    names: PluginNames
    author: Author
    summary: str
    dependencies: Sequence[str]
    try_it: str
    settings: str = ""


def package_files(text: PackageText, module: bytes, tests: Mapping[str, bytes]) -> dict[str, bytes]:
    """Put a package together.

    Args:
        text: What it says of itself.
        module: Its module, as it is.
        tests: Its tests, by file name.

    Returns:
        Contents by path within the package's folder.
    """
    names = text.names
    values = {
        "id": names.id,
        "distribution": names.distribution,
        "module": names.module,
        "description": toml_string(text.summary),
        "summary": text.summary,
        "author": text.author.toml,
        "holder": text.author.name,
        "year": str(datetime.now().astimezone().year),
        "python": REQUIRES_PYTHON,
        "dependencies": toml_list([requirement(PREFIX, __version__), *text.dependencies]),
        "try_it": text.try_it,
        "settings": text.settings,
    }
    written = {
        "pyproject.toml": "pyproject.toml",
        "README.md": "README.md",
        "LICENSE": "LICENSE",
        ".gitignore": "gitignore",
        ".github/workflows/test.yml": "workflow.yml",
    }
    files = {path: fill(template, values).encode() for path, template in written.items()}
    return {
        **files,
        f"{names.module}.py": module,
        **{f"tests/{name}": content for name, content in tests.items()},
    }


def requirement(distribution: str, version: str) -> str:
    """Ask for a distribution from the minor version on that is installed here; of a pre-release, from that on."""
    public = version.partition("+")[0]
    release = _RELEASE.fullmatch(public)
    return f"{distribution}>={release[1] if release else public}"
