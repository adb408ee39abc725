"""Clashes between plugins: found on the whole set at once, so that no order of loading decides who wins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from .quarantine import Quarantine
from .registration import Registrations

__all__ = ["find_conflicts", "tool_id", "wire_name"]


def tool_id(plugin: str, key: str) -> str:
    """A tool's stable id."""
    return f"{plugin}.{key}"


def wire_name(identity: str, own: str, aliases: Mapping[str, str]) -> str:
    """The name under which the model sees a tool: the operator's alias for its id, or its own."""
    return aliases.get(identity, own)


def find_conflicts(loaded: Mapping[str, Registrations], aliases: Mapping[str, str]) -> dict[str, Quarantine]:
    """Look for names that several plugins give.

    Every owner of such a name is to blame alike: none of them is served.

    Args:
        loaded: What each plugin registered, by plugin id.
        aliases: Wire names by tool id.

    Returns:
        The reason by plugin id, for the plugins that must go.
    """
    tools: dict[str, list[str]] = defaultdict(list)
    providers: dict[str, list[str]] = defaultdict(list)
    for plugin, given in loaded.items():
        for tool in given.tools:
            identity = tool_id(plugin, tool.key)
            tools[wire_name(identity, tool.name, aliases)].append(identity)
        for provider in given.providers:
            providers[provider.name].append(plugin)
    found: dict[str, list[Quarantine]] = defaultdict(list)
    for name, identities in sorted(_clashing(tools)):
        problem = _tool_clash(name, identities)
        for plugin in {identity.partition(".")[0] for identity in identities}:
            found[plugin].append(problem)
    for name, plugins in sorted(_clashing(providers)):
        for plugin in set(plugins):
            found[plugin].append(_provider_clash(name, plugins))
    return {plugin: _joined(problems) for plugin, problems in found.items()}


def _clashing(owners: Mapping[str, Sequence[str]]) -> Iterable[tuple[str, list[str]]]:
    return ((name, sorted(claims)) for name, claims in owners.items() if len(claims) > 1)


def _tool_clash(name: str, identities: Sequence[str]) -> Quarantine:
    example = identities[0]
    plugins = " or ".join(sorted({identity.partition(".")[0] for identity in identities}))
    return Quarantine(
        f"several tools have the name {name!r}: {' and '.join(identities)}",
        f'Rename one in promptdock.toml, [tool_aliases] "{example}" = "{example.replace(".", "_")}", '
        f"or deny {plugins}.",
    )


def _provider_clash(name: str, plugins: Sequence[str]) -> Quarantine:
    return Quarantine(
        f"several plugins give the provider {name!r}: {' and '.join(plugins)}",
        f"Deny one of them: PROMPTDOCK_PLUGINS_DENY={plugins[0]}",
    )


def _joined(problems: Sequence[Quarantine]) -> Quarantine:
    if len(problems) == 1:
        return problems[0]
    remedies = dict.fromkeys((problem.remedy or "").rstrip(".") for problem in problems)
    # a value that is to be copied stands at the very end, so the sentences about tools, which end in none, come first
    return Quarantine("; ".join(problem.reason for problem in problems), "; ".join(remedies))
