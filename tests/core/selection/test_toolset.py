"""The tool set and its record of why."""

from __future__ import annotations

import threading
import time

import pytest

from promptdock import Always, PromptSettings, SearchTerms, SelectionRequest, SelectionRule, Tool, Verdict
from promptdock.plugins.catalog import Catalog
from promptdock.selection.candidates import Candidates
from promptdock.selection.judge import judge
from promptdock.selection.offers import Offers
from promptdock.selection.tool_sets import ToolSet
from promptdock.selection.toolset import make_tool_set
from promptdock.threads import WorkerThreads
from tests.support.catalogs import catalog, make_tool

pytestmark = pytest.mark.anyio


async def select(
    installed: Catalog | Candidates,
    text: str,
    *,
    withheld: str | None = None,
    taken: tuple[str, ...] = (),
    timeout: float = 5.0,
) -> ToolSet:
    """The tool set for one text."""
    request = SelectionRequest(
        text=text,
        user_texts=(text,),
        messages=({"role": "user", "content": text},),
        provider="offline",
        model="offline",
        caller="anonymous",
    )
    candidates = Offers(installed).candidates(None) if isinstance(installed, Catalog) else installed
    judgements = await judge(candidates, request, threads=WorkerThreads(4), timeout=timeout)
    return make_tool_set(candidates, judgements, provider="offline", withheld=withheld, taken=taken)


async def test_a_tool_without_a_rule_is_presented_and_a_ruled_one_when_its_rule_selects() -> None:
    """Each candidate has a decision: plugin, rule, kept or dropped, reason, time."""
    free, dice = make_tool("free"), make_tool("dice")
    installed = catalog({"a": [free], "b": [dice]}, {"b": [SearchTerms("dice", tools=[dice])]})
    chosen = await select(installed, "roll the dice")
    assert [tool.id for tool in chosen.tools] == ["a.free", "b.dice"]
    dropped = await select(installed, "hello")
    assert [tool.id for tool in dropped.tools] == ["a.free"]
    first, second = dropped.decisions
    assert (first.tool, first.plugin, first.rule, first.kept) == ("a.free", "a", "no rule", True)
    assert (second.tool, second.plugin, second.rule, second.kept) == ("b.dice", "b", "search_terms (input)", False)
    assert second.reason == "none of its terms stands in the input"
    assert second.ms >= 0


async def test_of_several_rules_one_is_enough() -> None:
    """And the record holds what each of them said."""
    dice = make_tool("dice")
    rules = [SearchTerms("dice", tools=[dice]), SearchTerms("games", tools=[dice])]
    chosen = await select(catalog({"b": [dice]}, {"b": rules}), "I like games")
    assert [tool.id for tool in chosen.tools] == ["b.dice"]
    assert [decision.kept for decision in chosen.decisions] == [False, True]


async def test_withheld_and_taken_tools_are_dropped_with_the_reason() -> None:
    """The caller's own tool of the same name goes first."""
    installed = catalog({"a": [make_tool("free"), make_tool("dice")]})
    none = await select(installed, "hi", withheld="the model x takes no tools")
    assert none.tools == ()
    assert {decision.reason for decision in none.decisions} == {"the model x takes no tools"}
    one = await select(installed, "hi", taken=("dice",))
    assert [tool.name for tool in one.tools] == ["free"]
    assert "the caller brings a tool of the name 'dice'" in [decision.reason for decision in one.decisions]


class Failing(SelectionRule):
    """A rule that fails."""

    def decide(self, request: SelectionRequest) -> Verdict:
        raise RuntimeError("secret text")


class Slow(SelectionRule):
    """A rule that waits in its thread."""

    def decide(self, request: SelectionRequest) -> Verdict:
        time.sleep(0.3)
        return Verdict(selected=True, reason=f"in {threading.current_thread().name}")


class Waiting(SelectionRule):
    """An asynchronous rule."""

    async def decide(self, request: SelectionRequest) -> Verdict:
        return Verdict(selected="dice" in request.text, reason="asked around")


async def test_a_failing_rule_selects_nothing_and_spoils_nothing() -> None:
    """Its tools are dropped; the reason names no text of the exception."""
    bad, good = make_tool("bad"), make_tool("good")
    installed = catalog({"a": [bad], "b": [good]}, {"a": [Failing(tools=[bad])], "b": [Always(tools=[good])]})
    chosen = await select(installed, "hi")
    assert [tool.id for tool in chosen.tools] == ["b.good"]
    assert chosen.decisions[0].reason == "the rule failed (RuntimeError); the log says why"


async def test_a_rule_over_its_time_selects_nothing() -> None:
    """A hanging rule costs its own tools, not the prompt."""
    tool = make_tool("tool")
    chosen = await select(catalog({"a": [tool]}, {"a": [Slow(tools=[tool])]}), "hi", timeout=0.05)
    assert chosen.tools == ()
    assert chosen.decisions[0].reason == "the rule took over 0.05 s"


async def test_synchronous_rules_wait_in_threads_and_asynchronous_ones_are_awaited() -> None:
    """Neither blocks the event loop."""
    slow, asked = make_tool("slow"), make_tool("asked")
    installed = catalog({"a": [slow], "b": [asked]}, {"a": [Slow(tools=[slow])], "b": [Waiting(tools=[asked])]})
    chosen = await select(installed, "dice")
    assert [tool.name for tool in chosen.tools] == ["slow", "asked"]
    assert threading.current_thread().name not in chosen.decisions[0].reason


def ruled(text: str, priority: int, **settings: object) -> tuple[Tool, SelectionRule]:
    """A tool under a rule that wants settings and adds a text."""
    tool = make_tool(f"tool{priority}")
    wanted = PromptSettings(**settings)  # type: ignore[arg-type]
    return tool, Always(tools=[tool], system=text, settings=wanted, priority=priority)


async def test_t23_the_higher_priority_wins_and_the_conflict_names_both() -> None:
    """Never the load order alone, and equal values are no conflict."""
    low_tool, low = ruled("low", 1, model="m-low", temperature=0.0)
    high_tool, high = ruled("high", 5, model="m-high", temperature=0.0)
    chosen = await select(catalog({"a": [low_tool], "b": [high_tool]}, {"a": [low], "b": [high]}), "hi")
    assert chosen.settings.model == "m-high"
    assert chosen.settings.temperature == 0.0
    (conflict,) = chosen.conflicts
    assert (conflict.setting, conflict.kept, conflict.dropped) == ("model", "b: always = m-high", "a: always = m-low")


async def test_settings_for_another_provider_do_not_count() -> None:
    """A model name means nothing elsewhere."""
    tool, rule = ruled("x", 1, provider="openai", model="gpt-9")
    assert (await select(catalog({"a": [tool]}, {"a": [rule]}), "hi")).settings.model is None


async def test_additions_come_once_each_and_only_from_rules_whose_tools_are_presented() -> None:
    """Two rules with the same text add it once; a withheld tool adds nothing."""
    one, first = ruled("Be brief.", 1)
    two, second = ruled("Be brief.", 2)
    alone = Always(system="Be kind.")
    installed = catalog({"a": [one], "b": [two]}, {"a": [first], "b": [second], "c": [alone]})
    assert (await select(installed, "hi")).additions == ("Be brief.", "Be kind.")
    assert (await select(installed, "hi", withheld="no tools here")).additions == ("Be kind.",)


async def test_long_texts_are_read_beside_the_event_loop() -> None:
    """A megabyte takes a fraction of a second; a ticker goes on meanwhile."""
    import asyncio

    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.001)
            ticks += 1

    tool = make_tool("dice")
    rules = [SearchTerms(f"term{number}", "dice", tools=[tool]) for number in range(50)]
    ticking = asyncio.create_task(tick())
    began = time.perf_counter()
    chosen = await select(catalog({"a": [tool]}, {"a": rules}), "word " * 200_000 + "dice")
    ticking.cancel()
    assert [item.name for item in chosen.tools] == ["dice"]
    assert ticks > 0
    assert time.perf_counter() - began < 10  # it took 0.2 s a term once


class Watchful(Always):
    """Says something else with each prompt."""

    def __init__(self) -> None:
        super().__init__()
        self._texts = iter(("one", "two"))

    @property
    def system(self) -> str:
        """The next text."""
        return next(self._texts)

    @system.setter
    def system(self, _: str | None) -> None: ...


async def test_prompts_that_change_nothing_share_a_tool_set_and_no_other_does() -> None:
    free, dice = make_tool("free"), make_tool("dice")
    installed = Offers(catalog({"a": [free], "b": [dice]}, {"b": [SearchTerms("dice", tools=[dice])]})).candidates(None)
    usual = await select(installed, "hello")
    assert await select(installed, "how are you?") is usual
    assert [tool.id for tool in (await select(installed, "roll the dice")).tools] == ["a.free", "b.dice"]
    assert (await select(installed, "hello", taken=("free",))).tools == ()
    assert (await select(installed, "hello", withheld="it takes none")).tools == ()
    assert await select(installed, "hello") is usual


async def test_a_rule_that_selects_for_every_prompt_is_asked_for_its_text_each_time() -> None:
    installed = Offers(catalog({"a": [make_tool("free")]}, {"a": [Watchful()]})).candidates(None)
    assert [(await select(installed, "hello")).additions for _ in range(2)] == [("one",), ("two",)]
