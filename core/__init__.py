"""promptdock: a host for pip-installed plugins that serve language models.

This folder is ``core/`` in a checkout and ``promptdock`` once installed. Everything a plugin author needs is imported
from here, and loaded on first use, so that ``import promptdock`` stays cheap for every process that only finds plugins.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import ConfigurationError as ConfigurationError
    from .errors import PromptdockError as PromptdockError
    from .hookmarkers import hookimpl as hookimpl
    from .providers.base import Capabilities as Capabilities
    from .providers.base import CompletionCall as CompletionCall
    from .providers.base import ModelInfo as ModelInfo
    from .providers.base import Provider as Provider
    from .providers.offline import OfflineProvider as OfflineProvider
    from .providers.openai_compatible import OpenAICompatibleProvider as OpenAICompatibleProvider
    from .providers.relay import RelayReply as RelayReply
    from .providers.relay import RelayRequest as RelayRequest
    from .selection.rules import Always as Always
    from .selection.rules import PromptSettings as PromptSettings
    from .selection.rules import SearchTerms as SearchTerms
    from .selection.rules import SelectionRequest as SelectionRequest
    from .selection.rules import SelectionRule as SelectionRule
    from .selection.rules import Verdict as Verdict
    from .service import PromptService as PromptService
    from .service import open_service as open_service
    from .settings import ProviderSettings as ProviderSettings
    from .settings import Settings as Settings
    from .tools.approval import Allow as Allow
    from .tools.approval import Deny as Deny
    from .tools.approval import ToolCall as ToolCall
    from .tools.context import ToolContext as ToolContext
    from .tools.errors import ToolError as ToolError
    from .tools.outcome import ToolResult as ToolResult
    from .tools.tool import Tool as Tool
    from .tools.tool import tool as tool
    from .turn.events import CompletionDelta as CompletionDelta
    from .turn.events import CompletionReceived as CompletionReceived
    from .turn.events import CompletionRequested as CompletionRequested
    from .turn.events import Event as Event
    from .turn.events import PluginCalled as PluginCalled
    from .turn.events import PluginResponded as PluginResponded
    from .turn.events import PluginSelected as PluginSelected
    from .turn.events import ProviderInitialized as ProviderInitialized
    from .turn.events import SettingsConflicted as SettingsConflicted
    from .turn.events import ToolPresented as ToolPresented
    from .turn.events import ToolProgressed as ToolProgressed
    from .turn.events import ToolRequested as ToolRequested
    from .turn.events import ToolResponded as ToolResponded
    from .turn.events import TurnFailed as TurnFailed
    from .turn.events import TurnFinished as TurnFinished
    from .turn.events import TurnStarted as TurnStarted
    from .turn.request import Caller as Caller
    from .turn.request import PromptRequest as PromptRequest

__version__ = "0.1.0"

_HOMES = {
    "Allow": ".tools.approval",
    "Always": ".selection.rules",
    "Caller": ".turn.request",
    "Capabilities": ".providers.base",
    "CompletionCall": ".providers.base",
    "CompletionDelta": ".turn.events",
    "CompletionReceived": ".turn.events",
    "CompletionRequested": ".turn.events",
    "ConfigurationError": ".errors",
    "Deny": ".tools.approval",
    "Event": ".turn.events",
    "ModelInfo": ".providers.base",
    "OfflineProvider": ".providers.offline",
    "OpenAICompatibleProvider": ".providers.openai_compatible",
    "PluginCalled": ".turn.events",
    "PluginResponded": ".turn.events",
    "PluginSelected": ".turn.events",
    "PromptRequest": ".turn.request",
    "PromptService": ".service",
    "PromptSettings": ".selection.rules",
    "PromptdockError": ".errors",
    "Provider": ".providers.base",
    "ProviderInitialized": ".turn.events",
    "ProviderSettings": ".settings",
    "RelayReply": ".providers.relay",
    "RelayRequest": ".providers.relay",
    "SearchTerms": ".selection.rules",
    "SelectionRequest": ".selection.rules",
    "SelectionRule": ".selection.rules",
    "Settings": ".settings",
    "SettingsConflicted": ".turn.events",
    "Tool": ".tools.tool",
    "ToolCall": ".tools.approval",
    "ToolContext": ".tools.context",
    "ToolError": ".tools.errors",
    "ToolPresented": ".turn.events",
    "ToolProgressed": ".turn.events",
    "ToolRequested": ".turn.events",
    "ToolResponded": ".turn.events",
    "ToolResult": ".tools.outcome",
    "TurnFailed": ".turn.events",
    "TurnFinished": ".turn.events",
    "TurnStarted": ".turn.events",
    "Verdict": ".selection.rules",
    "hookimpl": ".hookmarkers",
    "open_service": ".service",
    "tool": ".tools.tool",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    """Load a public name from the module it lives in (PEP 562)."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name], __name__), name)
    msg = f"module 'promptdock' has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted(__all__)
