"""Narrowing the catalog for one prompt."""

from __future__ import annotations

import pytest

from promptdock import Always, SearchTerms, SelectionRuleSpec, ToolScope
from promptdock.errors import ConfigurationError
from promptdock.plugins.catalog import Catalog
from promptdock.selection.scope import narrowed, rule_of
from tests.support.catalogs import catalog, make_tool
from tests.support.services import Plugin, service_at
from tests.support.upstream import Upstream, text, tool_calls

FREE, DICE, CARDS, RAIN = (make_tool(name) for name in ("free", "dice", "cards", "rain"))


def installed() -> Catalog:
    """Two plugins of games and weather, with rules of their own."""
    return catalog(
        {"games": [DICE, CARDS, FREE], "sky": [RAIN]},
        {
            "games": [SearchTerms("dice", "cards", tools=[DICE, CARDS], system="Play fair."), Always(system="Smile.")],
            "sky": [SearchTerms("rain", tools=[RAIN])],
        },
    )


def rules(narrow: Catalog) -> list[tuple[str, str, tuple[str, ...]]]:
    """The rules of a catalog: plugin, description, tools."""
    return [(rule.plugin.name, rule.rule.description, rule.tools) for rule in narrow.rules]


def test_without_a_scope_everything_counts() -> None:
    """It is the same catalog."""
    whole = installed()
    assert narrowed(whole, None) is whole
    assert narrowed(whole, ToolScope()) == whole


def test_only_the_tools_and_rules_of_named_plugins_count() -> None:
    """A plugin's rule without tools is one of them."""
    narrow = narrowed(installed(), ToolScope(plugins=("sky", "not_installed")))
    assert list(narrow.tools) == ["sky.rain"]
    assert rules(narrow) == [("sky", "search_terms (input)", ("sky.rain",))]
    assert narrowed(installed(), ToolScope(plugins=())).rules == ()


def test_named_tools_narrow_further() -> None:
    """A rule speaks for what is left of its tools, and goes with the last of them."""
    scope = ToolScope(plugins=("games",), tools=("games.dice", "sky.rain"))
    narrow = narrowed(installed(), scope)
    assert list(narrow.tools) == ["games.dice"]
    assert rules(narrow) == [("games", "search_terms (input)", ("games.dice",)), ("games", "always", ())]
    assert rules(narrowed(installed(), ToolScope(tools=("games.free",)))) == [("games", "always", ())]


def test_a_tool_with_a_rule_of_the_scope_follows_that_alone() -> None:
    """Other tools of the same plugin go on following the plugin's."""
    spec = SelectionRuleSpec(tools=("games.dice", "sky.rain"), directive="search_terms", terms=("luck",))
    narrow = narrowed(installed(), ToolScope(rules=(spec,)))
    assert rules(narrow) == [
        ("games", "search_terms (input)", ("games.cards",)),
        ("games", "always", ()),
        ("games", "llm_client: search_terms (input)", ("games.dice",)),
        ("sky", "llm_client: search_terms (input)", ("sky.rain",)),
    ]


def test_a_rule_of_the_scope_may_have_no_tools() -> None:
    """It adds its system text; one whose tools are all out of scope goes with them."""
    talk = SelectionRuleSpec(directive="always", system="Talk like a pirate.")
    gone = SelectionRuleSpec(tools=("games.dice",), system="Roll.")
    narrow = narrowed(installed(), ToolScope(plugins=(), rules=(talk, gone)))
    assert rules(narrow) == [("llm_client", "llm_client: always", ())]
    assert narrow.rules[0].rule.system == "Talk like a pirate."


def test_a_rule_is_made_of_its_spec() -> None:
    """With its terms, scope and priority."""
    rule = rule_of(SelectionRuleSpec(directive="search_terms", terms=("a b", "c"), scope="thread", priority=7))
    assert isinstance(rule, SearchTerms)
    assert ([term.text for term in rule.terms], rule.scope, rule.priority) == (["a b", "c"], "thread", 7)


@pytest.mark.parametrize(
    "members",
    [{"directive": "search_terms"}, {"directive": "search_terms", "terms": ("?",)}, {"directive": "sometimes"}],
)
def test_a_rule_that_cannot_work_is_refused(members: dict[str, object]) -> None:
    """No terms, a term without a word, a directive that nobody knows."""
    with pytest.raises(ConfigurationError):
        rule_of(SelectionRuleSpec(**members))  # type: ignore[arg-type]


@pytest.mark.anyio
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_t28_a_tool_outside_the_scope_is_neither_presented_nor_run(upstream: Upstream, stream: bool) -> None:
    """A model that calls it all the same is told that there is no such tool; the decisions say why."""
    upstream.script([tool_calls([("rain", {})]), text("Never mind.")])
    plugins = {"games": Plugin(DICE), "sky": Plugin(RAIN)}
    async with service_at(upstream, plugins=plugins) as service:
        result = await service.prompt("Will it rain?", scope=ToolScope(plugins=("games",)), stream=stream)
    assert result.tools_presented == ("dice",)
    assert [call.error for call in result.calls] == ["unknown_tool"]
    assert [(decision.tool, decision.kept) for decision in result.decisions] == [
        ("games.dice", True),
        ("sky.rain", False),
    ]
    assert result.decisions[-1].reason == "the LLM client does not offer it"
    assert [tool["function"]["name"] for tool in upstream.calls[0].body["tools"]] == ["dice"]


@pytest.mark.anyio
async def test_a_rule_of_the_scope_decides_and_adds_its_text(upstream: Upstream) -> None:
    """In place of the plugin's own rule, which would have selected."""
    plugins = {"games": Plugin(DICE, rules=[Always(tools=[DICE], system="Play fair.")])}
    spec = SelectionRuleSpec(tools=("games.dice",), directive="search_terms", terms=("luck",), system="Roll twice.")
    async with service_at(upstream, plugins=plugins) as service:
        hello, luck = [await service.prompt(said, scope=ToolScope(rules=(spec,))) for said in ("hello", "my luck")]
    assert (hello.tools_presented, luck.tools_presented) == ((), ("dice",))
    first, second = [call.body["messages"][0]["content"] for call in upstream.calls]
    assert "Roll twice." not in first
    assert second.endswith("Roll twice.")
    assert "Play fair." not in first + second
