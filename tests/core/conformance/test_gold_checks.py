"""What a tool declares and what its examples do; what a rule says and what its prompts show."""

from __future__ import annotations

import asyncio
import functools
import os
import socket
import subprocess
import sys
import threading
from importlib import import_module
from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr

from promptdock import Always, SearchTerms, SelectionRequest, SelectionRule, ToolContext, ToolError, Verdict, tool
from promptdock.conformance.check import Finding, NotApplicable
from promptdock.conformance.subject import Subject
from tests.support.checking import PluginOf, check, on_subject

EXAMPLES = "gold_examples:examples"
EFFECTS = "gold_examples:effects"
RULES = "gold_rules:rule-examples"


@tool(examples=[{"number": 2}])
def double(number: int) -> int:
    """Double."""
    return number * 2


def test_a_tool_with_an_example_that_works_passes(tmp_path: Path) -> None:
    """It needs no effect."""
    assert check(EXAMPLES, PluginOf(double), tmp_path / "examples") == []
    assert check(EFFECTS, PluginOf(double), tmp_path / "effects") == []


def test_missing_and_broken_examples_are_found(tmp_path: Path) -> None:
    """Each with what became of it."""

    @tool
    def without() -> str:
        """Have none."""
        return "x"

    @tool(examples=[{"number": "many"}, {"number": 1}])
    def picky(number: int) -> str:
        """Refuse."""
        raise ToolError("Not today.")

    texts = [finding.text for finding in check(EXAMPLES, PluginOf(without, picky), tmp_path)]
    assert texts[0] == "sample.without has no example call."
    assert "invalid_arguments" in texts[1]
    assert "Not today." in texts[2]


def test_every_kind_of_effect_is_seen_with_its_line(tmp_path: Path) -> None:
    """Whatever thread or task it happens in."""
    note = str(tmp_path / "note.txt")

    @tool(examples=[{}])
    def writes() -> str:
        """Write a file, in a thread of its own."""
        thread = threading.Thread(target=Path(note).write_text, args=("x",))
        thread.start()
        thread.join()
        return "done"

    @tool(examples=[{}])
    async def connects(*, context: ToolContext) -> str:
        """Ask with the host's client."""
        try:
            await context.http.request("GET", "http://127.0.0.1:9/?key=canary")
        except ToolError:
            return "nobody there"
        return "done"

    @tool(examples=[{}])
    async def starts() -> str:
        """Start a program."""
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
        await child.wait()
        return "done"

    @tool(examples=[{}])
    def asks() -> str:
        """Read a variable."""
        return os.environ.get("PROMPTDOCK_SAMPLE", "unset")

    found = check(EFFECTS, PluginOf(writes, connects, starts, asks), tmp_path)
    texts = {finding.subject.removeprefix("sample."): finding.text for finding in found}
    assert f"has the effect files, which it does not declare: open {note}" in texts["writes"]
    assert "network, which it does not declare: promptdock.http.request 127.0.0.1:9" in texts["connects"]
    assert f"at {__file__}:" in texts["connects"]
    assert "subprocess, which it does not declare: subprocess.Popen" in texts["starts"]
    assert "promptdock.environ.get PROMPTDOCK_SAMPLE" in texts["asks"]
    assert "canary" not in repr(found)


def test_declared_effects_that_are_seen_pass(tmp_path: Path) -> None:
    """Loopback is a network, too."""

    @tool(effects=["network", "subprocess"], examples=[{}])
    def busy() -> str:
        """Do two things."""
        with socket.socket() as client:
            client.connect_ex(("127.0.0.1", 9))
        subprocess.run([sys.executable, "-c", ""], check=True)
        return "done"

    assert check(EFFECTS, PluginOf(busy), tmp_path) == []


@pytest.mark.parametrize("first", [f"silver_arguments:{name}" for name in ("valid-arguments", "hostile-arguments")]
                                  + ["silver_secrets:secrets-hidden", "silver_running:results"])  # fmt: skip
def test_what_a_tool_keeps_from_an_earlier_check_is_its_effect_still(first: str, tmp_path: Path) -> None:
    """Whichever check calls it first."""
    note = tmp_path / "note.txt"
    note.write_text("x")

    @functools.cache
    def read() -> str:
        return note.read_text()

    @tool(effects=["files"], examples=[{}])
    def keeps() -> str:
        """Read once."""
        return read()

    async def look(subject: Subject) -> list[Finding]:
        await run_one(first, subject)
        return await run_one(EFFECTS, subject)

    assert on_subject(look, PluginOf(keeps, settings=Keyed), tmp_path / "host") == []


class Keyed(BaseModel):
    """Has a secret."""

    key: SecretStr = SecretStr("")


async def run_one(which: str, subject: Subject) -> list[Finding]:
    """Run one check on a subject that is open."""
    module, _, wanted = which.partition(":")
    (found,) = [one for one in import_module(f"promptdock.conformance.{module}").CHECKS if one.id == wanted]
    return list(await found.run(subject))


def test_an_effect_that_no_example_has_is_found(tmp_path: Path) -> None:
    """Nobody has seen it."""

    @tool(effects=["network"], examples=[{}])
    def quiet() -> str:
        """Do nothing."""
        return "done"

    (finding,) = check(EFFECTS, PluginOf(quiet), tmp_path)
    assert finding.text == "sample.quiet declares the effect network, but none of its examples has it."
    assert "drop the declaration" in finding.remedy


def words(**examples: list[str]) -> SearchTerms:
    """A rule for one tool."""
    return SearchTerms("double", "twice", tools=[double], **examples)  # type: ignore[arg-type]


def test_rules_whose_examples_hold_pass(tmp_path: Path) -> None:
    """Always and rules without tools need fewer."""
    rules: list[SelectionRule] = [
        words(selects=["Double it"], ignores=["Halve it"]),
        Always(system="Be brief."),
        SearchTerms("poem", system="Rhyme.", selects=["Write a poem"]),
    ]
    assert check(RULES, PluginOf(double, rules=rules), tmp_path) == []


def test_missing_examples_are_found(tmp_path: Path) -> None:
    """Of both kinds."""
    texts = [finding.text for finding in check(RULES, PluginOf(double, rules=[words()]), tmp_path)]
    assert texts == [
        "Rule 1 (search_terms (input)) has no example of a prompt for which it must select.",
        "Rule 1 (search_terms (input)) has no example of a prompt for which it must not select.",
    ]


def test_examples_that_do_not_hold_are_found_with_the_reason(tmp_path: Path) -> None:
    """As selection gives it."""
    rule = words(selects=["Triple it"], ignores=["Not twice!"])
    first, second = check(RULES, PluginOf(double, rules=[rule]), tmp_path)
    assert "does not select for 'Triple it'" in first.text
    assert "none of its terms stands in the input" in first.text
    assert "selects for 'Not twice!'" in second.text
    assert "'twice'" in second.text
    assert second.subject == "sample.double"


def test_a_rule_is_not_saved_by_another_one_of_its_tool(tmp_path: Path) -> None:
    """The tool is presented, but not by this rule."""

    class Numbers(SelectionRule):
        nonblocking = True

        def decide(self, request: SelectionRequest) -> Verdict:
            return Verdict(selected=any(map(str.isdigit, request.text)), reason="it looks for digits")

    rules = [words(selects=["Twice 2"], ignores=["2 + 2"]), Numbers(tools=[double], selects=["Twice"], ignores=["No"])]
    (finding,) = check(RULES, PluginOf(double, rules=rules), tmp_path)
    assert finding.text.startswith("Rule 2 ")


def test_findings_of_rules_are_named_by_what_does_not_change_with_other_rules(tmp_path: Path) -> None:
    """So that a waiver stays with its rule when one is added before it."""
    rules: list[SelectionRule] = [Always(system="Be brief."), SearchTerms("poem", system="Rhyme."), words()]
    found = check(RULES, PluginOf(double, rules=rules), tmp_path)
    assert [finding.subject for finding in found] == ["search_terms (input)", "sample.double", "sample.double"]


def test_a_rule_that_fails_is_found(tmp_path: Path) -> None:
    """It has not selected."""

    class Broken(SelectionRule):
        def decide(self, request: SelectionRequest) -> Verdict:
            raise KeyError(request.text)

    rule = Broken(tools=[double], selects=["Double it"], ignores=["Halve it"])
    (finding,) = check(RULES, PluginOf(double, rules=[rule]), tmp_path)
    assert "the rule failed (KeyError)" in finding.text


@pytest.mark.parametrize("which", [EXAMPLES, EFFECTS, RULES])
def test_a_plugin_without_tools_has_nothing_to_look_at(which: str, tmp_path: Path) -> None:
    """That counts as passed."""
    with pytest.raises(NotApplicable):
        check(which, PluginOf(), tmp_path)
