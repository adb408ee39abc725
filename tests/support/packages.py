"""Source trees of small third-party packages, good and broken, as an author would have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

_PYPROJECT = """\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "{version}"
dependencies = ["promptdock"]

[project.entry-points.promptdock]
{plugin} = "{module}"

[tool.hatch.build.targets.wheel]
only-include = ["{module}.py"]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package with one module and one plugin.

    Attributes:
        name: Name of the distribution.
        plugin: Name of the entry point.
        source: Text of the module.
        version: Version of the distribution.
    """

    name: str
    plugin: str
    source: str
    version: str = "1.0"

    def write(self, folder: Path) -> Path:
        """Write the source tree into a folder of its own, and give that."""
        tree = folder / self.name
        tree.mkdir(parents=True)
        module = self.name.replace("-", "_")
        text = _PYPROJECT.format(name=self.name, version=self.version, plugin=self.plugin, module=module)
        (tree / "pyproject.toml").write_text(text)
        (tree / f"{module}.py").write_text(dedent(self.source))
        return tree


_CLAIM = """\
    from promptdock import hookimpl, tool

    @tool
    def {word}() -> str:
        \"\"\"Say a word.\"\"\"
        return "{word}"

    @hookimpl
    def register_tools():
        return [{word}]
"""

BROKEN: Mapping[str, Package] = {
    package.name: package
    for package in (
        Package(
            name="broken-import",
            plugin="broken_import",
            source="raise RuntimeError('the flux is not compensated')\n",
        ),
        Package(name="broken-exit", plugin="broken_exit", source="import sys\nsys.exit(7)\n"),
        Package(
            name="broken-signature",
            plugin="broken_signature",
            source="""\
                from promptdock import hookimpl

                @hookimpl
                def turn_started(event, weather):
                    pass
            """,
        ),
        Package(
            name="broken-register",
            plugin="broken_register",
            source="""\
                from promptdock import hookimpl

                @hookimpl
                def register_tools():
                    return [1 / 0]
            """,
        ),
        Package(name="claim-one", plugin="claimed", source=_CLAIM.format(word="one")),
        Package(name="claim-two", plugin="claimed", source=_CLAIM.format(word="two"), version="2.0"),
    )
}
"""Packages that must not keep a host from serving, by distribution."""
