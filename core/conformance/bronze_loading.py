"""Bronze: the plugin loads alone, cheaply and quietly, and its hooks are such that the host calls them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any, Final

from ..hook_table import read_hooks
from ..plugins.inspection import inspect_plugin, new_manager
from ..plugins.quarantine import Quarantine
from .check import Check, Finding, Grade, NotApplicable
from .subject import Subject

__all__ = ["CHECKS"]

_MISSING: Final = re.compile(r"(plugins\.[\w.]+): Field required")


async def _loads_alone(subject: Subject) -> Sequence[Finding]:
    record = subject.record
    if subject.loaded:
        return ()
    return (
        Finding(
            text=f"With no other plugin beside it, {subject.name} is {record.state}: {record.reason}.",
            remedy=_missing_settings(subject) or (record.remedy or "").partition(" To do without it:")[0],
        ),
    )


def _missing_settings(subject: Subject) -> str:
    """What to do about settings that are demanded and that only somebody who knows the plugin can make up."""
    fields = _MISSING.findall(subject.record.reason or "")
    if not fields:
        return ""
    names = ", ".join(f"PROMPTDOCK_{field.replace('.', '__').upper()}" for field in dict.fromkeys(fields))
    return f"Set {names} in the environment of the check, or give what can do without it a default."


async def _import_time(subject: Subject) -> Sequence[Finding]:
    took, budget = subject.facts.import_ms, subject.import_budget_ms
    if took <= budget:
        return ()
    return (
        Finding(
            text=f"Importing it takes {took:.0f} ms, at the best of several times; the budget is {budget:.0f} ms.",
            remedy="Import what is slow inside the functions that use it; "
            "'python -X importtime -c \"import your_module\"' shows what is.",
        ),
    )


async def _import_silent(subject: Subject) -> Sequence[Finding]:
    if not subject.facts.output:
        return ()
    shown = subject.facts.output.splitlines()[0][:120]
    return (
        Finding(
            text=f"Loading it writes to stdout or stderr: {shown!r}.",
            remedy="Leave the print out, or log it: logging.getLogger(__name__).debug(…) in a function.",
        ),
    )


async def _import_no_network(subject: Subject) -> Sequence[Finding]:
    return tuple(
        Finding(
            text=f"Loading it uses the network: {line}.",
            remedy="Connect when a tool is called or a hook needs it, not on import or in register hooks.",
        )
        for line in subject.facts.network
    )


async def _import_no_threads(subject: Subject) -> Sequence[Finding]:
    return tuple(
        Finding(
            text=f"Loading it starts the thread {name!r}.",
            remedy="Start threads when they are needed; the host runs sync functions in threads of its own.",
        )
        for name in subject.facts.threads
    )


async def _hooks_valid(subject: Subject) -> Sequence[Finding]:
    if subject.plugin is None:
        raise NotApplicable("its import failed")
    table = read_hooks()
    try:
        inspect_plugin(new_manager(table), subject.name, subject.plugin, subject.version, table)
    except Quarantine as problem:
        return (Finding(text=f"{_capital(problem.reason)}.", remedy=problem.remedy or "Correct the hook."),)
    return tuple(_overlooked(subject.plugin, table.hooks))


def _overlooked(plugin: object, hooks: Any) -> Iterator[Finding]:
    """What looks like a hook and is none: a function without the mark, an optional hook whose name is misspelt."""
    for name in dir(plugin):
        function = inspect.getattr_static(plugin, name, None)
        function = getattr(function, "__func__", function)
        if not inspect.isfunction(function):
            continue
        options = getattr(function, "promptdock_impl", None)
        if options is None:
            if name in hooks:
                yield Finding(
                    text=f"The function {name} is called like a hook and is not marked, so the host never calls it.",
                    remedy="Mark it with @hookimpl, or call it something else.",
                    subject=name,
                )
            continue
        hook = options.get("specname") or name
        near = get_close_matches(hook, hooks, n=1, cutoff=0.85)
        if hook not in hooks and near:
            yield Finding(
                text=f"There is no hook {hook}, and @hookimpl(optionalhook=True) hides that.",
                remedy=f"Call it {near[0]}, and mark it with @hookimpl.",
                subject=hook,
            )


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}"


CHECKS = (
    Check(
        id="loads-alone",
        grade=Grade.BRONZE,
        title="The plugin loads with no other plugin beside it",
        remedy="Do what `promptdock plugins list` says of it. A plugin that needs another one depends on its "
        "distribution, and works with what it finds.",
        run=_loads_alone,
        waivable=False,
        needs_load=False,
    ),
    Check(
        id="import-time",
        grade=Grade.BRONZE,
        title="Its import takes no longer than the budget, 200 ms by default",
        remedy="Import slow modules inside the functions that use them. `--import-budget` sets another budget.",
        run=_import_time,
        needs_load=False,
    ),
    Check(
        id="import-silent",
        grade=Grade.BRONZE,
        title="Its import and its register hooks write nothing to stdout or stderr",
        remedy="Log instead of printing.",
        run=_import_silent,
        needs_load=False,
    ),
    Check(
        id="import-no-network",
        grade=Grade.BRONZE,
        title="Its import and its register hooks use no network, not even loopback",
        remedy="Connect when a tool is called.",
        run=_import_no_network,
        needs_load=False,
    ),
    Check(
        id="import-no-threads",
        grade=Grade.BRONZE,
        title="Its import and its register hooks start no threads",
        remedy="Start threads when they are needed. Threads that native libraries start for themselves do not count.",
        run=_import_no_threads,
        needs_load=False,
    ),
    Check(
        id="hooks-valid",
        grade=Grade.BRONZE,
        title="Its hooks exist, have arguments that the host gives, and carry the mark",
        remedy="Mark hooks with `@hookimpl`, and take only arguments that [the hook](hooks.md) has.",
        run=_hooks_valid,
        needs_load=False,
    ),
)
