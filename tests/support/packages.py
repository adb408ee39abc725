"""Source trees of small third-party packages, good, old and broken, as an author would have them."""

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
dependencies = ["{requires}"]

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
        requires: The promptdock that it says it needs.
    """

    name: str
    plugin: str
    source: str
    version: str = "1.0"
    requires: str = "promptdock"

    def write(self, folder: Path) -> Path:
        """Write the source tree into a folder of its own, and give that."""
        tree = folder / self.name
        tree.mkdir(parents=True)
        module = self.name.replace("-", "_")
        text = _PYPROJECT.format(
            name=self.name, version=self.version, plugin=self.plugin, module=module, requires=self.requires
        )
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

OLDER = Package(
    name="promptdock-seeded",
    plugin="seeded",
    version="1.3",
    requires="promptdock>=0.1",
    source="""        from __future__ import annotations

        from collections.abc import Sequence
        from dataclasses import replace

        from pydantic import BaseModel

        from promptdock import (
            Allow,
            CompletionCall,
            SearchTerms,
            SelectionRule,
            Tool,
            ToolCall,
            ToolResult,
            TurnFinished,
            hookimpl,
            tool,
        )


        class SeededSettings(BaseModel):
            seed: int = 7


        @tool
        def pick(low: int, high: int) -> int:
            \"\"\"Pick a number.

            Args:
                low: The least.
                high: The greatest.
            \"\"\"
            return low


        @hookimpl
        def register_settings() -> type[BaseModel]:
            return SeededSettings


        @hookimpl
        def register_tools() -> Sequence[Tool]:
            return [pick]


        @hookimpl
        def register_selection_rules() -> Sequence[SelectionRule]:
            return [SearchTerms("pick", tools=[pick])]


        @hookimpl
        def approve_tool_call(call: ToolCall) -> Allow:
            return Allow()


        @hookimpl
        async def prepare_request(request: CompletionCall, settings: SeededSettings) -> CompletionCall:
            return replace(request, options={**request.options, "seed": settings.seed})


        @hookimpl
        def transform_tool_result(result: ToolResult) -> ToolResult:
            return replace(result, content=f"picked {result.content}")


        @hookimpl
        def turn_finished(event: TurnFinished) -> None:
            print("the turn had", event.rounds, "rounds")
    """,
)
"""A package as it was written for promptdock 0.1, whose hook ``prepare_request`` has another name now."""
