"""The table of hooks: what the specs say as data, what they say in words, and that the two agree."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError
from types import SimpleNamespace

import pytest

import promptdock
from promptdock import hookspecs
from promptdock.hook_table import HookKind, read_hooks
from promptdock.hook_versions import Adapter, DeprecatedArgument, Deprecation, reached
from promptdock.hookmarkers import hook_version, hookspec

TABLE = read_hooks()


@pytest.mark.parametrize("hook", TABLE.hooks)
def test_the_version_of_a_hook_is_that_of_its_contract(hook: str) -> None:
    """``since`` is said twice: to programs and to people."""
    assert re.findall(r"\n\nSince: ([\d.]+)\.", inspect_doc(hook)) == [TABLE.hooks[hook].version.since]


def inspect_doc(hook: str) -> str:
    """A spec's docstring without its indentation."""
    return re.sub(r"\n {4}", "\n", getattr(hookspecs, hook).__doc__ or "")


def test_no_hook_is_newer_than_the_set_of_hooks_and_that_not_than_promptdock() -> None:
    versions = [hook.version.since for hook in TABLE.hooks.values()]
    assert max(versions, key=lambda version: reached(version, "0.2")) == hookspecs.VERSION
    assert all(reached(hookspecs.VERSION, version) for version in versions)
    assert reached(promptdock.__version__, hookspecs.VERSION)


@pytest.mark.parametrize("hook", hookspecs.DEPRECATED)
def test_a_deprecation_leads_to_a_hook_of_today_and_is_said_in_words(hook: str) -> None:
    deprecated = TABLE.hooks[hook].deprecated
    assert deprecated is not None
    successor = TABLE.hooks[deprecated.successor]
    assert successor.deprecated is None
    assert TABLE.hooks[hook].kind is successor.kind
    assert set(deprecated.adapter.arguments) <= set(TABLE.hooks[hook].arguments)
    assert set(deprecated.adapter.arguments.values()) <= set(successor.arguments)
    assert f"Deprecated: Since {deprecated.since}, removed in {deprecated.removed_in}." in inspect_doc(hook)
    assert f"def {deprecated.successor}({', '.join(successor.arguments)}):" in inspect_doc(hook)


def test_only_hooks_that_are_listed_as_deprecated_are() -> None:
    assert [name for name, hook in TABLE.hooks.items() if hook.deprecated] == list(hookspecs.DEPRECATED)


def test_deprecated_arguments_lead_to_arguments_of_today() -> None:
    renamed = {name: hook for name, hook in TABLE.hooks.items() if hook.version.arguments}
    assert list(renamed) == ["prepare_completion"]
    for hook in renamed.values():
        for old in hook.version.arguments.values():
            assert old.successor in hook.arguments
            assert not reached(old.since, old.removed_in)


def test_hooks_are_in_the_order_of_their_kinds_and_deprecated_ones_last() -> None:
    ordered = [hook.kind for name, hook in TABLE.hooks.items() if name not in hookspecs.DEPRECATED]
    assert ordered == sorted(ordered, key=list(HookKind).index)
    assert tuple(TABLE.hooks)[-1:] == hookspecs.DEPRECATED


def test_a_later_version_has_removed_what_is_deprecated() -> None:
    later = read_hooks(version="1.0")
    assert list(later.removed) == ["prepare_request"]
    assert "prepare_request" not in later.hooks
    assert later.hooks["prepare_completion"].offered == ("call", "settings")
    assert list(later.removed_arguments["prepare_completion"]) == ["request"]
    assert TABLE.hooks["prepare_completion"].offered == ("call", "settings", "request")


def test_what_a_hook_serves_is_known_of_hooks_of_all_times() -> None:
    assert read_hooks(version="1.0").serves("prepare_request") == "prepare_completion"
    assert TABLE.serves("prepare_request") == "prepare_completion"
    assert TABLE.serves("turn_started") == "turn_started"
    assert TABLE.serves("never_was") is None


@pytest.mark.parametrize(
    ("version", "wanted", "expected"), [("0.2", "0.2", True), ("0.10", "0.9", True), ("0.9", "1.0", False)]
)
def test_versions_are_numbers(version: str, wanted: str, expected: bool) -> None:
    assert reached(version, wanted) is expected


def test_an_adapter_renames_and_converts() -> None:
    adapter = Adapter(arguments={"old": "new"}, convert={"old": lambda value: [value]})
    assert adapter.value("old", {"new": 1, "same": 2}) == [1]
    assert adapter.value("same", {"new": 1, "same": 2}) == 2


def test_a_table_may_be_read_of_other_specs() -> None:
    """As these tests do it: no version of promptdock has to be waited for."""

    @hookspec(since="3.0", deprecated_arguments={"b": DeprecatedArgument(since="3.1", removed_in="4", successor="a")})
    def fresh(a: int) -> None: ...

    @hookspec(since="2.0", deprecated=Deprecation(since="3.0", removed_in="4", successor="fresh"))
    def stale(a: int) -> None: ...

    specs = SimpleNamespace(
        fresh=fresh, stale=stale, REGISTER=(), DECIDE=(), TRANSFORM=(), OBSERVE=("fresh",), DEPRECATED=("stale",),
        VERSION="3.1",
    )  # fmt: skip
    table = read_hooks(specs)
    assert (table.version, list(table.hooks), list(table.removed)) == ("3.1", ["fresh", "stale"], [])
    assert table.hooks["stale"].kind is HookKind.OBSERVE
    assert table.hooks["fresh"].adapter(("b",)).arguments == {"b": "a"}
    assert not table.hooks["fresh"].adapter(("a",)).arguments
    with pytest.raises(FrozenInstanceError):
        hook_version(fresh).since = "1"  # type: ignore[misc]
