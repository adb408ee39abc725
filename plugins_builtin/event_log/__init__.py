"""Writes every event of a turn, and every event around turns, to the log: one line of JSON each.

The logger is ``promptdock.plugins.event_log``. ``[plugins.event_log]`` in ``promptdock.toml`` takes ``level`` and
``include_content``. Without the latter no line holds what people wrote, what tools were given, or what anybody
answered: only names, numbers and codes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptdock import hookimpl

from .service import (
    account_created,
    api_request_completed,
    api_request_failed,
    api_request_started,
    authentication_failed,
    authentication_requested,
    authentication_succeeded,
    charge_authorized,
    charge_declined,
    charge_recorded,
    domain_verification_failed,
    domain_verification_requested,
    domain_verified,
    key_created,
    key_deleted,
    key_updated,
    llm_client_called,
    llm_client_created,
    llm_client_deleted,
    llm_client_deployed,
    llm_client_undeployed,
    llm_client_updated,
    plugin_denied,
    plugin_loaded,
    plugin_quarantined,
    prompt_configured,
    relay_failed,
    relay_received,
    relay_requested,
    session_opened,
    user_created,
)
from .turns import (
    completion_received,
    completion_requested,
    plugin_called,
    plugin_responded,
    plugin_selected,
    provider_initialized,
    settings_conflicted,
    tool_presented,
    tool_requested,
    tool_responded,
    turn_failed,
    turn_finished,
    turn_started,
)

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
    "completion_received",
    "completion_requested",
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
    "plugin_called",
    "plugin_denied",
    "plugin_loaded",
    "plugin_quarantined",
    "plugin_responded",
    "plugin_selected",
    "prompt_configured",
    "provider_initialized",
    "register_settings",
    "relay_failed",
    "relay_received",
    "relay_requested",
    "session_opened",
    "settings_conflicted",
    "tool_presented",
    "tool_requested",
    "tool_responded",
    "turn_failed",
    "turn_finished",
    "turn_started",
    "user_created",
]


@hookimpl
def register_settings() -> type[EventLogSettings]:
    """How much is logged, and how loud."""
    from .settings import EventLogSettings

    return EventLogSettings
