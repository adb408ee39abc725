"""What a request is about: its command and its thing, as envelopes and the journal name them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from .paths import path_of

__all__ = ["Subject", "subject_of"]

_SHOWN: Final = 16
"""The most characters of a method that nobody knows."""

_COMMANDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "DELETE": "delete",
        "GET": "get",
        "HEAD": "get",
        "OPTIONS": "options",
        "PATCH": "update",
        "POST": "create",
        "PUT": "update",
    }
)

_THINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "accounts": "Account",
        "api-keys": "APIKey",
        "budgets": "Budget",
        "charges": "Charge",
        "chat": "ChatCompletion",
        "custom-domains": "CustomDomain",
        "journal": "JournalEntry",
        "keys": "APIKey",
        "llm-clients": "LLMClient",
        "log-levels": "LogLevel",
        "models": "Model",
        "passthrough": "Passthrough",
        "plugins": "Plugin",
        "prices": "Price",
        "prompts": "Prompt",
        "providers": "Provider",
        "sessions": "Session",
        "tool-calls": "ToolCall",
        "tools": "Tool",
        "turns": "Turn",
        "users": "User",
    }
)
"""The thing by the first part of a path after ``/v1/``, for requests that no route takes."""


class Subject(NamedTuple):
    """What a request is about.

    Attributes:
        command: What is to be done, e.g. ``create``.
        thing: To what, e.g. ``LLMClient``; None when the path names nothing that we know.
    """

    command: str
    thing: str | None


def subject_of(scope: Mapping[str, Any]) -> Subject:
    """What a request is about: as its route says in ``opt``, else as method and path have it.

    Args:
        scope: The request's ASGI scope.
    """
    route = scope.get("route_handler")
    told: Mapping[str, Any] = getattr(route, "opt", None) or {}
    method: str = scope["method"]
    command = told.get("command") or _COMMANDS.get(method) or method[:_SHOWN].lower()
    return Subject(command, told.get("thing") or _thing(path_of(scope)))


def _thing(path: str) -> str | None:
    parts = path.strip("/").split("/")
    if parts[-1:] == ["config"]:
        return "ChatConfig"
    return "LLMClient" if parts == ["prompt"] else _THINGS.get(path.partition("/v1/")[2].partition("/")[0])
