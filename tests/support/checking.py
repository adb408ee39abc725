"""Single conformance checks on plugins that a test writes down."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from promptdock import SelectionRule, Tool, hookimpl
from promptdock.conformance.check import Finding
from promptdock.conformance.subject import Subject, open_subject
from promptdock.settings import Settings

__all__ = ["PluginOf", "check", "on_subject"]

T = TypeVar("T")


class PluginOf:
    """A plugin with these tools, rules and settings."""

    def __init__(self, *tools: Tool, rules: Sequence[SelectionRule] = (), settings: type[Any] | None = None) -> None:
        self._tools = tools
        self._rules = rules
        self._settings = settings

    @hookimpl
    def register_settings(self) -> type[Any] | None:
        """The settings."""
        return self._settings

    @hookimpl
    def register_tools(self) -> Sequence[Tool]:
        """The tools."""
        return self._tools

    @hookimpl
    def register_selection_rules(self) -> Sequence[SelectionRule]:
        """The rules."""
        return self._rules


def check(which: str, plugin: object, folder: Path, *, settings: Mapping[str, Any] | None = None) -> list[Finding]:
    """Run one check on a plugin that is given as an object, under the id ``sample``.

    Args:
        which: Module and id of the check, e.g. ``gold_rules:rule-examples``.
        plugin: The plugin.
        folder: A folder for the host and for the check.
        settings: The plugin's settings.

    Returns:
        The findings.
    """
    module, _, wanted = which.partition(":")
    (found,) = [one for one in import_module(f"promptdock.conformance.{module}").CHECKS if one.id == wanted]

    async def run(subject: Subject) -> list[Finding]:
        return list(await found.run(subject))

    return on_subject(run, plugin, folder, settings=settings)


def on_subject(
    look: Callable[[Subject], Awaitable[T]], plugin: object, folder: Path, *, settings: Mapping[str, Any] | None = None
) -> T:
    """Open a plugin that is given as an object, under the id ``sample``, and look at it.

    Args:
        look: What is done with it.
        plugin: The plugin.
        folder: A folder for the host and for checks.
        settings: The plugin's settings.

    Returns:
        What the function gave.
    """
    host = Settings(home=folder / "home", plugins={"sample": dict(settings)} if settings is not None else {})

    async def main() -> T:
        scratch = folder / "scratch"
        scratch.mkdir(parents=True)
        async with open_subject(host, "sample", "<code>", scratch=scratch, extra={"sample": plugin}) as subject:
            assert subject.loaded, subject.record.reason
            return await look(subject)

    return asyncio.run(main())
