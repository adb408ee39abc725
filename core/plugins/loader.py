"""Loading: from what was found to the catalog and the implementations to call, broken plugins kept out."""

from __future__ import annotations

import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import ConfigurationError, PluginError
from ..hook_table import HookTable, read_hooks
from .assembly import Entry, assemble_calls, assemble_catalog, collect_warnings
from .calls import HookCall
from .catalog import Catalog, PluginRecord, PluginState
from .conflicts import find_conflicts
from .deprecations import find_deprecations, issue_warnings, superseded
from .discovery import CODE, Candidate, find_plugins
from .inspection import implemented_hooks, inspect_plugin, new_manager
from .quarantine import Quarantine, describe_exception
from .registration import register
from .selectors import refuse

if TYPE_CHECKING:
    import pluggy

    from ..settings import Settings

__all__ = ["LoadedPlugins", "load_plugins"]

_ID = re.compile(r"[a-z][a-z0-9_]{0,63}")
_WIRE_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPlugins:
    """The result of loading.

    Attributes:
        catalog: What requests read.
        calls: Implementations by hook, in call order; only hooks that have any.
        manager: pluggy's manager, with the loaded plugins and no others.
        warnings: What the operator should know although nothing is broken by it.
        table: The hooks that plugins could implement.
    """

    catalog: Catalog
    calls: Mapping[str, tuple[HookCall, ...]]
    manager: pluggy.PluginManager
    warnings: tuple[str, ...]
    table: HookTable = field(default_factory=read_hooks)


def load_plugins(settings: Settings, extra: Mapping[str, object], *, table: HookTable | None = None) -> LoadedPlugins:
    """Find, import and register all plugins.

    Args:
        settings: The host's settings.
        extra: Plugin objects by id, loaded after the others.
        table: The hooks that plugins may implement; None means those of this promptdock.

    Returns:
        What became of them.

    Raises:
        ConfigurationError: A wire name in ``tool_aliases`` is not valid.
        PluginError: A plugin is quarantined and the settings say ``strict``.
        PromptdockDeprecationWarning: A plugin uses what is deprecated, and Python's warnings are errors here.
    """
    hooks = table if table is not None else read_hooks()
    _check_aliases(settings)
    found = find_plugins(settings.plugins_folder, extra)
    entries = [Entry(candidate) for candidate in found.candidates]
    manager = new_manager(hooks)
    _apply_lists(entries, settings)
    _check_ids(entries)
    _each(entries, _import)
    _refuse_shared(entries)
    _each(entries, lambda entry: _register(entry, manager, settings, hooks))
    _refuse_clashes(entries, settings)
    for entry in entries:
        if entry.calls and not entry.good:
            manager.unregister(name=entry.name)
    records = [entry.record() for entry in entries]
    if settings.strict:
        _refuse_quarantined(records)
    # here, where no plugin's failures are caught any more
    issue_warnings(warning for entry in entries if entry.good for warning in entry.warnings)
    catalog = assemble_catalog(entries, records, settings.tool_aliases)
    return LoadedPlugins(
        catalog=catalog,
        calls=assemble_calls(entries, hooks.hooks),
        manager=manager,
        warnings=(*found.warnings, *collect_warnings(settings, catalog)),
        table=hooks,
    )


def _apply_lists(entries: Sequence[Entry], settings: Settings) -> None:
    for entry in entries:
        entry.denied = refuse(
            entry.name, entry.candidate.distribution, allow=settings.plugins_allow, deny=settings.plugins_deny
        )


def _check_ids(entries: Sequence[Entry]) -> None:
    """Decide from names alone: what is wrong with an id keeps its plugin from being imported."""
    wanted = [entry for entry in entries if entry.good]
    claims = Counter(entry.name for entry in wanted)
    for entry in wanted:
        if claims[entry.name] > 1:
            owners = [other.candidate for other in wanted if other.name == entry.name]
            entry.problem = _duplicate(entry.name, owners)
        elif not _ID.fullmatch(entry.name):
            entry.problem = Quarantine(
                f"the id {entry.name!r} is not valid",
                "A plugin's id is up to 64 lower-case letters, digits and '_', a letter first: rename the entry point, "
                "or the file.",
            )


def _duplicate(name: str, owners: Sequence[Candidate]) -> Quarantine:
    named = " and ".join(f"{owner.distribution} {owner.version}".strip() for owner in owners)
    reason = f"several distributions claim the plugin id {name!r}: {named}"
    kept = next((owner for owner in owners if owner.distribution == CODE), owners[0])
    others = list(dict.fromkeys(owner.distribution for owner in owners if owner.distribution != kept.distribution))
    if len(others) + 1 < len(owners):
        return Quarantine(reason, f"Correct or uninstall {kept.distribution}: it brings two plugins of one id.")
    files = [other.removeprefix("file:") for other in others if other.startswith("file:")]
    denied = ",".join(f"{name}@{'file' if other.startswith('file:') else other}" for other in others)
    if files and len(others) == 1:
        return Quarantine(reason, f"Delete or rename {files[0]}, or deny it: PROMPTDOCK_PLUGINS_DENY={denied}")
    return Quarantine(
        reason, f"Keep one of them, e.g. {kept.distribution}: uninstall the others, or PROMPTDOCK_PLUGINS_DENY={denied}"
    )


def _each(entries: Sequence[Entry], step: Callable[[Entry], None]) -> None:
    """Take every entry that is still good one step further; one that fails is quarantined."""
    for entry in entries:
        if not entry.good:
            continue
        started = time.perf_counter()
        try:
            step(entry)
        except Quarantine as problem:
            entry.problem = problem
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  (whatever a plugin raises must not stop the host)
            entry.problem = Quarantine(f"loading it raised {describe_exception(error)}", cause=error)
        entry.ms += (time.perf_counter() - started) * 1000


def _import(entry: Entry) -> None:
    try:
        entry.plugin = entry.candidate.load()
    except KeyboardInterrupt:
        raise
    except SystemExit as error:
        raise Quarantine(f"it called sys.exit({error.code!r}) on import", cause=error) from error
    except BaseException as error:
        raise Quarantine(f"its import failed: {describe_exception(error)}", cause=error) from error


def _refuse_shared(entries: Sequence[Entry]) -> None:
    """One object under two ids would run each hook under one of them only."""
    owners: dict[int, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.good:
            owners[id(entry.plugin)].append(entry)
    for sharing in owners.values():
        if len(sharing) > 1 and sharing[0].plugin is not None:
            named = " and ".join(repr(entry.name) for entry in sharing)
            for entry in sharing:
                entry.problem = Quarantine(
                    f"the same object is registered as {named}", "Keep one of the entry points, or deny all but one."
                )


def _register(entry: Entry, manager: pluggy.PluginManager, settings: Settings, hooks: HookTable) -> None:
    entry.hooks = implemented_hooks(manager, entry.plugin, hooks)
    found = inspect_plugin(manager, entry.name, entry.plugin, entry.candidate.version, hooks)
    entry.warnings = tuple(find_deprecations(entry.candidate, found, hooks))
    unused = superseded(found)
    entry.calls = tuple(call for call in found if call not in unused)
    entry.given = register(entry.name, entry.calls, settings)


def _refuse_clashes(entries: Sequence[Entry], settings: Settings) -> None:
    given = {entry.name: entry.given for entry in entries if entry.good and entry.given is not None}
    problems = find_conflicts(given, settings.tool_aliases)
    for entry in entries:
        if entry.good and entry.name in problems:
            entry.problem = problems[entry.name]


def _refuse_quarantined(records: Sequence[PluginRecord]) -> None:
    broken = [record for record in records if record.state is PluginState.QUARANTINED]
    if broken:
        named = "; ".join(f"{r.name} ({f'{r.distribution} {r.version}'.strip()}): {r.reason}" for r in broken)
        raise PluginError(
            f"Strict mode: {len(broken)} of {len(records)} plugins cannot be loaded: {named}.",
            hint="Run 'promptdock plugins list' to see what to do about each.",
        )


def _check_aliases(settings: Settings) -> None:
    for identity, name in settings.tool_aliases.items():
        if not _WIRE_NAME.fullmatch(name):
            raise ConfigurationError(
                f"tool_aliases: {name!r} for {identity} is no name for a tool.",
                hint="Take 1 to 64 letters, digits, '_' and '-'.",
            )
