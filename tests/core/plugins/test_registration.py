"""What register hooks may give."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from promptdock import (
    Always,
    CompletionCall,
    ConfigurationError,
    Provider,
    ProviderSettings,
    SearchTerms,
    Verdict,
    hookimpl,
    tool,
)
from promptdock.plugins.catalog import PluginRecord, PluginState
from tests.support.hosts import bare_host, records


class Scripted(Provider):
    """A provider that is never asked."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def complete(self, call: CompletionCall) -> dict[str, Any]:
        raise NotImplementedError


@tool
def roll(sides: int = 6) -> int:
    """Roll a die."""
    return sides


@tool
def flip() -> str:
    """Flip a coin."""
    return "heads"


def plugin_of(**functions: Any) -> object:
    """A plugin object with the given functions as hooks."""
    plugin = SimpleNamespace()
    for name, function in functions.items():
        setattr(plugin, name, hookimpl(function))
    return plugin


def quarantined(home: Path, **functions: Any) -> PluginRecord:
    """The record of a plugin with these hooks; it must be quarantined, with a remedy, and have left nothing."""
    host = bare_host(home, {"mine": plugin_of(**functions)})
    record = records(host)["mine"]
    assert record.state is PluginState.QUARANTINED
    assert record.remedy
    assert not host.catalog.tools
    assert not host.catalog.rules
    assert not host.catalog.providers
    return record


def test_providers_tools_and_rules_land_in_the_catalog_with_their_owner(tmp_path: Path) -> None:
    plugin = plugin_of(
        register_tools=lambda: [roll, flip],
        register_selection_rules=lambda: (SearchTerms("dice", tools=[roll]), Always()),
        register_providers=lambda: [Scripted("scripted")],
    )
    host = bare_host(tmp_path, {"dice": plugin})
    record = records(host)["dice"]
    assert record.state is PluginState.LOADED
    assert record.hooks == ("register_providers", "register_selection_rules", "register_tools")
    assert list(host.catalog.tools) == ["dice.roll", "dice.flip"]
    assert host.catalog.tools["dice.roll"].plugin is record
    assert [rule.tools for rule in host.catalog.rules] == [("dice.roll",), ()]
    assert list(host.catalog.providers) == ["scripted"]


def test_none_means_none(tmp_path: Path) -> None:
    hooks = ("register_settings", "register_tools", "register_selection_rules", "register_providers")
    host = bare_host(tmp_path, {"mine": plugin_of(**{hook: lambda: None for hook in hooks})})
    assert records(host)["mine"].state is PluginState.LOADED


def test_every_register_hook_gets_the_plugins_own_settings(tmp_path: Path) -> None:
    class Mine(BaseModel):
        size: int = 1

    seen: list[object] = []

    def register_providers(settings: Mine, provider_settings: dict[str, ProviderSettings]) -> None:
        seen.append((settings, list(provider_settings)))

    plugin = plugin_of(
        register_settings=lambda: Mine,
        register_providers=register_providers,
        register_tools=lambda settings: seen.append(settings),
        register_selection_rules=lambda settings: seen.append(settings),
    )
    host = bare_host(
        tmp_path, {"mine": plugin}, plugins={"mine": {"size": 4}}, providers={"local": {"base_url": "http://a/v1"}}
    )
    assert records(host)["mine"].settings == Mine(size=4)
    assert seen == [(Mine(size=4), ["local"]), Mine(size=4), Mine(size=4)]


@pytest.mark.parametrize(
    "hook", ["register_settings", "register_providers", "register_tools", "register_selection_rules"]
)
@pytest.mark.parametrize("error", [ValueError("no luck"), SystemExit(3), GeneratorExit("no luck")])
def test_a_hook_that_raises_quarantines_its_plugin_alone(tmp_path: Path, hook: str, error: BaseException) -> None:
    def implementation() -> None:
        raise error

    plugins = {
        "bad": plugin_of(**{hook: implementation}, turn_started=lambda: None),
        "good": plugin_of(register_tools=lambda: [roll]),
    }
    host = bare_host(tmp_path, plugins)
    bad, good = records(host)["bad"], records(host)["good"]
    assert bad.state is PluginState.QUARANTINED
    assert str(bad.reason).startswith(f"{hook} raised {type(error).__name__}")
    assert "in implementation" in str(bad.traceback)
    assert good.state is PluginState.LOADED
    assert not host.statistics()


def test_an_exception_whose_text_cannot_be_made_is_named_all_the_same(tmp_path: Path) -> None:
    class Hostile(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    def register_tools() -> None:
        raise Hostile

    assert quarantined(tmp_path, register_tools=register_tools).reason == "register_tools raised Hostile"


def test_the_words_of_our_own_errors_are_kept(tmp_path: Path) -> None:
    record = quarantined(tmp_path, register_selection_rules=lambda: [SearchTerms("?!")])
    assert record.reason == "register_selection_rules: The search term '?!' holds no word"
    assert str(record.remedy).startswith("Give a word or a phrase.")


@pytest.mark.parametrize(
    ("given", "named"),
    [(roll, "FunctionTool 'roll'"), ("roll", "a str"), ({"a": 1}, "a dict"), (7, "a int"), (list, "the class list")],
)
def test_tools_come_in_a_list(tmp_path: Path, given: object, named: str) -> None:
    reason = str(quarantined(tmp_path, register_tools=lambda: given).reason)
    assert reason.startswith("register_tools gave ")
    assert named in reason
    assert reason.endswith("not a list")


def test_a_plain_function_is_no_tool(tmp_path: Path) -> None:
    def plain() -> None: ...

    record = quarantined(tmp_path, register_tools=lambda: [plain])
    assert record.reason == "register_tools gave the function 'plain', not a Tool"
    assert "@tool" in str(record.remedy)


def test_a_tool_whose_signature_has_no_schema_quarantines_its_plugin(tmp_path: Path) -> None:
    @tool
    def undescribed(*anything: int) -> None: ...

    assert "undescribed" in str(quarantined(tmp_path, register_tools=lambda: [undescribed]).reason)


def test_one_plugin_may_not_give_a_name_twice(tmp_path: Path) -> None:
    assert quarantined(tmp_path, register_tools=lambda: [roll, roll]).reason == "register_tools gave 'roll' twice"
    record = quarantined(tmp_path, register_providers=lambda: [Scripted("a"), Scripted("a")])
    assert record.reason == "register_providers gave 'a' twice"


@pytest.mark.parametrize("name", ["", "Upper", "-dash", "a/b", "a b", None])
def test_the_name_of_a_provider_must_fit_before_the_slash(tmp_path: Path, name: Any) -> None:
    assert repr(name) in str(quarantined(tmp_path, register_providers=lambda: [Scripted(name)]).reason)


def test_a_provider_must_be_one(tmp_path: Path) -> None:
    assert "the class Scripted" in str(quarantined(tmp_path, register_providers=lambda: [Scripted]).reason)
    assert "it lacks complete" in str(quarantined(tmp_path, register_providers=lambda: [object()]).reason)


def test_a_rule_must_be_one(tmp_path: Path) -> None:
    class Hollow(Always):
        def __init__(self) -> None:
            pass

    assert "a str" in str(quarantined(tmp_path, register_selection_rules=lambda: ["dice"]).reason)
    record = quarantined(tmp_path, register_selection_rules=lambda: [Hollow()])
    assert "super().__init__()" in str(record.remedy)


def test_a_rule_over_a_foreign_tool_quarantines_its_plugin_alone(tmp_path: Path) -> None:
    plugins = {
        "thief": plugin_of(register_selection_rules=lambda: [Always(tools=[roll])]),
        "owner": plugin_of(register_tools=lambda: [roll]),
    }
    host = bare_host(tmp_path, plugins)
    assert records(host)["thief"].reason == "a rule of it speaks for 'roll', which it did not register"
    assert list(host.catalog.tools) == ["owner.roll"]


@pytest.mark.parametrize("given", [SimpleNamespace, dict, "Mine", Path])
def test_settings_must_be_a_pydantic_model_class(tmp_path: Path, given: object) -> None:
    record = quarantined(tmp_path, register_settings=lambda: given)
    assert "not a pydantic model class" in str(record.reason)


def test_wrong_settings_quarantine_the_plugin(tmp_path: Path) -> None:
    class Mine(BaseModel):
        size: int

    host = bare_host(tmp_path, {"mine": plugin_of(register_settings=lambda: Mine)})
    record = records(host)["mine"]
    assert (record.state, record.reason) == (
        PluginState.QUARANTINED,
        "wrong settings: plugins.mine.size: Field required",
    )
    assert record.settings is None


def test_a_hook_may_be_implemented_twice_but_settings_may_not(tmp_path: Path) -> None:
    class Plugin:
        @hookimpl(specname="register_tools")
        def some(self) -> list[object]:
            return [roll]

        @hookimpl(specname="register_tools")
        def more(self) -> list[object]:
            return [flip]

    class Twice:
        @hookimpl(specname="register_settings")
        def one(self) -> type[BaseModel]:
            return BaseModel

        @hookimpl(specname="register_settings")
        def two(self) -> type[BaseModel]:
            return BaseModel

    host = bare_host(tmp_path, {"both": Plugin(), "twice": Twice()})
    assert sorted(host.catalog.tools) == ["both.flip", "both.roll"]
    assert records(host)["twice"].reason == "it implements register_settings twice"


def test_keyboard_interrupt_is_the_operators_and_ends_the_start(tmp_path: Path) -> None:
    def register_tools() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bare_host(tmp_path, {"mine": plugin_of(register_tools=register_tools)})


def test_an_alias_that_is_no_wire_name_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="roll the dice"):
        bare_host(tmp_path, tool_aliases={"dice.roll": "roll the dice"})


@pytest.mark.parametrize("members", [{"default_model": 5}, {"known_models": "offline"}, {"known_models": [None]}])
def test_the_models_of_a_provider_are_texts(tmp_path: Path, members: dict[str, Any]) -> None:
    provider = Scripted("mine")
    for name, value in members.items():
        setattr(provider, name, value)
    assert "models that are not text" in str(quarantined(tmp_path, register_providers=lambda: [provider]).reason)


def test_what_a_rule_adds_has_the_right_type(tmp_path: Path) -> None:
    rule = Always(system=5)  # type: ignore[arg-type]
    record = quarantined(tmp_path, register_selection_rules=lambda: [rule])
    assert "a system or settings of the wrong type" in str(record.reason)


def test_the_usual_reason_of_a_rule_is_a_text(tmp_path: Path) -> None:
    rule = Always()
    rule.otherwise = Verdict(selected=False, reason="no")  # type: ignore[assignment]
    record = quarantined(tmp_path, register_selection_rules=lambda: [rule])
    assert "an 'otherwise' of the wrong type" in str(record.reason)


def test_texts_that_no_reply_could_carry_quarantine_their_plugin(tmp_path: Path) -> None:
    """A lone surrogate in one description would break every listing and every prompt that shows it."""

    @tool(description="boom \ud800")
    def boom() -> str:
        return ""

    provider = Scripted("mine")
    provider.default_model = "\ud800"
    for functions in (
        {"register_tools": lambda: [boom]},
        {"register_providers": lambda: [provider]},
        {"register_selection_rules": lambda: [Always(system="\ud800")]},
    ):
        assert "JSON cannot carry" in str(quarantined(tmp_path, **functions).reason)


def test_odd_words_of_an_exception_can_be_shown(tmp_path: Path) -> None:
    """File names with stray bytes put lone surrogates into exceptions."""

    def register_tools() -> list[Any]:
        raise OSError("no such file: \udcff")

    assert str(quarantined(tmp_path, register_tools=register_tools).reason).encode()
