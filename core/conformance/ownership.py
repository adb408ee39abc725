"""Which files are a plugin's own, so that a finding names the author's line and not the host's."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from .subject import Subject

__all__ = ["OwnFiles"]

_HOST = os.path.join(Path(__file__).parents[1], "")  # noqa: PTH118  (a prefix)


class OwnFiles:
    """Tells whether a file belongs to a plugin: to the package that its entry point leads to, or is its one file.

    Args:
        plugin: The plugin object.
        functions: What it registered; the files where these are written are its own, too.
    """

    def __init__(self, plugin: object, functions: Iterable[Callable[..., Any]] = ()) -> None:
        self._root = _root(plugin)
        self._files = {file for file in map(_file, functions) if file and not file.startswith(_HOST)}

    @classmethod
    def of(cls, subject: Subject) -> OwnFiles:
        """The files of a plugin under check.

        Args:
            subject: The plugin.
        """
        tools = [tool.tool.function for tool in subject.tools]
        hooks = [call.function for calls in subject.calls.values() for call in calls]
        return cls(subject.plugin, [*tools, *hooks, *(rule.rule.decide for rule in subject.rules)])

    @property
    def beginnings(self) -> list[str]:
        """What the names of its files begin with."""
        return [*filter(None, [self._root]), *sorted(self._files)]

    def __call__(self, file: str) -> bool:
        """Whether a file, as tracebacks name it, is the plugin's."""
        return file in self._files or (bool(self._root) and file.startswith(self._root))

    def line_of(self, error: BaseException) -> str | None:
        """Find where in the plugin an exception came from.

        Args:
            error: The exception.

        Returns:
            ``file:line in function`` of the innermost frame that is the plugin's; None when none is.
        """
        found = None
        step: TracebackType | None = error.__traceback__
        while step is not None:
            code = step.tb_frame.f_code
            if self(code.co_filename):
                found = f"{code.co_filename}:{step.tb_lineno} in {code.co_name}"
            step = step.tb_next
        return found


def _root(plugin: object) -> str:
    """The folder of the plugin's package, with a separator at the end, or its one file."""
    name = plugin.__name__ if isinstance(plugin, ModuleType) else type(plugin).__module__
    module = plugin if isinstance(plugin, ModuleType) else sys.modules.get(name)
    if module is not None and not hasattr(module, "__path__"):
        parent = sys.modules.get(name.rpartition(".")[0])
        # a folder without __init__.py may hold anything; a package belongs together
        module = parent if getattr(parent, "__file__", None) else module
    file = getattr(module, "__file__", None) or ""
    return os.path.join(Path(file).parent, "") if file and hasattr(module, "__path__") else file  # noqa: PTH118


def _file(function: Callable[..., Any]) -> str:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return getattr(code, "co_filename", "")
