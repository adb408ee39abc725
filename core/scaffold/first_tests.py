"""Tests for a plugin that is promoted: its own ones, adapted, or a first one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from .filling import fill
from .names import PluginNames
from .reading import FoundTool, PluginSource

__all__ = ["HEAD_OF_PACKAGE", "adapted_test", "first_test", "head_of_file"]

_IMPORT_PATH: Final = "from pathlib import Path\n\n"
_IMPORT_PYTEST: Final = "import pytest\n"
_MARK: Final = """
PLUGIN = Path(__file__).with_name("{id}.py")
pytestmark = pytest.mark.promptdock(plugins=[PLUGIN])
"""

HEAD_OF_PACKAGE: Final[Mapping[str, str]] = MappingProxyType({"import_path": "", "import_pytest": "", "mark": ""})
"""What tests begin with that stand in the plugin's own project, where its plugins are found by themselves."""


def head_of_file(names: PluginNames) -> Mapping[str, str]:
    """What tests begin with that stand beside a one-file plugin."""
    return {"import_path": _IMPORT_PATH, "import_pytest": _IMPORT_PYTEST, "mark": _MARK.format(id=names.id)}


def adapted_test(content: bytes, file: Path, names: PluginNames) -> tuple[bytes, tuple[str, ...]]:
    """Let a test that stood beside a one-file plugin find it in its package.

    Args:
        content: The test.
        file: Where it stands, for notes.
        names: The plugin's names.

    Returns:
        The test as it goes into the package, and what its author should look at.
    """
    mark = _MARK.format(id=names.id).encode()
    if mark in content:
        content = content.replace(mark, b"", 1)
        for line, word in ((_IMPORT_PATH, rb"\bPath\b"), (_IMPORT_PYTEST, rb"\bpytest\b")):
            if len(re.findall(word, content)) == 1:  # nothing but the import is left of it
                content = content.replace(line.encode(), b"", 1)
    if f"{names.id}.py".encode() in content:
        return content, (
            f"{file} names {names.id}.py: in the package it is {names.module}.py, and is found by itself.",
        )
    if re.search(rb"^\s*(?:from|import) +%b\b" % names.id.encode(), content, re.MULTILINE):
        return content, (f"{file} imports {names.id}: in the package the module is {names.module}.",)
    return content, ()


def first_test(names: PluginNames, source: PluginSource) -> str:
    """Write a first test for a plugin that has none: it loads, and its tools answer their own examples."""
    tests = [_test_of(tool) for tool in source.tools if tool.example is not None]
    return fill("test_promoted.py", {"id": names.id, "calls": "".join(f"\n\n{test}" for test in tests)})


def _test_of(tool: FoundTool) -> str:
    arguments = "".join(f", {name}={_literal(value)}" for name, value in (tool.example or {}).items())
    function = re.sub(r"\W", "_", tool.name)
    return fill("test_example.py", {"tool": tool.name, "function": function, "arguments": arguments})


def _literal(value: object) -> str:
    """A value as Python code; texts in double quotes, as formatters want them."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
