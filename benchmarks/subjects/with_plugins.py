"""promptdock with many installed plugins, none of which is selected."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.plugin_site import write_plugins
from benchmarks.requests import Ask
from benchmarks.stage import Stage

from .promptdock import Promptdock
from .subject import Subject, Target

__all__ = ["WithPlugins"]


class WithPlugins(Subject):
    """promptdock with a folder of distributions on its path."""

    def __init__(self, dock: Promptdock, plugins: int, tools: int) -> None:
        self.name = f"{plugins} plugins"
        self._dock, self._plugins, self._tools = dock, plugins, tools

    def start(self, stage: Stage, upstream: int, ask: Ask) -> Target:
        """Write them, and start with --strict: a plugin that is not loaded would be none."""
        site = stage.new_folder("site")
        write_plugins(site, self._plugins, self._tools)
        dock = replace(self._dock, site=site, options=(*self._dock.options, "--strict"))
        return dock.start(stage, upstream, ask)
