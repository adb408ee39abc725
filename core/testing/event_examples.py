"""One event of each kind, for tests of observers."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from .. import service_events as around
from ..errors import ErrorInfo
from ..turn import events as of_turn
from ..turn.request import EffectiveSettings

__all__ = ["service_events", "turn_events"]

_USAGE = of_turn.Usage(prompt_tokens=3, completion_tokens=4, total_tokens=7)


def turn_events(words: str = "words of somebody") -> Sequence[of_turn.Event]:
    """Give one event of each kind that observers hear of a turn, in the order of the hooks.

    Args:
        words: Stand wherever an event holds what people wrote, tools were given, or anybody answered, so that a test
            can look for them in what a plugin keeps.
    """
    where: dict[str, Any] = {"request_id": "req-1", "turn_id": "turn-1", "at": 0.0}
    thread = ({"role": "user", "content": words},)
    completion = {"choices": [{"message": {"content": words}}]}
    call: dict[str, Any] = {"round": 1, "call_id": "call_1", "tool": "p.t", "plugin": "p"}
    info = ErrorInfo(status=502, code="c", type="t", message=words)
    sent = {"model": "m", "messages": thread}
    definition = {"type": "function"}
    used = EffectiveSettings(provider="offline", model="m")
    return (
        of_turn.TurnStarted(**where, caller="ann", text=words, messages=thread, settings=used),
        of_turn.ProviderInitialized(**where, provider="offline", plugin="offline", model="m"),
        of_turn.PluginSelected(
            **where, plugin="p", rule="search_terms (input)", reason=words, terms=(words,), tools=("p.t",)
        ),
        of_turn.SettingsConflicted(**where, setting="model", kept="a", dropped="b"),
        of_turn.ToolPresented(**where, tool="p.t", name="t", plugin="p", reason=words, definition=definition),
        of_turn.CompletionRequested(**where, round=1, provider="offline", request=sent, last=False),
        of_turn.CompletionReceived(**where, round=1, completion=completion, usage=_USAGE, ms=1.23456),
        of_turn.ToolRequested(**where, **call, name=words, arguments=words),
        of_turn.PluginCalled(**where, **call, arguments={"text": words}),
        of_turn.PluginResponded(**where, **call, error=None, ms=2.0),
        of_turn.ToolResponded(**where, **call, name="t", arguments={"text": words}, content=words, error=None, ms=2.5),
        of_turn.TurnFailed(**where, error=info, round=1, ms=1.0, rounds=1, usage=None),
        of_turn.TurnFinished(
            **where, completion=completion, messages=thread, rounds=1, max_rounds_reached=False, usage=None, ms=9.0
        ),
    )


def service_events(words: str = "words of somebody") -> Sequence[around.ServiceEvent]:
    """Give one event of each kind that happens around turns, in the order of the hooks.

    Args:
        words: Stand wherever an event holds what people wrote.
    """
    where: dict[str, Any] = {"request_id": "req-1", "turn_id": "", "at": 0.0, "caller": "ann@7", "account": "7"}
    client: dict[str, Any] = {"llm_client": "helper", "llm_client_id": "client-1"}
    return (*_of_access(where, words), *_of_clients(where, client, words), *_of_money(where), *_at_start(words))


def _of_access(where: dict[str, Any], words: str) -> Sequence[around.ServiceEvent]:
    request: dict[str, Any] = {"method": "POST", "path": "/api/v1/llm-clients/helper/prompt/"}
    key: dict[str, Any] = {"key_id": "key-1", "name": words}
    return (
        around.APIRequestStarted(**where, **request),
        around.APIRequestCompleted(**where, **request, status=200, ms=12.3456),
        around.APIRequestFailed(**where, **request, status=502, code="upstream_error", ms=1.0),
        around.AuthenticationRequested(**where, scheme="bearer"),
        around.AuthenticationSucceeded(**where, kind="user", key_id="key-1"),
        around.AuthenticationFailed(**where, reason="expired"),
        around.KeyCreated(**where, **key),
        around.KeyUpdated(**where, **key, changed=("expires_at", "name")),
        around.KeyDeleted(**where, **key),
        around.UserCreated(**where, user_id="user-1", name=words),
        around.AccountCreated(**where, account_id="account-1", number="8"),
    )


def _of_clients(where: dict[str, Any], client: dict[str, Any], words: str) -> Sequence[around.ServiceEvent]:
    domain: dict[str, Any] = {"domain": "chat.example.com"}
    return (
        around.LLMClientCreated(**where, **client),
        around.LLMClientUpdated(**where, **client, changed=("model",)),
        around.LLMClientDeleted(**where, **client),
        around.LLMClientDeployed(**where, **client),
        around.LLMClientUndeployed(**where, **client),
        around.DomainVerificationRequested(**where, **domain, method=None),
        around.DomainVerified(**where, **domain, method="dns"),
        around.DomainVerificationFailed(**where, **domain, method=None, reason=words),
        around.LLMClientCalled(**where, **client, host="helper.7.api.example.com", stream=True),
        around.SessionOpened(**where, **client, session_id="session-1"),
        around.PromptConfigured(**where, **client, session_id=None, issued=True),
    )


def _of_money(where: dict[str, Any]) -> Sequence[around.ServiceEvent]:
    budget: dict[str, Any] = {"budget": "monthly", "scope": "account", "metric": "cost", "limit": Decimal(10)}
    relay: dict[str, Any] = {"provider": "openai", "method": "POST", "path": "/embeddings"}
    return (
        around.ChargeAuthorized(**where, **budget, left=Decimal("0.5")),
        around.ChargeDeclined(**where, **budget, left=Decimal(0)),
        around.ChargeRecorded(
            **where,
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
        around.RelayRequested(**where, **relay),
        around.RelayReceived(**where, **relay, status=200, ms=5.0, usage=_USAGE),
        around.RelayFailed(**where, **relay, status=504, code="upstream_timeout", ms=5.0),
    )


def _at_start(words: str) -> Sequence[around.ServiceEvent]:
    start: dict[str, Any] = {"request_id": "", "at": 0.0, "caller": "", "account": None}
    plugin: dict[str, Any] = {"plugin": "dice", "distribution": "promptdock-dice", "version": "1.0"}
    return (
        around.PluginLoaded(**start, **plugin, hooks=("register_tools",), ms=1.0),
        around.PluginQuarantined(**start, **plugin, reason=words, remedy=words),
        around.PluginDenied(**start, **plugin, reason="plugins_deny names it"),
    )
