"""A plugin in one file: copy it into the plugins folder, and restart.

The folder is ``~/.promptdock/plugins``, or what ``PROMPTDOCK_PLUGINS_DIR`` says.
"""

from __future__ import annotations

from promptdock import SearchTerms, SelectionRule, Tool, hookimpl, tool


@tool(examples=[{"name": "Ada"}, {"name": "Ada", "language": "de"}])
def greet(name: str, language: str = "en") -> str:
    """Greet somebody by name.

    Args:
        name: Whom to greet.
        language: Two letters; en, de and fr are known.
    """
    words = {"en": "Hello", "de": "Hallo", "fr": "Bonjour"}
    return f"{words.get(language, words['en'])}, {name}!"


@hookimpl
def register_tools() -> list[Tool]:
    """One tool."""
    return [greet]


@hookimpl
def register_selection_rules() -> list[SelectionRule]:
    """The tool is presented when the prompt speaks of greeting."""
    return [
        SearchTerms(
            "greet",
            "greeting",
            "hello",
            tools=[greet],
            selects=["Say hello to Ada", "Greet Ada in German"],
            ignores=["What is the weather in Paris?"],
        )
    ]
