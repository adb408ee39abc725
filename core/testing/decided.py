"""What was decided about tools, with assertions that explain themselves."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from ..selection.decisions import Decision

__all__ = ["Decided", "Deciding", "Selection", "assert_not_selected", "assert_selected", "find_tool"]


class Decided(Protocol):
    """What has decisions to look at: a turn, or a selection."""

    @property
    def text_of_prompt(self) -> str:
        """The prompt."""
        ...

    @property
    def decisions(self) -> Sequence[Decision]:
        """What was decided, in order."""
        ...

    @property
    def tools_presented(self) -> tuple[str, ...]:
        """Wire names of the tools that the model gets to see."""
        ...

    @property
    def tool_names(self) -> Mapping[str, str]:
        """The wire names of all tools of the host, by id."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which tools a prompt gets to see, without a model being asked.

    Attributes:
        text_of_prompt: The prompt.
        decisions: For each candidate tool, whether it is presented, and why.
        tools_presented: Wire names of the tools that are.
        tool_names: The wire names of all tools of the host, by id.
    """

    text_of_prompt: str
    decisions: Sequence[Decision]
    tools_presented: tuple[str, ...]
    tool_names: Mapping[str, str]

    def assert_selected(self, *tools: str) -> None:
        """See :func:`assert_selected`."""
        __tracebackhide__ = True
        assert_selected(self, *tools)

    def assert_not_selected(self, *tools: str, because: str | None = None) -> None:
        """See :func:`assert_not_selected`."""
        __tracebackhide__ = True
        assert_not_selected(self, *tools, because=because)


class Deciding(Protocol):
    """What decides about a prompt when it is asked: a host."""

    def select(self, text: str) -> Selection:
        """Decide."""
        ...


def assert_selected(decided: Decided | Deciding, *tools: str, prompt: str | None = None) -> None:
    """Assert that the model gets to see tools.

    Args:
        decided: A turn, what ``host.select()`` gave, or a host.
        *tools: Wire names or ids, e.g. ``dice.roll_dice``.
        prompt: What a host is to decide about.

    Raises:
        AssertionError: It does not see one of them, or there is no such tool; the text says what was decided and why.
    """
    __tracebackhide__ = True
    about = _decided(decided, tools, prompt)
    for tool in tools:
        if find_tool(about.tool_names, tool) not in about.tools_presented:
            raise AssertionError(f"The tool {tool!r} is not presented for {_shown(about)}.\n{_table(about, tool)}")


def assert_not_selected(
    decided: Decided | Deciding, *tools: str, prompt: str | None = None, because: str | None = None
) -> None:
    """Assert that the model does not get to see tools.

    Args:
        decided: A turn, what ``host.select()`` gave, or a host.
        *tools: Wire names or ids, e.g. ``dice.roll_dice``.
        prompt: What a host is to decide about.
        because: What must have decided so: a word or words of the rule, e.g. ``search_terms``, or of the reason.

    Raises:
        AssertionError: It does see one of them, for another reason it does not, or there is no such tool.
    """
    __tracebackhide__ = True
    about = _decided(decided, tools, prompt)
    for tool in tools:
        if find_tool(about.tool_names, tool) in about.tools_presented:
            raise AssertionError(f"The tool {tool!r} is presented for {_shown(about)}.\n{_table(about, tool)}")
        if because is not None and not any(_says(item, because) for item in _about(about, tool)):
            raise AssertionError(
                f"The tool {tool!r} is not presented for {_shown(about)}, but not because of {because!r}.\n"
                f"{_table(about, tool)}"
            )


def _decided(given: Decided | Deciding, tools: Sequence[str], prompt: str | None) -> Decided:
    if not tools:
        raise TypeError("Name at least one tool.")
    select = getattr(given, "select", None)
    if select is None and prompt is None:
        return cast("Decided", given)
    if select is None or prompt is None:
        raise TypeError("Give a host and a prompt, or a turn or selection without one.")
    return cast("Deciding", given).select(prompt)


def _says(decision: Decision, because: str) -> bool:
    words = rf"(?<!\w){re.escape(because)}(?!\w)"
    return not decision.kept and re.search(words, f"{decision.rule}\n{decision.reason}", re.IGNORECASE) is not None


def find_tool(names: Mapping[str, str], tool: str) -> str:
    """Find a tool's wire name.

    Args:
        names: The wire names of all tools, by id.
        tool: A wire name or an id.

    Raises:
        AssertionError: There is no such tool; the text has the nearest.
    """
    __tracebackhide__ = True
    if tool in names:
        return names[tool]
    if tool in names.values():
        return tool
    known = sorted({*names, *names.values()})
    near = difflib.get_close_matches(tool, known, n=1)
    guess = f" Did you mean {near[0]!r}?" if near else ""
    raise AssertionError(
        f"No plugin of this host has the tool {tool!r}.{guess} There are: {', '.join(known) or 'none'}."
    )


def _about(decided: Decided, tool: str) -> Iterator[Decision]:
    wire = find_tool(decided.tool_names, tool)
    return (item for item in decided.decisions if item.tool is not None and decided.tool_names.get(item.tool) == wire)


def _shown(decided: Decided) -> str:
    return repr(decided.text_of_prompt[:200])


def _table(decided: Decided, tool: str) -> str:
    """The record of one tool, a line for each rule that spoke, and what was presented."""
    lines = [
        f"  {'kept   ' if item.kept else 'dropped'} by {item.rule} of {item.plugin}: {item.reason}{_terms(item)}"
        for item in _about(decided, tool)
    ]
    if not lines:
        lines = ["  nothing was decided about it: it is no candidate here"]
    return "\n".join([*lines, f"Presented are: {', '.join(decided.tools_presented) or 'no tools'}."])


def _terms(decision: Decision) -> str:
    """The terms that hit, unless the reason names them."""
    named = all(repr(term) in decision.reason for term in decision.terms)
    return "" if named else f" (terms: {', '.join(decision.terms)})"
