"""What would be decided about a prompt, and why a tool is not presented, in one sentence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from promptdock import (
    Always,
    Capabilities,
    CompletionCall,
    PromptRequest,
    PromptService,
    PromptSettings,
    Provider,
    SearchTerms,
    SelectionRule,
    Settings,
    Tool,
    ToolScope,
    hookimpl,
    open_service,
    tool,
)
from promptdock.explaining.explanation import Explanation, explain
from promptdock.explaining.why_not import answer, why_not
from promptdock.jsontext import JsonObject
from promptdock.selection.decisions import decision_as_json, decision_from_json

pytestmark = pytest.mark.anyio


@tool
def roll() -> int:
    """Roll a die."""
    return 4


@tool(name="toss-coin")
def toss() -> str:
    """Toss a coin."""
    return "heads"


class Luck:
    """Two tools with rules, one without, and a rule that only adds."""

    @hookimpl
    def register_tools(self) -> Sequence[Tool]:
        return [roll, toss, draw]

    @hookimpl
    def register_selection_rules(self) -> Sequence[SelectionRule]:
        return [
            SearchTerms("dice", tools=[roll], system="Dice are fair.", settings=PromptSettings(temperature=0.5)),
            SearchTerms("luck", tools=[roll, toss]),
            Always(settings=PromptSettings(temperature=1.5)),
        ]


@tool
def draw() -> str:
    """Draw a card."""
    return "ace"


class Mute(Provider):
    """A provider whose model takes no tools."""

    name = "mute"
    default_model = "m"

    async def complete(self, call: CompletionCall) -> JsonObject:
        raise AssertionError("explaining asks nobody")

    def capabilities(self, model: str) -> Capabilities:
        return Capabilities(tools=False)


class Broken:
    @hookimpl
    def register_tools(self) -> Sequence[Tool]:
        raise RuntimeError("out of cards")


class Providers:
    @hookimpl
    def register_providers(self) -> Sequence[Any]:
        return [Mute()]


async def explained(text: str = "Roll the dice.", **members: Any) -> Explanation:
    """An explanation by a service with the plugins of this module."""
    extra = {"luck": Luck(), "broken": Broken(), "providers": Providers()}
    allowed = ("offline", "luck", "broken", "providers")
    async with open_service(Settings(plugins_allow=allowed, default_provider="offline"), extra=extra) as service:
        return await explain(service, request(text, **members))


def request(text: str, **members: Any) -> PromptRequest:
    return PromptRequest(messages=({"role": "user", "content": text},), **members)


async def test_every_decision_is_told_in_its_order() -> None:
    found = await explained()
    assert [(item.tool, item.rule, item.kept, item.terms) for item in found.decisions] == [
        ("luck.roll", "search_terms (input)", True, ("dice",)),
        ("luck.roll", "search_terms (input)", False, ()),
        ("luck.toss", "search_terms (input)", False, ()),
        ("luck.draw", "no rule", True, ()),
        (None, "always", True, ()),
    ]
    assert found.presented == ("luck.roll", "luck.draw")
    assert found.additions == ("Dice are fair.",)
    assert [conflict.setting for conflict in found.conflicts] == ["temperature"]
    assert all(item.ms >= 0 for item in found.decisions)
    assert found.ms > 0


async def test_plugins_that_are_no_candidates_are_told() -> None:
    left_out = {record.name: (record.state.value, record.reason) for record in (await explained()).left_out}
    assert left_out["broken"] == ("quarantined", "register_tools raised RuntimeError: out of cards")
    assert left_out["calculator"] == ("denied", "not in plugins_allow")
    assert "luck" not in left_out


async def test_as_json_it_names_tools_with_their_plugins() -> None:
    shown = (await explained()).as_json()
    assert shown["tools"][1] == {
        "id": "luck.toss",
        "name": "toss-coin",
        "plugin": "luck",
        "distribution": "<code>",
        "version": "",
    }
    assert shown["tools_presented"] == ["roll", "draw"]
    assert shown["decisions"][0]["terms"] == ("dice",)
    assert shown["settings"]["model"] == "offline"
    assert not {"settings", "additions", "conflicts"} & (await explained()).as_json(full=False).keys()


@pytest.mark.parametrize(
    ("wanted", "members", "sentence"),
    [
        ("roll", {}, "luck.roll is presented: search_terms (input) says: the input refers to 'dice'."),
        ("luck.draw", {}, "luck.draw is presented: no rule speaks for it, so it is always presented."),
        (
            "toss-coin",
            {},
            (
                "luck.toss (toss-coin) is not presented, because no rule selected it: search_terms (input) says: none "
                "of its terms stands in the input."
            ),
        ),
        ("roll", {"model": "mute/m"}, "luck.roll is not presented, because the model m takes no tools."),
        ("roll", {"tool_choice": "none"}, "luck.roll is not presented, because the caller's tool_choice is none."),
        (
            "roll",
            {"tools": ({"type": "function", "function": {"name": "roll", "parameters": {}}},)},
            "luck.roll is not presented, because the caller brings a tool of the name 'roll'.",
        ),
        (
            "roll",
            {"scope": ToolScope(tools=("luck.draw",))},
            "luck.roll is not presented, because the LLM client does not offer it.",
        ),
        (
            "broken.cards",
            {},
            (
                "'broken.cards' is not presented, because the plugin broken (<code>) is in quarantine: register_tools "
                "raised RuntimeError: out of cards."
            ),
        ),
        ("luck.tos", {}, "The plugin 'luck' has no tool 'luck.tos'; it has luck.roll, luck.toss, luck.draw."),
        ("rol", {}, "No installed plugin has a tool 'rol'; did you mean roll?"),
        ("xyzzy", {}, "No installed plugin has a tool 'xyzzy', unless it is of a plugin in quarantine: broken."),
        ("", {}, "No installed plugin has a tool '', unless it is of a plugin in quarantine: broken."),
    ],
)
async def test_why_not_answers_in_one_sentence(wanted: str, members: dict[str, Any], sentence: str) -> None:
    assert why_not(await explained(**members), wanted) == sentence


async def test_why_not_knows_denied_plugins_and_whole_ones() -> None:
    found = await explained()
    assert why_not(found, "calculator.calculate").endswith("is denied: it is not in plugins_allow.")
    assert why_not(found, "luck").startswith("'luck' has 3 tools: luck.roll is presented: ")


async def test_why_not_names_the_entry_that_denies() -> None:
    settings = Settings(plugins_deny=("calculator",))
    async with open_service(settings) as service:
        sentence = why_not(await explain(service, request("2 + 2")), "calculator.calculate")
    assert "is denied by 'calculator' in plugins_deny." in sentence


async def test_a_name_that_two_plugins_claim_is_told() -> None:
    class Other:
        @hookimpl
        def register_tools(self) -> Sequence[Tool]:
            return [roll]

    extra = {"luck": Luck(), "other": Other()}
    async with open_service(Settings(plugins_allow=("offline", "luck", "other")), extra=extra) as service:
        found = await explain(service, request("dice"))
    for wanted in ("luck.roll", "roll"):
        assert answer(found, wanted).cause == "quarantined"
        assert "several tools have the name 'roll': luck.roll and other.roll" in why_not(found, wanted)


async def test_explaining_leaves_no_trace() -> None:
    class Ears:
        heard = 0

        @hookimpl
        def turn_started(self) -> None:
            self.heard += 1

    ears = Ears()
    async with open_service(Settings(plugins_allow=("offline", "ears")), extra={"ears": ears}) as service:
        await explain(service, request("Hello"))
        await _drained(service)
    assert ears.heard == 0


async def _drained(service: PromptService) -> None:
    assert await service.host.drain(5)


async def test_causes_are_told_to_programs() -> None:
    found = await explained(tools=({"type": "function", "function": {"name": "roll", "parameters": {}}},))
    asked = ("draw", "toss-coin", "roll", "broken", "calculator", "x")
    causes = {wanted: answer(found, wanted).cause for wanted in asked}
    assert causes == {
        "draw": "presented",
        "toss-coin": "not_selected",
        "roll": "overruled",
        "broken": "quarantined",
        "calculator": "denied",
        "x": "not_installed",
    }
    assert answer(found, "luck").as_json()["presented"] is True, "one of its tools is"


async def test_a_stored_record_answers_as_the_explanation_does() -> None:
    found = await explained(scope=ToolScope(tools=("luck.roll", "luck.toss")))
    stored = json.loads(json.dumps([decision_as_json(decision) for decision in found.decisions]))
    record = [decision_from_json(decision) for decision in stored]
    for wanted in ("roll", "toss-coin", "luck.draw", "luck", "luck.nothing"):
        assert why_not(record, wanted) == why_not(found, wanted)
    assert why_not(record, "xyzzy") == "No plugin that was loaded then had a tool 'xyzzy'."


async def test_decisions_say_whose_tool_it_was_and_of_which_version() -> None:
    async with open_service(Settings(plugins_allow=("offline", "calculator"))) as service:
        found = await explain(service, request("2 + 2", scope=ToolScope(tools=())))
    [decision] = found.decisions
    assert (decision.name, decision.distribution) == ("calculator", "promptdock")
    assert decision.version == found.tools["calculator.calculate"].plugin.version


async def test_a_decision_of_an_older_row_is_read() -> None:
    old = {"tool": "a.b", "plugin": "a", "rule": "always", "kept": True, "reason": "so", "terms": ["x"], "ms": 0.1}
    assert why_not([decision_from_json(old)], "a.b") == "a.b is presented: always says: so."


async def test_names_that_are_no_names_are_cut() -> None:
    found = await explained()
    for wanted in ("x" * 1_000_000, "\x1b[31m\n", "\udcff", "luck." + "y" * 100_000):
        assert len(why_not(found, wanted)) < 1000
