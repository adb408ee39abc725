"""Plugins written for other versions of the hooks: older ones work and are told what to write, newer ones why not."""

from __future__ import annotations

import inspect
import logging
import warnings
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from promptdock import (
    CompletionCall,
    Deny,
    PromptdockDeprecationWarning,
    Settings,
    ToolCall,
    hookimpl,
    hookspecs,
    open_service,
)
from promptdock.hook_table import HookTable, read_hooks
from promptdock.hook_versions import Adapter, Deprecation
from promptdock.hookmarkers import hookspec
from promptdock.plugins.catalog import PluginState
from promptdock.plugins.host import PluginHost
from promptdock.plugins.loader import load_plugins
from promptdock.settings import load_settings
from promptdock.threads import WorkerThreads
from tests.support.hosts import bare_host, records

pytestmark = pytest.mark.anyio

CALL = CompletionCall(model="m", messages=({"role": "user", "content": "hi"},), request_id="req-1", round=1)
TOOL_CALL = ToolCall(
    id="call_1", tool="p.t", name="t", plugin="p", arguments={}, request_id="req-1", caller="c", round=1
)


def named(call: CompletionCall, name: str) -> CompletionCall:
    """The call with one more name at its model."""
    return replace(call, model=f"{call.model}+{name}")


class Newer:
    """Written for the hooks of today."""

    def __init__(self, name: str) -> None:
        self.name = name

    @hookimpl
    def prepare_completion(self, call: CompletionCall) -> CompletionCall:
        return named(call, self.name)


class Older:
    """Written for 0.1."""

    def __init__(self, name: str) -> None:
        self.name = name

    @hookimpl
    async def prepare_request(self, request: CompletionCall) -> CompletionCall | None:
        return named(request, self.name)


class OlderFirst(Older):
    """Written for 0.1, and wanting to be first."""

    prepare_request = hookimpl(tryfirst=True)(lambda self, request: named(request, self.name))  # type: ignore[assignment]


class HalfRenamed:
    """The hook's name is that of today, its argument's is not."""

    @hookimpl
    def prepare_completion(self, request: CompletionCall, settings: object) -> CompletionCall:
        assert settings is None
        return named(request, "half")


class Both:
    """Serves hosts of both times."""

    @hookimpl(optionalhook=True)
    def prepare_completion(self, call: CompletionCall) -> CompletionCall:
        return named(call, "newer")

    @hookimpl(optionalhook=True)
    def prepare_request(self, request: CompletionCall) -> CompletionCall:
        return named(request, "older")


class BothByAccident(Both):
    """Has both, and would be refused by a host without the older one."""

    @hookimpl
    def prepare_request(self, request: CompletionCall) -> CompletionCall:
        return named(request, "older")


def load(home: Path, table: HookTable | None = None, /, **plugins: object) -> PluginHost:
    """A host with these plugins, with the hooks of a table."""
    loaded = load_plugins(load_settings(home=home, plugins_deny=("promptdock",)), plugins, table=table)
    return PluginHost(loaded, threads=WorkerThreads(2), hook_timeout=5)


async def test_an_older_plugin_works_in_its_place_among_the_others(tmp_path: Path) -> None:
    """In load order, whichever name the others use; ``tryfirst`` counts across both names."""
    plugins = {"a": Newer("a"), "b": Older("b"), "c": Newer("c"), "d": OlderFirst("d")}
    with pytest.warns(PromptdockDeprecationWarning):
        host = load(tmp_path, **plugins)
    prepared = await host.prepare_completion(CALL)
    assert prepared == replace(CALL, model="m+d+a+b+c")
    assert {record.state for record in records(host).values()} == {PluginState.LOADED}
    counted = {(one.plugin, one.hook): one.calls for one in host.statistics()}
    assert counted[("b", "prepare_request")] == counted[("a", "prepare_completion")] == 1


async def test_an_older_plugin_that_fails_leaves_the_previous_value(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The failure policy is that of the hook's kind; the log has the name that the plugin's author knows."""

    class Failing:
        @hookimpl
        def prepare_request(self) -> None:
            raise ValueError

    with pytest.warns(PromptdockDeprecationWarning):
        host = load(tmp_path, a=Newer("a"), b=Failing(), c=Newer("c"))
    assert await host.prepare_completion(CALL) == replace(CALL, model="m+a+c")
    assert "Hook prepare_request of plugin b" in caplog.text


async def test_the_warning_is_at_the_line_to_change_and_has_the_line_to_write(tmp_path: Path) -> None:
    with pytest.warns(PromptdockDeprecationWarning) as caught:
        host = load(tmp_path, older=Older("x"))
    (warning,) = caught
    line = inspect.getsourcelines(Older.prepare_request)[1] + 1  # below its decorator
    assert (warning.filename, warning.lineno) == (__file__, line)
    assert issubclass(warning.category, DeprecationWarning)
    assert str(warning.message) == (
        "Plugin 'older' (<code>): its hook prepare_request is deprecated since 0.2 and will be removed in 1.0. "
        "Write instead: async def prepare_completion(self, call: CompletionCall) -> CompletionCall | None:"
    )
    (kept,) = records(host)["older"].warnings
    assert str(kept) == str(warning.message)
    assert (kept.hook, kept.argument, kept.since, kept.removed_in) == ("prepare_request", None, "0.2", "1.0")


async def test_a_renamed_argument_still_has_its_older_name(tmp_path: Path) -> None:
    with pytest.warns(PromptdockDeprecationWarning, match="the argument request of its hook prepare_completion"):
        host = load(tmp_path, half=HalfRenamed())
    assert await host.prepare_completion(CALL) == replace(CALL, model="m+half")
    (kept,) = records(host)["half"].warnings
    assert (kept.argument, kept.write) == (
        "request",
        "def prepare_completion(self, call: CompletionCall, settings: object) -> CompletionCall:",
    )


async def test_one_that_takes_all_arguments_gets_those_of_today(tmp_path: Path) -> None:
    taken: list[set[str]] = []

    def prepare_completion(**arguments: object) -> None:
        taken.append(set(arguments))

    host = load(tmp_path, mine=SimpleNamespace(prepare_completion=hookimpl(prepare_completion)))
    await host.prepare_completion(CALL)
    assert taken == [{"call", "settings"}]


async def test_a_plugin_for_hosts_of_both_times_is_asked_by_the_newer_name_and_not_warned(tmp_path: Path) -> None:
    host = load(tmp_path, both=Both())
    assert await host.prepare_completion(CALL) == replace(CALL, model="m+newer")
    assert records(host)["both"].warnings == ()


async def test_one_that_has_both_and_would_be_refused_later_is_told(tmp_path: Path) -> None:
    with pytest.warns(PromptdockDeprecationWarning, match="is not called, for it has prepare_completion, too"):
        host = load(tmp_path, both=BothByAccident())
    assert await host.prepare_completion(CALL) == replace(CALL, model="m+newer")
    assert "optionalhook=True" in records(host)["both"].warnings[0].next


async def test_strict_has_nothing_against_an_older_plugin(tmp_path: Path) -> None:
    with pytest.warns(PromptdockDeprecationWarning):
        assert records(bare_host(tmp_path, {"older": Older("x")}, strict=True))["older"].state is PluginState.LOADED


@pytest.mark.filterwarnings("error")
async def test_where_warnings_are_errors_the_warning_is_raised_and_quarantines_nothing(tmp_path: Path) -> None:
    """A quarantine would hide from the plugin's author what there is to do."""
    with pytest.raises(PromptdockDeprecationWarning, match="Write instead: async def prepare_completion") as caught:
        load(tmp_path, older=Older("x"))
    assert caught.value.__notes__ == [f"{__file__}:{inspect.getsourcelines(Older.prepare_request)[1] + 1}"]


async def test_a_service_logs_it_when_it_starts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever Python does with its warning; most processes are told to ignore those."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        async with open_service(Settings(home=tmp_path), extra={"older": Older("x")}):
            pass
    told = [record for record in caplog.records if "prepare_completion" in record.getMessage()]
    assert [(record.name, record.levelno) for record in told] == [("promptdock.service", logging.WARNING)]


async def test_a_plugin_in_quarantine_is_not_warned_about(tmp_path: Path) -> None:
    """Its author has more urgent things to do; the record has it all the same."""

    class Broken(Older):
        @hookimpl
        def register_tools(self) -> Any:
            raise ValueError

    record = records(load(tmp_path, broken=Broken("x")))["broken"]
    assert record.state is PluginState.QUARANTINED
    assert [warning.hook for warning in record.warnings] == ["prepare_request"]


async def test_a_removed_hook_is_refused_with_the_line_to_write(tmp_path: Path) -> None:
    record = records(load(tmp_path, read_hooks(version="1.0"), older=Older("x")))["older"]
    assert record.state is PluginState.QUARANTINED
    assert record.reason == "it implements the hook 'prepare_request', which was deprecated in 0.2 and removed in 1.0"
    assert "async def prepare_completion(self, call: CompletionCall)" in str(record.remedy)
    assert record.hooks == ("prepare_request",)


async def test_a_removed_argument_is_refused_with_the_line_to_write(tmp_path: Path) -> None:
    record = records(load(tmp_path, read_hooks(version="1.0"), half=HalfRenamed()))["half"]
    assert record.reason == (
        "wrong hook signature: prepare_completion takes the argument 'request', which was deprecated in 0.2 and "
        "removed in 1.0"
    )
    assert "def prepare_completion(self, call: CompletionCall, settings: object)" in str(record.remedy)


async def test_a_plugin_for_hosts_of_both_times_outlives_the_removal(tmp_path: Path) -> None:
    host = load(tmp_path, read_hooks(version="1.0"), both=Both())
    assert await host.prepare_completion(CALL) == replace(CALL, model="m+newer")


async def test_a_plugin_for_a_newer_host_is_told_which_hooks_this_one_has(tmp_path: Path) -> None:
    class FromTheFuture:
        @hookimpl
        def foresee_completion(self) -> None: ...

    record = records(load(tmp_path, future=FromTheFuture()))["future"]
    assert record.reason == "it implements the unknown hook 'foresee_completion'"
    assert f"This promptdock has the hooks of version {hookspecs.VERSION}" in str(record.remedy)
    assert "upgrade promptdock" in str(record.remedy)
    assert "@hookimpl(optionalhook=True)" in str(record.remedy)


async def test_an_adapter_turns_new_values_into_old_ones_and_old_answers_into_new(tmp_path: Path) -> None:
    """For a hook that gets another form, and not only other names."""

    @hookspec(since="2.0")
    def prepare_completion(call: CompletionCall, settings: object) -> None: ...

    @hookspec(
        since="1.0",
        deprecated=Deprecation(
            since="2.0",
            removed_in="3.0",
            successor="prepare_completion",
            adapter=Adapter(
                arguments={"model": "call"},
                convert={"model": lambda call: call.model},
                answer=lambda model: replace(CALL, model=model) if isinstance(model, str) else model,
            ),
        ),
    )
    def prepare_model(model: str, settings: object) -> None: ...

    specs = SimpleNamespace(
        prepare_completion=prepare_completion,
        prepare_model=prepare_model,
        REGISTER=(),
        DECIDE=(),
        TRANSFORM=("prepare_completion",),
        OBSERVE=(),
        DEPRECATED=("prepare_model",),
        VERSION="2.0",
    )
    louder = SimpleNamespace(prepare_model=hookimpl(lambda model: model.upper()))
    silent = SimpleNamespace(prepare_model=hookimpl(lambda model: None))
    with pytest.warns(PromptdockDeprecationWarning):
        host = load(tmp_path, read_hooks(specs), louder=louder, silent=silent)
    assert await host.prepare_completion(CALL) == replace(CALL, model="M")


@pytest.mark.parametrize("broken", ["argument", "argument of another hook", "removed hook"])
async def test_rules_that_cannot_be_asked_because_of_their_form_deny_too(tmp_path: Path, broken: str) -> None:
    """A plugin that means to approve tool calls is in quarantine: whatever the reason, no call may run."""

    @hookspec(since="0.2")
    def approve_tool_call(call: ToolCall, settings: object) -> None: ...

    @hookspec(since="0.1", deprecated=Deprecation(since="0.2", removed_in="0.3", successor="approve_tool_call"))
    def allow_tool_call(call: ToolCall, settings: object) -> None: ...

    @hookspec(since="0.1")
    def turn_started(event: object, settings: object) -> None: ...

    specs = SimpleNamespace(
        approve_tool_call=approve_tool_call,
        allow_tool_call=allow_tool_call,
        turn_started=turn_started,
        REGISTER=(),
        DECIDE=("approve_tool_call",),
        TRANSFORM=(),
        OBSERVE=("turn_started",),
        DEPRECATED=("allow_tool_call",),
        VERSION="0.3",
    )
    plugin = {
        "argument": SimpleNamespace(approve_tool_call=hookimpl(lambda cal: None)),
        "argument of another hook": SimpleNamespace(
            approve_tool_call=hookimpl(lambda call: None), turn_started=hookimpl(lambda evnt: None)
        ),
        "removed hook": SimpleNamespace(allow_tool_call=hookimpl(lambda call: None)),
    }[broken]
    host = load(tmp_path, read_hooks(specs), mine=plugin)
    assert records(host)["mine"].state is PluginState.QUARANTINED
    assert isinstance(await host.approve_tool_call(TOOL_CALL), Deny)
