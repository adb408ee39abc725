"""What plugin authors test with: a host of their own, a scripted model, and assertions that explain themselves."""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .clients import async_openai_client as async_openai_client
    from .clients import openai_client as openai_client
    from .contexts import tool_context as tool_context
    from .decided import Selection as Selection
    from .decided import assert_not_selected as assert_not_selected
    from .decided import assert_selected as assert_selected
    from .event_examples import service_events as service_events
    from .event_examples import turn_events as turn_events
    from .host import Host as Host
    from .live import LiveHost as LiveHost
    from .live import live_host as live_host
    from .replaying import replay as replay
    from .schemas import assert_schemas as assert_schemas
    from .script import Failure as Failure
    from .script import ScriptError as ScriptError
    from .script import ToolUse as ToolUse
    from .script import calls as calls
    from .script import fails as fails
    from .traffic import TrafficRefused as TrafficRefused
    from .turns import ToolCallFailed as ToolCallFailed
    from .turns import ToolReply as ToolReply
    from .turns import Turn as Turn
    from .turns import TurnCall as TurnCall

_HOMES = MappingProxyType(
    {
        "Failure": ".script",
        "Host": ".host",
        "LiveHost": ".live",
        "ScriptError": ".script",
        "Selection": ".decided",
        "ToolCallFailed": ".turns",
        "ToolReply": ".turns",
        "ToolUse": ".script",
        "TrafficRefused": ".traffic",
        "Turn": ".turns",
        "TurnCall": ".turns",
        "assert_not_selected": ".decided",
        "assert_schemas": ".schemas",
        "assert_selected": ".decided",
        "async_openai_client": ".clients",
        "calls": ".script",
        "fails": ".script",
        "live_host": ".live",
        "openai_client": ".clients",
        "replay": ".replaying",
        "service_events": ".event_examples",
        "tool_context": ".contexts",
        "turn_events": ".event_examples",
    }
)

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    """Load a public name from the module it lives in (PEP 562): every test run of every project imports this."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name], __name__), name)
    msg = f"module 'promptdock.testing' has no attribute {name!r}"
    raise AttributeError(msg)
