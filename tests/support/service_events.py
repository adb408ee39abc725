"""One event of each kind that happens around turns, in the order of the hooks."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from promptdock import service_events as kinds
from promptdock.turn.events import Usage

__all__ = ["AROUND", "NAMED"]

NAMED = "a name that somebody chose"
"""Stands wherever an event holds what people wrote."""

WHERE: dict[str, Any] = {"request_id": "req-1", "turn_id": "", "at": 0.0, "caller": "ann@7", "account": "7"}
START: dict[str, Any] = {"request_id": "", "at": 0.0, "caller": "", "account": None}
REQUEST: dict[str, Any] = {"method": "POST", "path": "/api/v1/llm-clients/helper/prompt/"}
RELAY: dict[str, Any] = {"provider": "openai", "method": "POST", "path": "/embeddings"}
CLIENT: dict[str, Any] = {"llm_client": "helper", "llm_client_id": "client-1"}
BUDGET: dict[str, Any] = {"budget": "monthly", "scope": "account", "metric": "cost", "limit": Decimal(10)}
PLUGIN: dict[str, Any] = {"plugin": "dice", "distribution": "promptdock-dice", "version": "1.0"}

AROUND: Sequence[kinds.ServiceEvent] = (
    kinds.APIRequestStarted(**WHERE, **REQUEST),
    kinds.APIRequestCompleted(**WHERE, **REQUEST, status=200, ms=12.3456),
    kinds.APIRequestFailed(**WHERE, **REQUEST, status=502, code="upstream_error", ms=1.0),
    kinds.AuthenticationRequested(**WHERE, scheme="bearer"),
    kinds.AuthenticationSucceeded(**WHERE, kind="user", key_id="key-1"),
    kinds.AuthenticationFailed(**WHERE, reason="expired"),
    kinds.KeyCreated(**WHERE, key_id="key-1", name=NAMED),
    kinds.KeyUpdated(**WHERE, key_id="key-1", name=NAMED, changed=("expires_at", "name")),
    kinds.KeyDeleted(**WHERE, key_id="key-1", name=NAMED),
    kinds.UserCreated(**WHERE, user_id="user-1", name=NAMED),
    kinds.AccountCreated(**WHERE, account_id="account-1", number="8"),
    kinds.LLMClientCreated(**WHERE, **CLIENT),
    kinds.LLMClientUpdated(**WHERE, **CLIENT, changed=("model",)),
    kinds.LLMClientDeleted(**WHERE, **CLIENT),
    kinds.LLMClientDeployed(**WHERE, **CLIENT),
    kinds.LLMClientUndeployed(**WHERE, **CLIENT),
    kinds.DomainVerificationRequested(**WHERE, domain="chat.example.com", method=None),
    kinds.DomainVerified(**WHERE, domain="chat.example.com", method="dns"),
    kinds.DomainVerificationFailed(**WHERE, domain="chat.example.com", method=None, reason=NAMED),
    kinds.LLMClientCalled(**WHERE, **CLIENT, host="helper.7.api.example.com", stream=True),
    kinds.SessionOpened(**WHERE, **CLIENT, session_id="session-1"),
    kinds.PromptConfigured(**WHERE, **CLIENT, session_id=None, issued=True),
    kinds.ChargeAuthorized(**WHERE, **BUDGET, left=Decimal("0.5")),
    kinds.ChargeDeclined(**WHERE, **BUDGET, left=Decimal(0)),
    kinds.ChargeRecorded(
        **WHERE,
        charge_id="charge-1",
        kind="completion",
        provider="openai",
        model="m",
        plugin=None,
        tool=None,
        prompt_tokens=3,
        completion_tokens=4,
        total_tokens=7,
        estimated=False,
        cost=Decimal("0.000123"),
        llm_client="helper",
    ),
    kinds.RelayRequested(**WHERE, **RELAY),
    kinds.RelayReceived(
        **WHERE, **RELAY, status=200, ms=5.0, usage=Usage(prompt_tokens=3, completion_tokens=4, total_tokens=7)
    ),
    kinds.RelayFailed(**WHERE, **RELAY, status=504, code="upstream_timeout", ms=5.0),
    kinds.PluginLoaded(**START, **PLUGIN, hooks=("register_tools",), ms=1.0),
    kinds.PluginQuarantined(**START, **PLUGIN, reason=NAMED, remedy=NAMED),
    kinds.PluginDenied(**START, **PLUGIN, reason="plugins_deny names it"),
)
