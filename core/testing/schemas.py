"""Snapshots of tools' schemas: what a language model reads of a plugin changes only on purpose."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..jsontext import JsonObject
from .schema_changes import tool_changes

if TYPE_CHECKING:
    from .host import Host

__all__ = ["assert_schemas", "beside", "check_snapshot"]


def assert_schemas(host: Host, path: Path | str, *, update: bool = False) -> None:
    """Assert that what models read of a host's tools is as in a snapshot; as :meth:`.Host.assert_schemas`.

    Args:
        host: The host.
        path: The snapshot, a JSON file; a relative path starts at the folder of the test.
        update: Write it; ``pytest --promptdock-update`` does so for all.

    Raises:
        AssertionError: They differ, or there is none; the text says of each change whether it breaks callers.
    """
    __tracebackhide__ = True
    host.assert_schemas(beside(sys._getframe(1).f_code.co_filename, path), update=update)  # noqa: SLF001


def beside(test: str, path: Path | str) -> Path:
    """The path of a snapshot.

    Args:
        test: The file of the test.
        path: The path that the test names, relative to its folder, or absolute.
    """
    file = Path(test)
    return (file.parent if file.is_file() else Path.cwd()) / path


def check_snapshot(path: Path, tools: Mapping[str, JsonObject], *, update: bool) -> None:
    """Compare tools with the snapshot of them.

    Args:
        path: The snapshot.
        tools: Name, description and parameters of each tool, by id.
        update: Write the snapshot instead.

    Raises:
        AssertionError: They differ, or there is no snapshot; the text names each change, and whether it breaks callers.
    """
    __tracebackhide__ = True
    written = json.dumps(tools, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    if update:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written, encoding="utf-8")
        return
    how = "Write it with: pytest --promptdock-update, or update=True"
    if not path.is_file():
        raise AssertionError(f"There is no snapshot {path}. {how}")
    try:
        before: Mapping[str, Any] = dict(json.loads(path.read_text(encoding="utf-8")))
    except (TypeError, ValueError):
        raise AssertionError(f"The snapshot {path} is no JSON object. {how}") from None
    changes = list(tool_changes(before, json.loads(written)))
    if changes:
        listed = "\n".join(f"  {change}" for change in changes)
        raise AssertionError(f"The tools are not as in {path}:\n{listed}\nIf that is meant: pytest --promptdock-update")
