"""Narrowing the catalog for one prompt: which tools count, and which rules speak for them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from ..errors import ConfigurationError
from ..plugins.catalog import Catalog, PluginRecord, PluginState, RegisteredRule, RegisteredTool
from ..turn.request import SelectionRuleSpec, ToolScope
from .decisions import Decision
from .rules import Always, SearchTerms, SelectionRule

__all__ = ["LLM_CLIENT", "NOT_OFFERED", "narrowed", "not_offered", "rule_of"]

LLM_CLIENT = "llm_client"
"""What stands for the plugin in decisions and events about a scope's rule that has no tools."""

NOT_OFFERED = "llm_client: its tools"
"""What stands for the rule in decisions about tools that are not in scope."""


def narrowed(catalog: Catalog, scope: ToolScope | None) -> Catalog:
    """Give the catalog as one prompt may see it.

    A plugin's rule stays for those of its tools that are in scope and that no rule of the scope speaks for; one whose
    tools are all gone goes, its system text included. A plugin's rule without tools stays while its plugin is in scope.

    Args:
        catalog: What the plugins registered.
        scope: What the prompt may see; None for everything.

    Returns:
        A catalog with the same plugins and providers, in the same order; the scope's rules come last.

    Raises:
        ConfigurationError: A rule of the scope is not valid.
    """
    if scope is None:
        return catalog
    tools = {identity: tool for identity, tool in catalog.tools.items() if _is_in(scope, tool)}
    unruled = tools.keys() - {identity for spec in scope.rules for identity in spec.tools}
    kept = [narrow for rule in catalog.rules if (narrow := _narrow(rule, scope, unruled)) is not None]
    added = [rule for spec in scope.rules for rule in _registered(spec, tools)]
    return replace(catalog, tools=tools, rules=(*kept, *added))


def not_offered(tool: RegisteredTool) -> Decision:
    """The decision about a tool that a scope leaves out."""
    return Decision(
        tool=tool.id,
        plugin=tool.plugin.name,
        rule=NOT_OFFERED,
        kept=False,
        reason="the LLM client does not offer it",
        overruled=True,
        name=tool.name,
        distribution=tool.plugin.distribution,
        version=tool.plugin.version,
    )


def rule_of(spec: SelectionRuleSpec) -> SelectionRule:
    """Make the rule that a spec describes.

    Raises:
        ConfigurationError: The directive or the scope is unknown, or there is no usable term to look for.
    """
    if spec.directive == "always":
        return _Always(system=spec.system, priority=spec.priority)
    if spec.directive != "search_terms":
        raise ConfigurationError(
            f"A selection rule has the unknown directive {spec.directive!r}.", hint="Take 'always' or 'search_terms'."
        )
    return _SearchTerms(*spec.terms, scope=spec.scope, system=spec.system, priority=spec.priority)


class _Always(Always):
    @property
    def description(self) -> str:
        return f"{LLM_CLIENT}: {super().description}"


class _SearchTerms(SearchTerms):
    @property
    def description(self) -> str:
        return f"{LLM_CLIENT}: {super().description}"


def _is_in(scope: ToolScope, tool: RegisteredTool) -> bool:
    return _has_plugin(scope, tool.plugin) and (scope.tools is None or tool.id in scope.tools)


def _has_plugin(scope: ToolScope, plugin: PluginRecord) -> bool:
    return scope.plugins is None or plugin.name in scope.plugins


def _narrow(rule: RegisteredRule, scope: ToolScope, tools: Collection[str]) -> RegisteredRule | None:
    """A plugin's rule for what is left of its tools; None when nothing is."""
    if not rule.tools:
        return rule if _has_plugin(scope, rule.plugin) else None
    left = tuple(tool for tool in rule.tools if tool in tools)
    return replace(rule, tools=left) if left else None


def _registered(spec: SelectionRuleSpec, tools: Mapping[str, RegisteredTool]) -> Iterator[RegisteredRule]:
    """The spec's rule, once for each plugin whose tools it names: decisions and events speak of one plugin each."""
    rule = rule_of(spec)
    if not spec.tools:
        nobody = PluginRecord(name=LLM_CLIENT, distribution="", version="", state=PluginState.LOADED)
        yield RegisteredRule(rule=rule, plugin=nobody, tools=())
    named = [tools[identity] for identity in dict.fromkeys(spec.tools) if identity in tools]
    for plugin in {tool.plugin.name: tool.plugin for tool in named}.values():
        owned = tuple(tool.id for tool in named if tool.plugin.name == plugin.name)
        yield RegisteredRule(rule=rule, plugin=plugin, tools=owned)
