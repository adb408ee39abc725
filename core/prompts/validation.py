"""Whether an LLM client can work with what is installed: checked before anything of it is stored."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Final, TypeAlias

from ..errors import ConfigurationError, Unprocessable
from ..hosts import is_client_name
from ..ids import read_id
from ..plugins.catalog import Catalog, PluginRecord, PluginState
from ..selection.scope import rule_of
from .known_names import check_known
from .prompted import rule_specs

if TYPE_CHECKING:
    from ..store.tables import LLMClient

__all__ = ["check_client"]


def check_client(client: LLMClient, catalog: Catalog, changed: Collection[str] | None = None) -> None:
    """Check an LLM client before it is stored.

    Args:
        client: The row as it is to be.
        catalog: What is installed.
        changed: The columns that are new; None for all. The others are left in peace: a client whose plugin was removed
            from the host can still be renamed.

    Raises:
        Unprocessable: The name is none that hosts can have; a number is out of its range; or the client names a
            provider, a model, a plugin or a tool that is not there, a tool of a plugin that it leaves out, or a rule
            that cannot work. It says which member, and lists near matches.
    """
    for columns, check in _CHECKS:
        if changed is None or not columns.isdisjoint(changed):
            check(client, catalog)


def _check_name(client: LLMClient, _: Catalog) -> None:
    if not is_client_name(client.name):
        raise Unprocessable(
            "The name must be one label of a host name: up to 63 small letters, digits and hyphens, no hyphen at its "
            "ends.",
            param="name",
        )
    if read_id(client.name) is not None:
        raise Unprocessable("The name must not be an id: clients are found by either.", param="name")


def _check_numbers(client: LLMClient, _: Catalog) -> None:
    if client.temperature is not None and not 0 <= client.temperature <= 2:
        raise Unprocessable("'temperature' must be a number from 0 to 2.", param="temperature")
    for name in ("max_completion_tokens", "context_tokens"):
        value = getattr(client, name)
        if value is not None and value < 1:
            raise Unprocessable(f"'{name}' must be a whole number from 1.", param=name)


def _check_provider(client: LLMClient, catalog: Catalog) -> None:
    if client.provider is None:
        return
    check_known(client.provider, catalog.providers, "provider", "provider")
    known = catalog.providers[client.provider].provider.known_models
    if known is not None and client.model is not None:
        check_known(client.model, known, f"model of the provider {client.provider!r}", "model")


def _check_plugins(client: LLMClient, catalog: Catalog) -> None:
    plugins = {record.name: record for record in catalog.plugins}
    for place, name in enumerate(client.plugins or ()):
        param = f"plugins[{place}]"
        check_known(name, plugins, "plugin", param)
        _check_loaded(plugins[name], param)


def _check_tools(client: LLMClient, catalog: Catalog) -> None:
    for place, tool in enumerate(client.tools or ()):
        _check_tool(tool, client, catalog, f"tools[{place}]")


def _check_rules(client: LLMClient, catalog: Catalog) -> None:
    for place, spec in enumerate(rule_specs(client.rules)):
        param = f"rules[{place}]"
        if spec.directive == "always" and spec.terms:
            raise Unprocessable("A rule that always selects looks for no terms.", param=f"{param}.terms")
        try:
            rule_of(spec)
        except ConfigurationError as error:
            raise Unprocessable(f"'{param}': {error}", param=param) from None
        for number, tool in enumerate(spec.tools):
            _check_tool(tool, client, catalog, f"{param}.tools[{number}]")
            if client.tools is not None and tool not in client.tools:
                raise Unprocessable(f"The tool {tool!r} is not one of the client's 'tools'.", param=param)


def _check_tool(identity: str, client: LLMClient, catalog: Catalog, param: str) -> None:
    check_known(identity, catalog.tools, "tool", param, "Tools are named as plugin.tool.")
    plugin = catalog.tools[identity].plugin.name
    if client.plugins is not None and plugin not in client.plugins:
        raise Unprocessable(
            f"The tool {identity!r} is of the plugin {plugin!r}, which is not one of the client's 'plugins'.",
            param=param,
        )


def _check_loaded(plugin: PluginRecord, param: str) -> None:
    if plugin.state is PluginState.DENIED:
        raise Unprocessable(f"The plugin {plugin.name!r} is switched off on this server.", param=param)
    if plugin.state is not PluginState.LOADED:
        raise Unprocessable(f"The plugin {plugin.name!r} is in quarantine.", param=param)


_Check: TypeAlias = "Callable[[LLMClient, Catalog], None]"

_CHECKS: Final[tuple[tuple[frozenset[str], _Check], ...]] = (
    (frozenset({"name"}), _check_name),
    (frozenset({"temperature", "max_completion_tokens", "context_tokens"}), _check_numbers),
    (frozenset({"provider", "model"}), _check_provider),
    (frozenset({"plugins"}), _check_plugins),
    (frozenset({"plugins", "tools"}), _check_tools),
    (frozenset({"plugins", "tools", "rules"}), _check_rules),
)
"""By which columns each check is called for."""
