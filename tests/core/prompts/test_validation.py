"""An LLM client against what is installed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from promptdock.errors import Unprocessable
from promptdock.ids import new_id
from promptdock.plugins.catalog import PluginState
from promptdock.prompts.prompted import rule_specs
from promptdock.prompts.validation import check_client
from promptdock.store.tables import LLMClient
from promptdock.turn.request import SelectionRuleSpec
from tests.core.web.scripted import ScriptedProvider
from tests.support.catalogs import catalog, make_tool, plugin


class Picky(ScriptedProvider):
    name = "picky"
    known_models = ("one", "two")  # type: ignore[assignment]


CATALOG = catalog(
    {"weather": [make_tool("forecast"), make_tool("alerts")], "calculator": [make_tool("calculate")]},
    providers={"vendors": [Picky()]},
)
BROKEN = replace(plugin("broken"), state=PluginState.QUARANTINED, reason="it raised")
CATALOG = replace(CATALOG, plugins=(*CATALOG.plugins, BROKEN))


def client(**columns: Any) -> LLMClient:
    given: dict[str, Any] = {"account_id": new_id(), "name": "support"}
    return LLMClient(**(given | columns))


def refused(**columns: Any) -> tuple[str, str | None]:
    with pytest.raises(Unprocessable) as caught:
        check_client(client(**columns), CATALOG)
    return str(caught.value), caught.value.param


def test_a_client_that_can_work_is_taken() -> None:
    check_client(client(), CATALOG)
    check_client(
        client(
            provider="picky",
            model="two",
            temperature=0,
            max_completion_tokens=1,
            plugins=["weather"],
            tools=["weather.forecast"],
            rules=[{"directive": "search_terms", "terms": ["rain"], "tools": ["weather.forecast"]}],
        ),
        CATALOG,
    )


@pytest.mark.parametrize("members", [None, []])
def test_t83_null_means_all_and_an_empty_list_none(members: list[str] | None) -> None:
    """Neither names anything that could be missing."""
    check_client(client(plugins=members, tools=members), CATALOG)


@pytest.mark.parametrize(
    "name", ["", "Support", "a_b", "-a", "a-", "a.b", "a" * 64, "é", "01a220e4-7bcb-7a5c-b9a4-9b7665f669e7"]
)
def test_names_that_hosts_cannot_have_are_refused(name: str) -> None:
    assert refused(name=name)[1] == "name"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("temperature", -0.1),
        ("temperature", 2.1),
        ("temperature", float("nan")),
        ("max_completion_tokens", 0),
        ("context_tokens", 0),
    ],
)
def test_numbers_out_of_range_are_refused(column: str, value: float) -> None:
    assert refused(**{column: value})[1] == column


def test_t39_an_unknown_tool_is_refused_with_what_was_meant() -> None:
    text, param = refused(tools=["calculator.calculate", "weather.forcast"])

    assert text == "There is no tool 'weather.forcast' here. Did you mean weather.forecast, weather.alerts?"
    assert param == "tools[1]"


def test_t82_an_unknown_plugin_is_refused_with_what_was_meant() -> None:
    assert refused(plugins=["wether"]) == ("There is no plugin 'wether' here. Did you mean weather?", "plugins[0]")


def test_a_plugin_that_is_not_loaded_is_refused() -> None:
    assert refused(plugins=["broken"]) == ("The plugin 'broken' is in quarantine.", "plugins[0]")


def test_a_provider_or_a_model_that_is_not_there_is_refused() -> None:
    assert refused(provider="pickey") == ("There is no provider 'pickey' here. Did you mean picky?", "provider")
    text, param = refused(provider="picky", model="twoo")
    assert "Did you mean two?" in text
    assert param == "model"


def test_a_tool_of_a_plugin_that_is_left_out_is_refused() -> None:
    text, param = refused(plugins=["calculator"], tools=["weather.forecast"])

    assert text == "The tool 'weather.forecast' is of the plugin 'weather', which is not one of the client's 'plugins'."
    assert param == "tools[0]"


@pytest.mark.parametrize(
    ("rule", "param"),
    [
        ({"tools": ["weather.snow"]}, "rules[0].tools[0]"),
        ({"tools": ["weather.alerts"]}, "rules[0]"),
        ({"directive": "search_terms"}, "rules[0]"),
        ({"directive": "search_terms", "terms": ["?!"]}, "rules[0]"),
        ({"directive": "always", "terms": ["rain"]}, "rules[0].terms"),
        ({"directive": "sometimes"}, "rules[0]"),
    ],
)
def test_rules_that_cannot_work_are_refused(rule: dict[str, Any], param: str) -> None:
    assert refused(tools=["weather.forecast"], rules=[rule])[1] == param


def test_what_is_not_changed_is_left_in_peace() -> None:
    """A client whose plugin was removed from the host can still be described anew."""
    orphan = client(plugins=["gone"], tools=["gone.tool"], provider="gone")

    check_client(orphan, CATALOG, {"description"})
    with pytest.raises(Unprocessable):
        check_client(orphan, CATALOG, {"plugins"})


def test_rules_are_read_as_they_are_stored() -> None:
    assert rule_specs([{"tools": ["a.b"], "directive": "search_terms", "terms": ["x"], "priority": 2}, {}]) == (
        SelectionRuleSpec(tools=("a.b",), directive="search_terms", terms=("x",), priority=2),
        SelectionRuleSpec(),
    )
