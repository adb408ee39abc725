"""Which members of the events around turns the log gets; those of turns stand in ``facts``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["CONTENT", "PLAIN"]

_REQUEST = ("method", "path")
_LLM_CLIENT = ("llm_client", "llm_client_id")
_BUDGET = ("budget", "scope", "metric", "limit", "left")
_PLUGIN = ("plugin", "distribution", "version")
_TOKENS = ("prompt_tokens", "completion_tokens", "total_tokens", "estimated")

PLAIN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "api_request_started": _REQUEST,
        "api_request_completed": (*_REQUEST, "status", "ms"),
        "api_request_failed": (*_REQUEST, "status", "code", "ms"),
        "authentication_requested": ("scheme",),
        "authentication_succeeded": ("kind", "key_id"),
        "authentication_failed": ("reason",),
        "key_created": ("key_id",),
        "key_updated": ("key_id", "changed"),
        "key_deleted": ("key_id",),
        "user_created": ("user_id",),
        "account_created": ("account_id", "number"),
        "llm_client_created": _LLM_CLIENT,
        "llm_client_updated": (*_LLM_CLIENT, "changed"),
        "llm_client_deleted": _LLM_CLIENT,
        "llm_client_deployed": _LLM_CLIENT,
        "llm_client_undeployed": _LLM_CLIENT,
        "domain_verification_requested": ("domain", "method"),
        "domain_verified": ("domain", "method"),
        "domain_verification_failed": ("domain", "method"),
        "llm_client_called": (*_LLM_CLIENT, "host", "stream"),
        "session_opened": (*_LLM_CLIENT, "session_id"),
        "prompt_configured": (*_LLM_CLIENT, "session_id", "issued"),
        "charge_authorized": _BUDGET,
        "charge_declined": _BUDGET,
        "charge_recorded": ("charge_id", "kind", "provider", "model", "plugin", "tool", *_TOKENS, "cost", "llm_client"),
        "relay_requested": ("provider", *_REQUEST),
        "relay_received": ("provider", *_REQUEST, "status", "ms"),
        "relay_failed": ("provider", *_REQUEST, "status", "code", "ms"),
        "plugin_loaded": (*_PLUGIN, "ms"),
        "plugin_quarantined": _PLUGIN,
        "plugin_denied": (*_PLUGIN, "reason"),
    }
)
"""By hook, the facts that every operator gets."""

CONTENT: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "key_created": ("name",),
        "key_updated": ("name",),
        "key_deleted": ("name",),
        "user_created": ("name",),
        "domain_verification_failed": ("reason",),
        "plugin_loaded": ("hooks",),
        "plugin_quarantined": ("reason", "remedy"),
    }
)
"""By hook, what is logged with ``include_content`` only: people's names, and texts that may quote what went wrong."""
