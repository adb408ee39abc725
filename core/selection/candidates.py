"""What one scope of the catalog comes to, worked out once for all prompts that have this scope."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence

from ..plugins.catalog import Catalog, RegisteredTool
from .decisions import Decision, DecisionBase
from .lookup import TermLookup, is_looked_up
from .rules import Always, SearchTerms, SelectionRule, Verdict
from .term_index import Hit
from .tool_sets import Judgement, ToolSet

__all__ = ["Candidates", "decision_of"]


class Candidates:
    """The tools and rules of one scope, sorted by what is to be done about them for each prompt.

    Args:
        catalog: The catalog as the scope narrows it.
        left_out: The decisions about tools that the scope leaves out.
        lookups: What looks up the terms of the rules; together they know all rules that can be looked up.

    Attributes:
        catalog: As given.
        base: What is decided where no rule finds cause in a prompt.
        lookups: As given, each with the places in the catalog of its rules, by their numbers.
        settled: What rules answer that need not be asked.
        quick: Places of the rules that are asked on the event loop.
        waiting: Places of the rules that may wait.
        reads_threads: Whether a rule that is asked by itself looks terms up in the texts of threads.
        looks_at_threads: Whether any rule does.
        nothing_read: What the lookups have read of a prompt where none does.
        presented: Ids of the tools that the base keeps, in the catalog's order.
        plugins: Names of the plugins whose tools there are.
        usual: Tool sets of prompts that change nothing of the base, by the provider that is asked; made once.
    """

    def __init__(self, catalog: Catalog, left_out: Iterable[Decision] = (), lookups: Iterable[TermLookup] = ()) -> None:
        self.catalog = catalog
        self._sort_rules(tuple(lookups))
        self._decide(tuple(left_out))
        self._named: dict[str, list[str]] = {}
        for tool in catalog.tools.values():
            self._named.setdefault(tool.name, []).append(tool.id)
        self.plugins = frozenset(tool.plugin.name for tool in catalog.tools.values())
        self.usual: dict[str, ToolSet] = {}

    def _sort_rules(self, lookups: Sequence[TermLookup]) -> None:
        places: dict[int, list[int]] = {}
        for place, registered in enumerate(self.catalog.rules):
            places.setdefault(id(registered.rule), []).append(place)
        self.lookups = tuple(
            (lookup, {number: tuple(places.get(id(rule), ())) for number, rule in enumerate(lookup.rules)})
            for lookup in lookups
        )
        asked = [
            (place, registered.rule)
            for place, registered in enumerate(self.catalog.rules)
            if not is_looked_up(registered.rule) and not _is_settled(registered.rule)
        ]
        self.quick = tuple(place for place, rule in asked if _is_quick(rule))
        self.waiting = tuple(place for place, rule in asked if not _is_quick(rule))
        self.reads_threads = any(isinstance(rule, SearchTerms) and rule.scope == "thread" for _, rule in asked)
        self.looks_at_threads = self.reads_threads or any(lookup.reads_thread for lookup in lookups)
        self.nothing_read: tuple[Mapping[str, tuple[Hit, ...]], ...] = tuple({} for _ in lookups)
        self.settled = tuple(
            Judgement(place, registered, _ALWAYS)
            for place, registered in enumerate(self.catalog.rules)
            if _is_settled(registered.rule)
        )

    def _decide(self, left_out: Sequence[Decision]) -> None:
        rules = self.catalog.rules
        speaking: dict[str, list[int]] = {}
        for place, registered in enumerate(rules):
            for identity in dict.fromkeys(registered.tools):
                speaking.setdefault(identity, []).append(place)
        decisions: list[Decision] = []
        self._of_rule: dict[int, list[int]] = {place: [] for place in range(len(rules))}
        self._of_tool: dict[str, range] = {}
        for tool in self.catalog.tools.values():
            start = len(decisions)
            for place in speaking.get(tool.id, ()):
                self._of_rule[place].append(len(decisions))
                decisions.append(decision_of(tool, self.unasked(place)))
            if tool.id not in speaking:
                decisions.append(_unruled(tool))
            self._of_tool[tool.id] = range(start, len(decisions))
        offered = len(decisions)
        for place, registered in enumerate(rules):
            if not registered.tools:
                self._of_rule[place].append(len(decisions))
                decisions.append(decision_of(None, self.unasked(place)))
        self.base = DecisionBase((*decisions, *left_out), offered=offered)
        self.presented = tuple(
            identity for identity, own in self._of_tool.items() if any(decisions[place].kept for place in own)
        )

    def unasked(self, place: int) -> Judgement:
        """What a rule is taken to answer while nobody asks it."""
        registered = self.catalog.rules[place]
        rule = registered.rule
        if _is_settled(rule):
            return Judgement(place, registered, _ALWAYS)
        return Judgement(place, registered, Verdict(selected=False, reason=rule.otherwise or _NEVER))

    def of_rule(self, place: int) -> Sequence[int]:
        """The places of the decisions by a rule."""
        return self._of_rule[place]

    def of_tool(self, identity: str) -> range:
        """The places of the decisions about a tool."""
        return self._of_tool[identity]

    def named(self, name: str) -> Sequence[str]:
        """Ids of the tools of a wire name."""
        return self._named.get(name, ())

    def in_order(self, tools: Iterable[str]) -> list[str]:
        """Ids of tools, in the catalog's order."""
        return sorted(tools, key=lambda tool: self._of_tool[tool].start)


_ALWAYS = Verdict(selected=True, reason="always selected")
_NEVER = "the rule does not select"


def decision_of(tool: RegisteredTool | None, judgement: Judgement) -> Decision:
    """The decision about a tool by a rule that was judged; about the rule's own text when there is no tool."""
    plugin = judgement.rule.plugin
    return Decision(
        tool=None if tool is None else tool.id,
        plugin=plugin.name,
        rule=judgement.rule.rule.description,
        kept=judgement.verdict.selected,
        reason=judgement.verdict.reason,
        terms=judgement.verdict.terms,
        ms=judgement.ms,
        name=None if tool is None else tool.name,
        distribution=plugin.distribution,
        version=plugin.version,
    )


def _unruled(tool: RegisteredTool) -> Decision:
    return Decision(
        tool=tool.id,
        plugin=tool.plugin.name,
        rule="no rule",
        kept=True,
        reason="no rule speaks for it, so it is always presented",
        name=tool.name,
        distribution=tool.plugin.distribution,
        version=tool.plugin.version,
    )


def _is_settled(rule: SelectionRule) -> bool:
    return isinstance(rule, Always) and type(rule).decide is Always.decide and "decide" not in vars(rule)


def _is_quick(rule: SelectionRule) -> bool:
    return rule.nonblocking and not inspect.iscoroutinefunction(rule.decide)
