"""The plugin that is looked at, loaded alone, and all that checks need of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..plugins.catalog import PluginRecord, PluginState, RegisteredProvider, RegisteredRule, RegisteredTool
from ..plugins.discovery import Candidate, find_plugins
from ..plugins.loader import LoadedPlugins
from ..service import PromptService, open_service
from ..settings import Settings
from .refusing import temporary_files_in
from .required import lacks_settings, with_required_secrets

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ..plugins.calls import HookCall

__all__ = ["LoadFacts", "Subject", "alone", "open_subject"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadFacts:
    """What loading a plugin cost and did, seen in a fresh interpreter.

    Attributes:
        import_ms: Milliseconds of its import, when all that promptdock itself imports was there already.
        output: What was written to stdout and stderr by the import and the register hooks.
        network: What they did on the network, one line for each.
        threads: Names of the threads that they started.
    """

    import_ms: float = 0.0
    output: str = ""
    network: tuple[str, ...] = ()
    threads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One plugin under check, loaded with no other beside it.

    Attributes:
        name: The plugin's id.
        distribution: What brings it, ``file:`` with a path, or ``<code>``.
        version: The distribution's version; empty when it has none.
        record: What became of it; see :attr:`loaded`.
        plugin: The plugin object; None when the import failed.
        loaded_plugins: What the loader gave, before any wrapper.
        service: An open service that has this plugin and no other. It has no provider unless the plugin brings one.
        settings: What the service was opened with.
        extra: The plugin object by its id when code gave it; to load again, ``load_plugins(settings, extra)``.
        facts: What loading it cost and did.
        scratch: An empty folder that checks may fill.
        import_budget_ms: What its import may cost.
        made_up: Names of secrets that its settings demand and nobody had set; see :mod:`.required`.
        shared: What one check found out and others need, too, by a name that they agree on.
    """

    name: str
    distribution: str
    version: str
    record: PluginRecord
    plugin: object
    loaded_plugins: LoadedPlugins
    service: PromptService
    settings: Settings
    scratch: Path
    extra: Mapping[str, object] = field(default_factory=dict)
    facts: LoadFacts = field(default_factory=LoadFacts)
    import_budget_ms: float = 200.0
    made_up: Sequence[str] = ()
    shared: dict[str, Any] = field(default_factory=dict)

    @property
    def room(self) -> Path:
        """Where tools may write while they are tried; temporary files lie there, too."""
        return self.scratch / "room"

    @property
    def loaded(self) -> bool:
        """Whether it was loaded; otherwise ``record.reason`` says why not."""
        return self.record.state is PluginState.LOADED

    @property
    def one_file(self) -> Path | None:
        """The file of a one-file plugin, which has no metadata; None for all others."""
        return Path(self.distribution.removeprefix("file:")) if self.distribution.startswith("file:") else None

    @property
    def tools(self) -> tuple[RegisteredTool, ...]:
        """Its tools, in the order of registration."""
        return tuple(tool for tool in self.loaded_plugins.catalog.tools.values() if tool.plugin.name == self.name)

    @property
    def rules(self) -> tuple[RegisteredRule, ...]:
        """Its selection rules, in the order of registration."""
        return tuple(rule for rule in self.loaded_plugins.catalog.rules if rule.plugin.name == self.name)

    @property
    def providers(self) -> tuple[RegisteredProvider, ...]:
        """Its providers, in the order of registration."""
        found = self.loaded_plugins.catalog.providers.values()
        return tuple(provider for provider in found if provider.plugin.name == self.name)

    @property
    def calls(self) -> Mapping[str, tuple[HookCall, ...]]:
        """Its hook implementations by hook."""
        own = {
            hook: tuple(call for call in calls if call.plugin == self.name)
            for hook, calls in self.loaded_plugins.calls.items()
        }
        return {hook: calls for hook, calls in own.items() if calls}

    @property
    def settings_model(self) -> type[BaseModel] | None:
        """The class of its settings; None when it has none."""
        return None if self.record.settings is None else type(self.record.settings)


def alone(settings: Settings, name: str, distribution: str, *, home: Path) -> Settings:
    """Make settings under which one plugin is loaded and no other.

    Args:
        settings: The host's settings; what they say to the plugin itself stays.
        name: The plugin's id.
        distribution: What brings it, ``file:`` with a path, or ``<code>``.
        home: Where promptdock may write.
    """
    changes: dict[str, object] = {
        "plugins_allow": (f"{name}@{'file' if distribution.startswith('file:') else distribution}",),
        "plugins_deny": (),
        "plugins_dir": Path(distribution.removeprefix("file:")).parent if distribution.startswith("file:") else home,
        "tool_aliases": {},
        "model_aliases": {},
        "default_provider": None,
        "strict": False,
        "home": home,
    }
    return settings.model_copy(update=changes)


@asynccontextmanager
async def open_subject(
    settings: Settings,
    name: str,
    distribution: str,
    *,
    scratch: Path,
    extra: Mapping[str, object] | None = None,
    facts: LoadFacts | None = None,
    import_budget_ms: float = 200.0,
) -> AsyncIterator[Subject]:
    """Load one plugin alone, for checks to look at it.

    Args:
        settings: The host's settings.
        name: The plugin's id.
        distribution: What brings it, ``file:`` with a path, or ``<code>``.
        scratch: An empty folder that checks may fill.
        extra: The plugin object by its id, for ``<code>``.
        facts: What loading it cost and did; None when nobody looked.
        import_budget_ms: What its import may cost.

    Yields:
        The subject; its service is closed at the end of the block.

    Raises:
        LookupError: No such plugin was found.
    """
    home, room = scratch / "home", scratch / "room"
    for folder in (home, room):
        folder.mkdir(exist_ok=True)
    seen: list[LoadedPlugins] = []

    def keep(loaded: LoadedPlugins) -> LoadedPlugins:
        seen.append(loaded)
        return loaded

    own = alone(settings, name, distribution, home=home)
    made_up: Sequence[str] = ()
    with temporary_files_in(room):
        async with AsyncExitStack() as stack:
            service = await stack.enter_async_context(open_service(own, extra=extra, adapt=keep))
            record = _record(seen[-1], name, distribution)
            candidate = _candidate(own, name, distribution, extra or {})
            if candidate is not None and lacks_settings(record):
                own, made_up = with_required_secrets(own, candidate)
                if made_up:
                    service = await stack.enter_async_context(open_service(own, extra=extra, adapt=keep))
                    record = _record(seen[-1], name, distribution)
            yield Subject(
                name=name,
                distribution=distribution,
                version=record.version,
                record=record,
                plugin=_plugin_object(seen[-1], name, candidate),
                loaded_plugins=seen[-1],
                service=service,
                settings=own,
                scratch=scratch,
                extra=extra or {},
                facts=facts or LoadFacts(),
                import_budget_ms=import_budget_ms,
                made_up=made_up,
            )


def _record(loaded: LoadedPlugins, name: str, distribution: str) -> PluginRecord:
    for record in loaded.catalog.plugins:
        if record.name == name and record.distribution == distribution:
            return record
    raise LookupError(f"no plugin {name!r} of {distribution}")


def _candidate(settings: Settings, name: str, distribution: str, extra: Mapping[str, object]) -> Candidate | None:
    for candidate in find_plugins(settings.plugins_folder, extra).candidates:
        if (candidate.name, candidate.distribution) == (name, distribution):
            return candidate
    return None


def _plugin_object(loaded: LoadedPlugins, name: str, candidate: Candidate | None) -> object:
    """The plugin object; of one in quarantine, which the manager does not have, what importing it gives."""
    plugin: object = loaded.manager.get_plugin(name)
    if plugin is None and candidate is not None:
        with suppress(BaseException):
            plugin = candidate.load()
    return plugin
