"""What the rules of a scope decide together is what each decides by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from promptdock import (
    Always,
    Decision,
    SearchTerms,
    SelectionRequest,
    SelectionRule,
    SelectionRuleSpec,
    ToolScope,
    Verdict,
)
from promptdock.errors import ConfigurationError
from promptdock.plugins.catalog import Catalog
from promptdock.selection.candidates import Candidates
from promptdock.selection.decisions import Decisions
from promptdock.selection.judge import judge
from promptdock.selection.offers import Offers
from promptdock.selection.scope import narrowed, not_offered
from promptdock.selection.tool_sets import ToolSet
from promptdock.selection.toolset import make_tool_set
from promptdock.threads import WorkerThreads
from tests.support.catalogs import catalog, make_tool

WORDS = [
    "dice",
    "Die",
    "rain",
    "snow",
    "a",
    "don't",
    "straße",
    "STRASSE",
    "éclair",
    "天気",
    "天",
    "雨天",
    "McRain",
    "DiceRoll",
    "x_1",
]
TEXTS = st.lists(st.sampled_from([*WORDS, "roll", ".", "-", "İ", "ﬁsh", "fish"]), max_size=8).map(" ".join)
TERMS = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join), min_size=1, max_size=4)
SCOPES: st.SearchStrategy[Literal["input", "thread"]] = st.sampled_from(["input", "thread"])


class Even(SelectionRule):
    """A rule of another kind."""

    nonblocking = True

    def decide(self, request: SelectionRequest) -> Verdict:
        """Select texts of an even length."""
        return Verdict(len(request.text) % 2 == 0, f"it has {len(request.text)} characters")


class Short(SelectionRule):
    """A rule that has one reason for not selecting, and tells it, save for some texts."""

    nonblocking = True
    otherwise = "it is long"

    def decide(self, request: SelectionRequest) -> Verdict:
        """Select short texts."""
        size = len(request.text)
        reason = "it is short" if size < 9 else "it is huge" if size > 20 else "it is long"
        return Verdict(size < 9, reason)


class Choosy(SearchTerms):
    """Search terms, decided about in a way of its own."""

    def decide(self, request: SelectionRequest) -> Verdict:
        """Select what the terms do not."""
        found = super().decide(request)
        return replace(found, selected=not found.selected)


@st.composite
def catalogs(draw: st.DrawFn) -> Catalog:
    """A few plugins with tools and rules of all kinds."""
    tools: dict[str, Any] = {}
    rules: dict[str, Any] = {}
    for name in draw(st.sets(st.sampled_from(["games", "sky", "sums"]), min_size=1)):
        tools[name] = [make_tool(f"{name}{number}") for number in range(draw(st.integers(0, 3)))]
        rules[name] = [draw(_rules(tools[name])) for _ in range(draw(st.integers(0, 4)))]
    return catalog(tools, rules)


@st.composite
def _rules(draw: st.DrawFn, tools: list[Any]) -> SelectionRule:
    own = draw(st.lists(st.sampled_from(tools), max_size=2)) if tools else []
    kind = draw(st.sampled_from(["terms", "terms", "terms", "always", "even", "short", "choosy"]))
    if kind == "terms":
        return SearchTerms(*draw(TERMS), scope=draw(SCOPES), tools=own)
    if kind == "choosy":
        return Choosy(*draw(TERMS), scope=draw(SCOPES), tools=own)
    others: dict[str, type[SelectionRule]] = {"always": Always, "even": Even, "short": Short}
    return others[kind](tools=own)


@st.composite
def scopes(draw: st.DrawFn, installed: Catalog) -> ToolScope | None:
    """A scope, or none."""
    if draw(st.booleans()):
        return None
    some = st.lists(st.sampled_from([*installed.tools, "no.tool"]), max_size=3, unique=True).map(tuple)
    specs = st.builds(
        SelectionRuleSpec, tools=some, directive=st.just("search_terms"), terms=TERMS.map(tuple), scope=SCOPES
    )
    always = st.builds(SelectionRuleSpec, tools=some)
    return ToolScope(
        plugins=draw(st.none() | st.just(("games", "sky"))),
        tools=draw(st.none() | some),
        rules=tuple(draw(st.lists(specs | always, max_size=2))),
    )


def request_for(texts: list[str]) -> SelectionRequest:
    """What rules see of a thread."""
    return SelectionRequest(
        text=texts[-1] if texts else "", user_texts=tuple(texts), messages=(), provider="p", model="m", caller="c"
    )


def one_by_one(
    installed: Catalog, scope: ToolScope | None, asked: SelectionRequest, withheld: str | None, taken: str
) -> Iterator[Decision]:
    """What each rule decides about each tool, by itself."""
    offered = narrowed(installed, scope)
    for tool in offered.tools.values():
        about = [rule for rule in offered.rules if tool.id in rule.tools]
        made = [_decision(rule, tool.id, tool.name, asked) for rule in about] or [
            Decision(
                tool=tool.id,
                plugin=tool.plugin.name,
                rule="no rule",
                kept=True,
                reason="no rule speaks for it, so it is always presented",
                name=tool.name,
                distribution=tool.plugin.distribution,
                version="1.0",
            )
        ]
        reason = withheld or (f"the caller brings a tool of the name {tool.name!r}" if tool.name == taken else None)
        changed: dict[str, Any] = {"kept": False, "reason": reason, "overruled": True}
        yield from (made if reason is None else (structs.replace(one, **changed) for one in made))
    yield from (_decision(rule, None, None, asked) for rule in offered.rules if not rule.tools)
    yield from (not_offered(tool) for tool in installed.tools.values() if tool.id not in offered.tools)


def _decision(rule: Any, tool: str | None, name: str | None, asked: SelectionRequest) -> Decision:
    verdict = rule.rule.decide(asked)
    return Decision(
        tool=tool,
        plugin=rule.plugin.name,
        rule=rule.rule.description,
        kept=verdict.selected,
        reason=verdict.reason,
        terms=verdict.terms,
        name=name,
        distribution=rule.plugin.distribution,
        version=rule.plugin.version,
    )


def select(candidates: Candidates, asked: SelectionRequest, withheld: str | None = None, taken: str = "") -> ToolSet:
    """The tool set of a prompt."""

    async def selecting() -> ToolSet:
        judgements = await judge(candidates, asked, threads=WorkerThreads(2), timeout=5.0)
        return make_tool_set(candidates, judgements, provider="p", withheld=withheld, taken=(taken,))

    return asyncio.run(selecting())


@given(
    data=st.data(),
    threads=st.lists(st.lists(TEXTS, max_size=4), min_size=1, max_size=3),
    withheld=st.sampled_from([None, None, "the model takes none"]),
    taken=st.sampled_from(["", "games0"]),
)
def test_rules_decide_together_as_each_by_itself(
    data: st.DataObject, threads: list[list[str]], withheld: str | None, taken: str
) -> None:
    """Terms, scopes, scripts, threads that come again, tools that are withheld, taken or not offered."""
    installed = data.draw(catalogs())
    scope = data.draw(scopes(installed))
    candidates = Offers(installed).candidates(scope)
    for texts in threads:
        asked = request_for(texts)
        made = select(candidates, asked, withheld, taken)
        expected = tuple(one_by_one(installed, scope, asked, withheld, taken))
        assert [structs.replace(decision, ms=0.0) for decision in made.decisions] == list(expected)
        kept = {decision.tool for decision in expected if decision.kept}
        assert [tool.id for tool in made.tools] == [identity for identity in installed.tools if identity in kept]
        assert made.reasons == {
            tool: "; ".join(item.reason for item in expected if item.kept and item.tool == tool)
            for tool in made.reasons
        }
        assert list(made.reasons) == [tool.id for tool in made.tools]


def test_a_scope_is_worked_out_once() -> None:
    """The same value gives the same candidates, until too many others were asked for."""
    offers = Offers(catalog({"games": [make_tool("dice")]}), limit=2)
    first = offers.candidates(ToolScope(plugins=("games",)))
    assert offers.candidates(ToolScope(plugins=("games",))) is first
    assert offers.candidates(None) is offers.candidates(None)
    offers.candidates(ToolScope(plugins=()))
    assert offers.candidates(ToolScope(plugins=("games",))) is first
    offers.candidates(ToolScope(plugins=("sky",)))
    offers.candidates(ToolScope(plugins=("sums",)))
    assert offers.candidates(ToolScope(plugins=("games",))) is not first


def test_a_scope_with_a_rule_that_cannot_work_is_refused_each_time() -> None:
    """It leaves nothing behind."""
    offers = Offers(catalog({"games": [make_tool("dice")]}))
    for _ in range(2):
        with pytest.raises(ConfigurationError):
            offers.candidates(ToolScope(rules=(SelectionRuleSpec(directive="search_terms"),)))


def test_rules_that_nobody_asks_share_one_record() -> None:
    """What no prompt changes is the same object for all prompts."""
    dice, rain = make_tool("dice"), make_tool("rain")
    installed = catalog(
        {"games": [dice], "sky": [rain]},
        {"games": [SearchTerms("dice", tools=[dice])], "sky": [SearchTerms("rain", tools=[rain])]},
    )
    candidates = Offers(installed).candidates(None)
    first, second = (select(candidates, request_for([text])).decisions for text in ("roll the dice", "hello"))
    assert first[1] is second[1]
    assert (first[0].kept, second[0].kept) == (True, False)
    assert candidates.plugins == {"games", "sky"}


@pytest.mark.parametrize(("text", "differs"), [("it is a long one", False), ("short", True), ("huge" * 9, True)])
def test_a_rule_that_gives_its_usual_reason_changes_no_decision(text: str, differs: bool) -> None:
    """It is asked all the same, and what it really says counts."""
    tool = make_tool("dice")
    candidates = Offers(catalog({"games": [tool]}, {"games": [Short(tools=[tool])]})).candidates(None)
    decisions = select(candidates, request_for([text])).decisions
    assert isinstance(decisions, Decisions)
    assert bool(decisions.changes) is differs
    assert decisions[0].reason == Short(tools=[tool]).decide(request_for([text])).reason


@pytest.mark.anyio
async def test_a_long_thread_is_read_beside_the_event_loop_and_once() -> None:
    """Its texts are known when it comes again."""
    tool = make_tool("dice")
    installed = catalog({"games": [tool]}, {"games": [SearchTerms("dice", scope="thread", tools=[tool])]})
    candidates = Offers(installed).candidates(None)
    threads = WorkerThreads(1)
    calls = 0
    call = threads.call

    async def counted(*given: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        return await call(*given, **named)

    threads.call = counted  # type: ignore[method-assign]
    texts = ["the dice", *(f"word {number} " * 1_000 for number in range(10))]
    for wanted in (1, 1):
        judgements = await judge(candidates, request_for([*texts, "so"]), threads=threads, timeout=5.0)
        assert [item.verdict.terms for item in judgements] == [("dice",)]
        assert calls == wanted
