"""The plugin in a promptdock of its own. In the plugins folder, files called ``test_*.py`` are left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promptdock.testing import Host, calls

PLUGIN = Path(__file__).with_name("greeter.py")
pytestmark = pytest.mark.promptdock(plugins=[PLUGIN])


@pytest.mark.parametrize(
    ("arguments", "greeting"),
    [
        ({"name": "Ada"}, "Hello, Ada!"),
        ({"name": "Ada", "language": "de"}, "Hallo, Ada!"),
        ({"name": "Ada", "language": "tlh"}, "Hello, Ada!"),
    ],
)
def test_it_greets(host: Host, arguments: dict[str, Any], greeting: str) -> None:
    """The tool runs as in promptdock."""
    assert host.call("greet", arguments) == greeting


@pytest.mark.parametrize("arguments", [{}, {"name": None}, {"name": "Ada", "loud": True}])
def test_it_greets_nobody_without_a_name(host: Host, arguments: dict[str, Any]) -> None:
    """What does not fit the types never reaches the function."""
    assert host.reply("greet", arguments).error == "invalid_arguments"


def test_a_prompt_that_says_hello_greets(host: Host) -> None:
    """The model says what it is told: first it calls the tool, then it answers."""
    host.script([calls("greet", name="Ada", language="fr"), "Said."])
    turn = host.prompt("Say hello to Ada, in French.")
    turn.assert_selected("greet")
    assert [(call.tool, call.result) for call in turn.calls] == [("greeter.greet", "Bonjour, Ada!")]


def test_other_prompts_do_not_show_the_tool(host: Host) -> None:
    """And the rule is the reason."""
    host.assert_not_selected("greet", prompt="What is the weather in Paris?", because="search_terms")


@pytest.mark.promptdock(plugins=["calculator"])
def test_it_greets_whatever_befalls_another_plugin(host: Host) -> None:
    """The host isolates plugins from each other."""
    host.script([[calls("calculator", expression="17 + 4"), calls("greet", name="Ada")], "Done."])
    with host.chaos(plugin="calculator", raises=RuntimeError("boom")):
        calculator, greeter = host.prompt("Say hello, and what is 17 + 4?").calls
    assert calculator.error is not None
    assert greeter.result == "Hello, Ada!"
