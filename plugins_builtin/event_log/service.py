"""The hooks around turns: a line for each event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptdock import (
    AccountCreated,
    APIRequestCompleted,
    APIRequestFailed,
    APIRequestStarted,
    AuthenticationFailed,
    AuthenticationRequested,
    AuthenticationSucceeded,
    ChargeAuthorized,
    ChargeDeclined,
    ChargeRecorded,
    DomainVerificationFailed,
    DomainVerificationRequested,
    DomainVerified,
    KeyCreated,
    KeyDeleted,
    KeyUpdated,
    LLMClientCalled,
    LLMClientCreated,
    LLMClientDeleted,
    LLMClientDeployed,
    LLMClientUndeployed,
    LLMClientUpdated,
    PluginDenied,
    PluginLoaded,
    PluginQuarantined,
    PromptConfigured,
    RelayFailed,
    RelayReceived,
    RelayRequested,
    SessionOpened,
    UserCreated,
    hookimpl,
)

from .line import is_read, write

if TYPE_CHECKING:
    from .settings import EventLogSettings

__all__ = [
    "account_created",
    "api_request_completed",
    "api_request_failed",
    "api_request_started",
    "authentication_failed",
    "authentication_requested",
    "authentication_succeeded",
    "charge_authorized",
    "charge_declined",
    "charge_recorded",
    "domain_verification_failed",
    "domain_verification_requested",
    "domain_verified",
    "key_created",
    "key_deleted",
    "key_updated",
    "llm_client_called",
    "llm_client_created",
    "llm_client_deleted",
    "llm_client_deployed",
    "llm_client_undeployed",
    "llm_client_updated",
    "plugin_denied",
    "plugin_loaded",
    "plugin_quarantined",
    "prompt_configured",
    "relay_failed",
    "relay_received",
    "relay_requested",
    "session_opened",
    "user_created",
]


@hookimpl(nonblocking=True, wanted=is_read)
def api_request_started(event: APIRequestStarted, settings: EventLogSettings) -> None:
    """Method, path."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def api_request_completed(event: APIRequestCompleted, settings: EventLogSettings) -> None:
    """Method, path, status, time."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def api_request_failed(event: APIRequestFailed, settings: EventLogSettings) -> None:
    """Method, path, status, code, time."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def authentication_requested(event: AuthenticationRequested, settings: EventLogSettings) -> None:
    """How the key came."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def authentication_succeeded(event: AuthenticationSucceeded, settings: EventLogSettings) -> None:
    """Whose kind of key, its id."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def authentication_failed(event: AuthenticationFailed, settings: EventLogSettings) -> None:
    """Why, as a code."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def key_created(event: KeyCreated, settings: EventLogSettings) -> None:
    """Id of the key."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def key_updated(event: KeyUpdated, settings: EventLogSettings) -> None:
    """Id of the key, what changed."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def key_deleted(event: KeyDeleted, settings: EventLogSettings) -> None:
    """Id of the key."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def user_created(event: UserCreated, settings: EventLogSettings) -> None:
    """Id of the user."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def account_created(event: AccountCreated, settings: EventLogSettings) -> None:
    """Id and number of the account."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def llm_client_created(event: LLMClientCreated, settings: EventLogSettings) -> None:
    """LLM client."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def llm_client_updated(event: LLMClientUpdated, settings: EventLogSettings) -> None:
    """LLM client, what changed."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def llm_client_deleted(event: LLMClientDeleted, settings: EventLogSettings) -> None:
    """LLM client."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def llm_client_deployed(event: LLMClientDeployed, settings: EventLogSettings) -> None:
    """LLM client."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def llm_client_undeployed(event: LLMClientUndeployed, settings: EventLogSettings) -> None:
    """LLM client."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def domain_verification_requested(event: DomainVerificationRequested, settings: EventLogSettings) -> None:
    """Domain, method."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def domain_verified(event: DomainVerified, settings: EventLogSettings) -> None:
    """Domain, method."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def domain_verification_failed(event: DomainVerificationFailed, settings: EventLogSettings) -> None:
    """Domain, method."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def llm_client_called(event: LLMClientCalled, settings: EventLogSettings) -> None:
    """LLM client, host, whether it streams."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def session_opened(event: SessionOpened, settings: EventLogSettings) -> None:
    """LLM client, id of the session."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def prompt_configured(event: PromptConfigured, settings: EventLogSettings) -> None:
    """LLM client, id of the session, whether its key is new."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def charge_authorized(event: ChargeAuthorized, settings: EventLogSettings) -> None:
    """Budget, limit, what is left."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def charge_declined(event: ChargeDeclined, settings: EventLogSettings) -> None:
    """Budget, limit, what is left."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def charge_recorded(event: ChargeRecorded, settings: EventLogSettings) -> None:
    """What for, tokens, cost."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def relay_requested(event: RelayRequested, settings: EventLogSettings) -> None:
    """Provider, method, path."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def relay_received(event: RelayReceived, settings: EventLogSettings) -> None:
    """Provider, method, path, status, time, tokens."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def relay_failed(event: RelayFailed, settings: EventLogSettings) -> None:
    """Provider, method, path, status, code, time."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def plugin_loaded(event: PluginLoaded, settings: EventLogSettings) -> None:
    """Plugin, distribution, version, time."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def plugin_quarantined(event: PluginQuarantined, settings: EventLogSettings) -> None:
    """Plugin, distribution, version."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def plugin_denied(event: PluginDenied, settings: EventLogSettings) -> None:
    """Plugin, distribution, version, which list."""
    write(event, settings)
