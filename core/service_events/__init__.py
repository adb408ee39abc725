"""What happens around turns: frozen events of requests, sessions, LLM clients, money, keys and plugins.

Every kind has its observe hook, named by its ``hook``; :meth:`promptdock.plugins.host.PluginHost.tell` delivers them.
None holds a key, a secret, a header, a query or a body.
"""

from .access import (
    AccountCreated,
    AuthenticationFailed,
    AuthenticationRequested,
    AuthenticationSucceeded,
    KeyCreated,
    KeyDeleted,
    KeyUpdated,
    UserCreated,
)
from .base import ServiceEvent
from .clients import (
    DomainVerificationFailed,
    DomainVerificationRequested,
    DomainVerified,
    LLMClientCalled,
    LLMClientCreated,
    LLMClientDeleted,
    LLMClientDeployed,
    LLMClientUndeployed,
    LLMClientUpdated,
    PromptConfigured,
    SessionOpened,
)
from .money import ChargeAuthorized, ChargeDeclined, ChargeRecorded
from .plugins import PluginDenied, PluginLoaded, PluginQuarantined
from .requests import (
    APIRequestCompleted,
    APIRequestFailed,
    APIRequestStarted,
    RelayFailed,
    RelayReceived,
    RelayRequested,
)

__all__ = [
    "APIRequestCompleted",
    "APIRequestFailed",
    "APIRequestStarted",
    "AccountCreated",
    "AuthenticationFailed",
    "AuthenticationRequested",
    "AuthenticationSucceeded",
    "ChargeAuthorized",
    "ChargeDeclined",
    "ChargeRecorded",
    "DomainVerificationFailed",
    "DomainVerificationRequested",
    "DomainVerified",
    "KeyCreated",
    "KeyDeleted",
    "KeyUpdated",
    "LLMClientCalled",
    "LLMClientCreated",
    "LLMClientDeleted",
    "LLMClientDeployed",
    "LLMClientUndeployed",
    "LLMClientUpdated",
    "PluginDenied",
    "PluginLoaded",
    "PluginQuarantined",
    "PromptConfigured",
    "RelayFailed",
    "RelayReceived",
    "RelayRequested",
    "ServiceEvent",
    "SessionOpened",
    "UserCreated",
]
