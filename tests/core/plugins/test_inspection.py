"""What a plugin object must look like."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

import pluggy
import pytest

from promptdock import hookimpl, hookspecs
from promptdock.hook_table import read_hooks
from promptdock.plugins.calls import HookCall
from promptdock.plugins.inspection import inspect_plugin, new_manager
from promptdock.plugins.quarantine import Quarantine

TABLE = read_hooks()


def plugin_of(**functions: Any) -> object:
    """A plugin object with the given functions as hooks."""
    plugin = SimpleNamespace()
    for name, function in functions.items():
        setattr(plugin, name, hookimpl(function))
    return plugin


def inspect_it(plugin: object) -> tuple[HookCall, ...]:
    """The implementations of a plugin."""
    return inspect_plugin(new_manager(TABLE), "mine", plugin, "1.0", TABLE)


def refusal(plugin: object) -> Quarantine:
    """Why a plugin is refused; the manager is left without a trace of it."""
    manager = new_manager(TABLE)
    with pytest.raises(Quarantine) as caught:
        inspect_plugin(manager, "mine", plugin, "1.0", TABLE)
    assert manager.list_name_plugin() == []
    assert not any(getattr(manager.hook, hook).get_hookimpls() for hook in TABLE.hooks)
    return caught.value


def test_every_spec_is_in_the_table() -> None:
    specs = {name for name, value in vars(hookspecs).items() if inspect.isfunction(value) and name != "hookspec"}
    assert sorted(TABLE.hooks) == sorted(specs)


def test_implementations_are_told_apart_and_take_only_what_they_want() -> None:
    class Plugin:
        @hookimpl
        def register_tools(self) -> None: ...

        @hookimpl(tryfirst=True)
        async def approve_tool_call(self, call: object) -> None: ...

        @hookimpl(trylast=True, nonblocking=True)
        def prepare_completion(self, *, settings: object, call: object) -> None: ...

        @staticmethod
        @hookimpl
        def turn_started(event: object, settings: object = None) -> None: ...

        def turn_finished(self, event: object) -> None: ...

    calls = inspect_it(Plugin())
    facts = [(call.hook, call.takes, call.asynchronous, call.nonblocking, call.tier) for call in calls]
    assert facts == [
        ("register_tools", (), False, False, 1),
        ("approve_tool_call", ("call",), True, False, 0),
        ("prepare_completion", ("call", "settings"), False, True, 2),
        ("turn_started", ("event", "settings"), False, False, 1),
    ]


def test_properties_of_a_plugin_are_not_evaluated() -> None:
    class Plugin:
        @property
        def secret(self) -> str:
            raise AssertionError("looked at")

        @hookimpl
        def turn_started(self) -> None: ...

    assert [call.hook for call in inspect_it(Plugin())] == ["turn_started"]


def test_an_unknown_argument_is_named() -> None:
    problem = refusal(plugin_of(turn_started=lambda evnt: None))
    assert problem.reason == "wrong hook signature: turn_started takes the unknown argument 'evnt'"
    assert problem.remedy == "turn_started has the arguments: event, settings (hooks of version 0.2)."


def test_an_unknown_argument_with_a_default_keeps_it() -> None:
    (call,) = inspect_it(plugin_of(turn_started=lambda event, more=3: None))
    assert call.takes == ("event",)


def test_an_unknown_keyword_only_argument_is_named() -> None:
    def turn_started(*, evnt: object) -> None: ...

    problem = refusal(plugin_of(turn_started=turn_started))
    assert "'evnt'" in problem.reason
    assert "event, settings" in str(problem.remedy)


def test_arguments_by_position_only_are_refused() -> None:
    def turn_started(event: object, /) -> None: ...

    assert "by position only" in refusal(plugin_of(turn_started=turn_started)).reason


def test_an_unknown_hook_is_named_with_its_neighbour() -> None:
    problem = refusal(plugin_of(register_tool=lambda: None))
    assert problem.reason == "it implements the unknown hook 'register_tool'"
    assert "Did you mean 'register_tools'?" in str(problem.remedy)


def test_an_unknown_hook_may_be_optional() -> None:
    class Plugin:
        @hookimpl(optionalhook=True)
        def comes_later(self) -> None: ...

        @hookimpl
        def turn_started(self) -> None: ...

    assert [call.hook for call in inspect_it(Plugin())] == ["turn_started"]


@pytest.mark.parametrize("kind", ["wrapper", "hookwrapper"])
def test_wrappers_are_refused(kind: str) -> None:
    class Plugin:
        def turn_started(self, event: object) -> Any:
            yield

    options: dict[str, Any] = {kind: True}
    pluggy.HookimplMarker("promptdock")(Plugin.turn_started, **options)
    problem = refusal(Plugin())
    assert problem.reason == "its turn_started is a wrapper, which promptdock does not call"
    assert "tryfirst" in str(problem.remedy)


def test_generators_are_refused() -> None:
    def register_tools() -> Any:
        yield None

    async def turn_started() -> Any:
        yield None

    assert refusal(plugin_of(register_tools=register_tools)).reason == "its register_tools is a generator"
    assert refusal(plugin_of(turn_started=turn_started)).reason == "its turn_started is a generator"


@pytest.mark.parametrize("hook", hookspecs.REGISTER)
def test_register_hooks_are_not_async(hook: str) -> None:
    async def implementation() -> None: ...

    assert refusal(plugin_of(**{hook: implementation})).reason == f"its {hook} is 'async def'"


def test_an_object_without_hooks_is_refused() -> None:
    assert refusal(SimpleNamespace(turn_started=lambda: None)).reason == (
        "it implements no hook; did you forget @hookimpl?"
    )


def test_a_class_is_no_plugin() -> None:
    class Plugin:
        @hookimpl
        def turn_started(self) -> None: ...

    assert refusal(Plugin).reason == "it is the class Plugin, not a plugin object"
    assert refusal(None).reason == "it is None, not a plugin object"


def test_good_hooks_beside_a_bad_one_do_not_stay() -> None:
    refusal(plugin_of(turn_started=lambda: None, turn_finished=lambda wrong: None))
