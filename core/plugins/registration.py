"""Calling the register hooks of one plugin, and checking what it gives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import NoneType
from typing import TYPE_CHECKING, Any

import msgspec

from ..jsontext import JsonError, dumps
from ..providers.base import Provider
from ..selection.rules import PromptSettings, SelectionRule
from .calls import HookCall
from .plugin_settings import fill_settings
from .quarantine import Quarantine, blame

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ..settings import Settings
    from ..tools.tool import Tool

__all__ = ["Registrations", "register"]

_PROVIDER_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_PROVIDER_METHODS = ("complete", "stream", "models", "capabilities", "aclose")


class Registrations(msgspec.Struct, frozen=True, kw_only=True):
    """What one plugin registered, checked by itself; clashes with others are looked for later."""

    calls: tuple[HookCall, ...]
    settings: BaseModel | None
    providers: tuple[Provider, ...]
    tools: tuple[Tool, ...]
    rules: tuple[SelectionRule, ...]


def register(name: str, calls: Sequence[HookCall], settings: Settings) -> Registrations:
    """Call the register hooks of a plugin.

    Args:
        name: The plugin's id.
        calls: Its hook implementations.
        settings: The host's settings.

    Returns:
        What it gave, and its implementations with its own settings bound to them.

    Raises:
        Quarantine: A hook raised, or gave what it must not.
    """
    own = _settings(name, calls, settings)
    bound = tuple(replace(call, settings=own) for call in calls)
    providers = tuple(_collect(bound, "register_providers", provider_settings=settings.providers))
    for provider in providers:
        _check_provider(provider)
    _refuse_twice("register_providers", [provider.name for provider in providers])
    tools = tuple(_collect(bound, "register_tools"))
    for tool in tools:
        _check_tool(tool)
    _refuse_twice("register_tools", [tool.key for tool in tools])
    _refuse_twice("register_tools", [tool.name for tool in tools])
    rules = tuple(_collect(bound, "register_selection_rules"))
    for rule in rules:
        _check_rule(rule, tools)
    return Registrations(calls=bound, settings=own, providers=providers, tools=tools, rules=rules)


def _settings(name: str, calls: Sequence[HookCall], settings: Settings) -> BaseModel | None:
    from pydantic import BaseModel

    models = [_ask(call, {}) for call in calls if call.serves == "register_settings"]
    if len(models) > 1:
        raise Quarantine("it implements register_settings twice", "Give one settings model a plugin.")
    if not models or models[0] is None:
        return None
    model = models[0]
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise Quarantine(
            f"register_settings gave {_named(model)}, not a pydantic model class", "Return a subclass of BaseModel."
        )
    return fill_settings(name, model, settings.plugins.get(name, {}))


def _ask(call: HookCall, values: Mapping[str, object]) -> Any:
    """Call one register hook; whatever it raises is the plugin's fault."""
    try:
        return call.answer(call.function(**call.arguments(values)))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise blame(call.hook, error) from error


def _collect(calls: Sequence[HookCall], hook: str, **values: object) -> Iterator[Any]:
    for call in calls:
        if call.serves != hook:
            continue
        given = _ask(call, values)
        if given is None:
            continue
        if not isinstance(given, Sequence) or isinstance(given, (str, bytes)):
            raise Quarantine(f"{hook} gave {_named(given)}, not a list", f"Return a list from {hook}, or None.")
        yield from tuple(given)


def _named(value: object) -> str:
    """A value as a reason may name it: what it is, never what it holds."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    own = getattr(value, "__name__", None)
    kind = type(value).__name__
    return f"the {kind} {own!r}" if isinstance(own, str) else "None" if value is None else f"a {kind}"


def _check_provider(provider: Any) -> None:
    missing = [method for method in _PROVIDER_METHODS if not callable(getattr(provider, method, None))]
    if isinstance(provider, type) or missing:
        lacks = f" (it lacks {', '.join(missing)})" if missing and not isinstance(provider, type) else ""
        raise Quarantine(
            f"register_providers gave {_named(provider)}, not a provider{lacks}",
            "Return instances of subclasses of promptdock.Provider.",
        )
    if getattr(type(provider), "complete", None) is Provider.complete:
        raise Quarantine(f"the provider {type(provider).__name__} has no complete()", "Write its complete().")
    name = getattr(provider, "name", None)
    if not isinstance(name, str) or not _PROVIDER_NAME.fullmatch(name):
        raise Quarantine(
            f"register_providers gave a provider with the name {name!r}",
            "Name providers with lower-case letters, digits, '_' and '-', a letter or digit first.",
        )
    known = () if provider.known_models is None else provider.known_models
    models = [known] if isinstance(known, str) else [*known, *filter(_is_given, [provider.default_model])]
    if isinstance(known, str) or not all(isinstance(model, str) for model in models):
        raise Quarantine(
            f"the provider {name!r} has models that are not text",
            "default_model is a text or None, known_models a list of texts or None.",
        )
    _check_sendable(f"the provider {name!r}", models)


def _check_tool(tool: Any) -> None:
    from ..tools.tool import Tool

    if not isinstance(tool, Tool):
        raise Quarantine(
            f"register_tools gave {_named(tool)}, not a Tool", "Mark the function with @tool, or make a Tool of it."
        )
    try:
        tool.check()
        _check_sendable(f"the tool {tool.key!r}", tool.name, tool.description, tool.parameters)
    except (KeyboardInterrupt, Quarantine):
        raise
    except BaseException as error:
        raise blame("register_tools", error) from error


def _check_rule(rule: Any, tools: Sequence[Tool]) -> None:
    if not isinstance(rule, SelectionRule):
        raise Quarantine(
            f"register_selection_rules gave {_named(rule)}, not a SelectionRule",
            "Return instances of Always, SearchTerms or an own subclass of promptdock.SelectionRule.",
        )
    if not isinstance(getattr(rule, "tools", None), tuple):
        raise Quarantine(
            f"the rule {type(rule).__name__} has no tools", "Call super().__init__() in the rule's __init__()."
        )
    if not _is_a(rule.system, str, NoneType) or not _is_a(rule.settings, PromptSettings, NoneType):
        raise Quarantine(
            f"the rule {type(rule).__name__} has a system or settings of the wrong type",
            "system is a text or None, settings a PromptSettings or None.",
        )
    if not _is_a(rule.otherwise, str, NoneType):
        raise Quarantine(
            f"the rule {type(rule).__name__} has an 'otherwise' of the wrong type",
            "It is the reason that decide() gives whenever it does not select, as a text; or None.",
        )
    _check_sendable(f"the rule {type(rule).__name__}", rule.system, rule.description, rule.otherwise)
    for tool in rule.tools:
        if not any(tool is own for own in tools):
            raise Quarantine(
                f"a rule of it speaks for {getattr(tool, 'name', _named(tool))!r}, which it did not register",
                "A rule may only speak for tools that its own plugin returns from register_tools.",
            )


def _is_a(value: object, *kinds: type) -> bool:
    """Whether a member is of a type that its annotation promises."""
    return isinstance(value, kinds)


def _is_given(value: object) -> bool:
    return value is not None


def _check_sendable(what: str, *parts: object) -> None:
    """Texts of plugins go into prompts and listings; one that JSON cannot carry would spoil them for everybody."""
    try:
        dumps(parts)
    except JsonError as error:
        raise Quarantine(
            f"{what} holds something that JSON cannot carry: {error}", "Look for stray bytes in its texts."
        ) from error


def _refuse_twice(hook: str, names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Quarantine(f"{hook} gave {', '.join(map(repr, twice))} twice", "Give each a name of its own.")
