"""A hundred installed plugins that nobody selects: real distributions, in a folder that goes on ``PYTHONPATH``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

__all__ = ["write_plugins"]

_SOURCE: Final = '''\
"""A plugin with {tools} tools, whose rule never finds its term."""

from promptdock import SearchTerms, hookimpl, tool

{functions}

@hookimpl
def register_tools():
    return [{names}]


@hookimpl
def register_selection_rules():
    return [SearchTerms("xylophone{number}", tools=[{names}])]
'''
_FUNCTION: Final = '''\
@tool
def bench_{number}_{index}(text: str, count: int = 1) -> str:
    """Repeat a text, the way of plugin {number}.

    Args:
        text: What is repeated.
        count: How often.
    """
    return text * count

'''


def write_plugins(site: Path, plugins: int, tools: int) -> None:
    """Write distributions with one plugin each.

    Args:
        site: Where.
        plugins: How many.
        tools: How many tools each one has.
    """
    for number in range(plugins):
        functions = "\n".join(_FUNCTION.format(number=number, index=index) for index in range(tools))
        names = ", ".join(f"bench_{number}_{index}" for index in range(tools))
        source = _SOURCE.format(number=number, tools=tools, functions=functions, names=names)
        (site / f"bench_plugin_{number}.py").write_text(source, encoding="utf-8")
        folder = site / f"bench_plugin_{number}-1.0.dist-info"
        folder.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: bench-plugin-{number}\nVersion: 1.0\n"
        (folder / "METADATA").write_text(metadata, encoding="utf-8")
        entry = f"[promptdock]\nbench_plugin_{number} = bench_plugin_{number}\n"
        (folder / "entry_points.txt").write_text(entry, encoding="utf-8")
