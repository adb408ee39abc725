"""From the candidates that went through the loader to records, the catalog, and the implementations to call."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from .calls import HookCall
from .catalog import Catalog, PluginRecord, PluginState, RegisteredProvider, RegisteredRule, RegisteredTool
from .conflicts import tool_id, wire_name
from .deprecations import HookWarning
from .discovery import CODE, Candidate
from .quarantine import Quarantine, format_traceback
from .registration import Registrations
from .selectors import unmatched

if TYPE_CHECKING:
    from ..settings import Settings

__all__ = ["Entry", "assemble_calls", "assemble_catalog", "collect_warnings"]

_FILE_MODULE = re.compile(r"promptdock_file_plugins\.(\w+)_[0-9a-f]{12}(?:\.([\w.<>]+\w))?")


@dataclass(slots=True, eq=False)
class Entry:
    """One candidate on its way through the loader.

    Attributes:
        candidate: What was found.
        plugin: The plugin object, once imported.
        hooks: Names of the hooks that it implements, well or not.
        calls: Its hook implementations, once registered with pluggy.
        warnings: What it uses that is deprecated.
        given: What its register hooks gave.
        denied: Why the operator's lists keep it out.
        problem: Why it is quarantined.
        ms: Milliseconds that import and registration took so far.
    """

    candidate: Candidate
    plugin: object = None
    hooks: tuple[str, ...] = ()
    calls: tuple[HookCall, ...] = ()
    warnings: tuple[HookWarning, ...] = ()
    given: Registrations | None = None
    denied: str | None = None
    problem: Quarantine | None = None
    ms: float = 0.0

    @property
    def name(self) -> str:
        """The plugin's id."""
        return self.candidate.name

    @property
    def good(self) -> bool:
        """Whether nothing keeps it out so far."""
        return self.denied is None and self.problem is None

    def record(self) -> PluginRecord:
        """What the operator gets to see of it."""
        state = PluginState.DENIED if self.denied else PluginState.QUARANTINED if self.problem else PluginState.LOADED
        cause = self.problem.cause if self.problem is not None else None
        return PluginRecord(
            name=self.name,
            distribution=self.candidate.distribution,
            version=self.candidate.version,
            state=state,
            hooks=self.hooks,
            load_ms=self.ms,
            reason=self.denied
            or (_readable(self.problem.reason).removesuffix(".") if self.problem is not None else None),
            remedy=self._remedy(),
            traceback=format_traceback(cause) if cause is not None else None,
            settings=self.given.settings if self.good and self.given is not None else None,
            warnings=self.warnings,
        )

    def _remedy(self) -> str | None:
        if self.denied:
            return "Change plugins_allow or plugins_deny, and restart."
        if self.problem is None:
            return None
        advice = self.problem.remedy or _general_advice(self.candidate, self.problem.cause)
        if "PROMPTDOCK_PLUGINS_DENY" in advice:
            return advice
        end = "" if advice.endswith((".", "?", "!")) else "."
        return f"{_readable(advice)}{end} To do without it: PROMPTDOCK_PLUGINS_DENY={self.name}"


def _readable(text: str) -> str:
    """Name what is in a one-file plugin by its file; the module that it is imported as means nothing to anybody."""
    return _FILE_MODULE.sub(lambda match: f"{match[2]} in {match[1]}.py" if match[2] else f"{match[1]}.py", text)


def _general_advice(candidate: Candidate, cause: BaseException | None) -> str:
    where = candidate.distribution
    if where.startswith("file:"):
        advice = f"Correct the file {where.removeprefix('file:')}"
    elif where == CODE:
        advice = "Correct the plugin object that the program gives"
    else:
        advice = f"Correct or upgrade {where}"
    if isinstance(cause, ModuleNotFoundError) and (missing := _to_install(cause)):
        advice = f"Install {missing} into promptdock's environment, or {advice[0].lower()}{advice[1:]}"
    return f"{advice}; 'promptdock plugins list --debug' shows the traceback." if cause is not None else f"{advice}."


def _to_install(error: ModuleNotFoundError) -> str | None:
    """The package that is missing; None when only a part of one that is there is."""
    top = (error.name or "").partition(".")[0]
    return top if top and top not in sys.modules else None


def assemble_catalog(entries: Sequence[Entry], records: Sequence[PluginRecord], aliases: Mapping[str, str]) -> Catalog:
    """Make the catalog.

    Args:
        entries: All candidates, in load order.
        records: Their records, in the same order.
        aliases: The operator's wire names by tool id.
    """
    providers: dict[str, RegisteredProvider] = {}
    tools: dict[str, RegisteredTool] = {}
    rules: list[RegisteredRule] = []
    for entry, record in zip(entries, records, strict=True):
        if not entry.good or entry.given is None:
            continue
        for provider in entry.given.providers:
            providers[provider.name] = RegisteredProvider(provider=provider, plugin=record)
        for tool in entry.given.tools:
            identity = tool_id(record.name, tool.key)
            name = wire_name(identity, tool.name, aliases)
            tools[identity] = RegisteredTool(id=identity, name=name, tool=tool, plugin=record)
        for rule in entry.given.rules:
            named = tuple(tool_id(record.name, tool.key) for tool in rule.tools)
            rules.append(RegisteredRule(rule=rule, plugin=record, tools=named))
    return Catalog(
        plugins=tuple(records),
        providers=MappingProxyType(providers),
        tools=MappingProxyType(tools),
        rules=tuple(rules),
    )


def assemble_calls(entries: Sequence[Entry], hooks: Iterable[str]) -> Mapping[str, tuple[HookCall, ...]]:
    """Implementations by the hook that they serve: in load order, ``tryfirst`` ones before and ``trylast`` ones after.

    Args:
        entries: All candidates, in load order.
        hooks: Names of the host's hooks, in order.
    """
    found: dict[str, list[HookCall]] = defaultdict(list)
    for entry in entries:
        if entry.good and entry.given is not None:
            for call in entry.given.calls:
                found[call.serves].append(call)
    return MappingProxyType(
        {hook: tuple(sorted(found[hook], key=lambda call: call.tier)) for hook in hooks if hook in found}
    )


def collect_warnings(settings: Settings, catalog: Catalog) -> Iterator[str]:
    """Settings that speak of nothing that is there."""
    found = [(record.name, record.distribution) for record in catalog.plugins]
    for key, listed in (("plugins_allow", settings.plugins_allow), ("plugins_deny", settings.plugins_deny)):
        for text in unmatched(listed or (), found):
            yield f"{key}: {text!r} matches no plugin that is installed."
    if settings.plugins_dir is not None and not settings.plugins_dir.is_dir():
        yield f"plugins_dir: {settings.plugins_dir} is not a folder."
    for name in sorted(settings.plugins):
        records = [record for record in catalog.plugins if record.name == name]
        if not records:
            yield f"plugins.{name}: no plugin with this id is installed."
        for record in records:
            if record.state is PluginState.LOADED and "register_settings" not in record.hooks:
                yield f"plugins.{name}: this plugin has no settings."
    for identity in sorted(settings.tool_aliases):
        if identity not in catalog.tools and not _is_kept_out(identity, catalog):
            yield f"tool_aliases: no tool has the id {identity!r}."


def _is_kept_out(identity: str, catalog: Catalog) -> bool:
    """Whether an alias is for a plugin that is there but not loaded; that plugin's own record says enough."""
    owner = identity.partition(".")[0]
    return any(record.name == owner and record.state is not PluginState.LOADED for record in catalog.plugins)
