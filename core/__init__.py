"""promptdock: a host for pip-installed plugins that serve language models.

This folder is ``core/`` in a checkout and ``promptdock`` once installed. Everything a plugin author needs is imported
from here, and loaded on first use, so that ``import promptdock`` stays cheap for every process that only finds plugins.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .effects import Effect as Effect
    from .errors import ConfigurationError as ConfigurationError
    from .errors import ErrorInfo as ErrorInfo
    from .errors import PluginError as PluginError
    from .errors import PromptdockError as PromptdockError
    from .handlers import ChatHandler as ChatHandler
    from .handlers import Handlers as Handlers
    from .handlers import PassthroughHandler as PassthroughHandler
    from .hook_versions import PromptdockDeprecationWarning as PromptdockDeprecationWarning
    from .hookmarkers import hookimpl as hookimpl
    from .prompts.dock import Dock as Dock
    from .prompts.dock import open_dock as open_dock
    from .prompts.task import PromptTask as PromptTask
    from .providers.base import Capabilities as Capabilities
    from .providers.base import CompletionCall as CompletionCall
    from .providers.base import ModelInfo as ModelInfo
    from .providers.base import Provider as Provider
    from .providers.offline import OfflineProvider as OfflineProvider
    from .providers.openai_compatible import OpenAICompatibleProvider as OpenAICompatibleProvider
    from .providers.relay import RelayReply as RelayReply
    from .providers.relay import RelayRequest as RelayRequest
    from .selection.decisions import Decision as Decision
    from .selection.rules import Always as Always
    from .selection.rules import PromptSettings as PromptSettings
    from .selection.rules import SearchTerms as SearchTerms
    from .selection.rules import SelectionRequest as SelectionRequest
    from .selection.rules import SelectionRule as SelectionRule
    from .selection.rules import Verdict as Verdict
    from .service import PromptService as PromptService
    from .service import open_service as open_service
    from .service_events import AccountCreated as AccountCreated
    from .service_events import APIRequestCompleted as APIRequestCompleted
    from .service_events import APIRequestFailed as APIRequestFailed
    from .service_events import APIRequestStarted as APIRequestStarted
    from .service_events import AuthenticationFailed as AuthenticationFailed
    from .service_events import AuthenticationRequested as AuthenticationRequested
    from .service_events import AuthenticationSucceeded as AuthenticationSucceeded
    from .service_events import ChargeAuthorized as ChargeAuthorized
    from .service_events import ChargeDeclined as ChargeDeclined
    from .service_events import ChargeRecorded as ChargeRecorded
    from .service_events import DomainVerificationFailed as DomainVerificationFailed
    from .service_events import DomainVerificationRequested as DomainVerificationRequested
    from .service_events import DomainVerified as DomainVerified
    from .service_events import KeyCreated as KeyCreated
    from .service_events import KeyDeleted as KeyDeleted
    from .service_events import KeyUpdated as KeyUpdated
    from .service_events import LLMClientCalled as LLMClientCalled
    from .service_events import LLMClientCreated as LLMClientCreated
    from .service_events import LLMClientDeleted as LLMClientDeleted
    from .service_events import LLMClientDeployed as LLMClientDeployed
    from .service_events import LLMClientUndeployed as LLMClientUndeployed
    from .service_events import LLMClientUpdated as LLMClientUpdated
    from .service_events import PluginDenied as PluginDenied
    from .service_events import PluginLoaded as PluginLoaded
    from .service_events import PluginQuarantined as PluginQuarantined
    from .service_events import PromptConfigured as PromptConfigured
    from .service_events import RelayFailed as RelayFailed
    from .service_events import RelayReceived as RelayReceived
    from .service_events import RelayRequested as RelayRequested
    from .service_events import ServiceEvent as ServiceEvent
    from .service_events import SessionOpened as SessionOpened
    from .service_events import UserCreated as UserCreated
    from .settings import ProviderSettings as ProviderSettings
    from .settings import Settings as Settings
    from .tools.approval import Allow as Allow
    from .tools.approval import Deny as Deny
    from .tools.approval import ToolCall as ToolCall
    from .tools.context import HttpClient as HttpClient
    from .tools.context import HttpResponse as HttpResponse
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
    from .turn.events import Usage as Usage
    from .turn.fold import TurnResult as TurnResult
    from .turn.fold import fold_turn as fold_turn
    from .turn.request import Caller as Caller
    from .turn.request import EffectiveSettings as EffectiveSettings
    from .turn.request import PromptDefaults as PromptDefaults
    from .turn.request import PromptRequest as PromptRequest
    from .turn.request import SelectionRuleSpec as SelectionRuleSpec
    from .turn.request import ToolScope as ToolScope

__version__ = "0.2.0"

_HOMES = {
    "APIRequestCompleted": ".service_events",
    "APIRequestFailed": ".service_events",
    "APIRequestStarted": ".service_events",
    "AccountCreated": ".service_events",
    "Allow": ".tools.approval",
    "Always": ".selection.rules",
    "AuthenticationFailed": ".service_events",
    "AuthenticationRequested": ".service_events",
    "AuthenticationSucceeded": ".service_events",
    "Caller": ".turn.request",
    "Capabilities": ".providers.base",
    "ChargeAuthorized": ".service_events",
    "ChargeDeclined": ".service_events",
    "ChargeRecorded": ".service_events",
    "ChatHandler": ".handlers",
    "CompletionCall": ".providers.base",
    "CompletionDelta": ".turn.events",
    "CompletionReceived": ".turn.events",
    "CompletionRequested": ".turn.events",
    "ConfigurationError": ".errors",
    "Decision": ".selection.decisions",
    "Deny": ".tools.approval",
    "Dock": ".prompts.dock",
    "DomainVerificationFailed": ".service_events",
    "DomainVerificationRequested": ".service_events",
    "DomainVerified": ".service_events",
    "Effect": ".effects",
    "EffectiveSettings": ".turn.request",
    "ErrorInfo": ".errors",
    "Event": ".turn.events",
    "Handlers": ".handlers",
    "HttpClient": ".tools.context",
    "HttpResponse": ".tools.context",
    "KeyCreated": ".service_events",
    "KeyDeleted": ".service_events",
    "KeyUpdated": ".service_events",
    "LLMClientCalled": ".service_events",
    "LLMClientCreated": ".service_events",
    "LLMClientDeleted": ".service_events",
    "LLMClientDeployed": ".service_events",
    "LLMClientUndeployed": ".service_events",
    "LLMClientUpdated": ".service_events",
    "ModelInfo": ".providers.base",
    "OfflineProvider": ".providers.offline",
    "OpenAICompatibleProvider": ".providers.openai_compatible",
    "PassthroughHandler": ".handlers",
    "PluginCalled": ".turn.events",
    "PluginDenied": ".service_events",
    "PluginError": ".errors",
    "PluginLoaded": ".service_events",
    "PluginQuarantined": ".service_events",
    "PluginResponded": ".turn.events",
    "PluginSelected": ".turn.events",
    "PromptConfigured": ".service_events",
    "PromptDefaults": ".turn.request",
    "PromptRequest": ".turn.request",
    "PromptService": ".service",
    "PromptSettings": ".selection.rules",
    "PromptTask": ".prompts.task",
    "PromptdockDeprecationWarning": ".hook_versions",
    "PromptdockError": ".errors",
    "Provider": ".providers.base",
    "ProviderInitialized": ".turn.events",
    "ProviderSettings": ".settings",
    "RelayFailed": ".service_events",
    "RelayReceived": ".service_events",
    "RelayReply": ".providers.relay",
    "RelayRequest": ".providers.relay",
    "RelayRequested": ".service_events",
    "SearchTerms": ".selection.rules",
    "SelectionRequest": ".selection.rules",
    "SelectionRule": ".selection.rules",
    "SelectionRuleSpec": ".turn.request",
    "ServiceEvent": ".service_events",
    "SessionOpened": ".service_events",
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
    "ToolScope": ".turn.request",
    "TurnFailed": ".turn.events",
    "TurnFinished": ".turn.events",
    "TurnResult": ".turn.fold",
    "TurnStarted": ".turn.events",
    "Usage": ".turn.events",
    "UserCreated": ".service_events",
    "Verdict": ".selection.rules",
    "fold_turn": ".turn.fold",
    "hookimpl": ".hookmarkers",
    "open_dock": ".prompts.dock",
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
