"""A prompt service whose provider is the fake upstream, with plugins given as objects."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from promptdock import PromptService, SelectionRule, Settings, Tool, hookimpl, open_service
from tests.support.upstream import Upstream

__all__ = ["Plugin", "service_at", "settings_at"]


class Plugin:
    """A plugin made of tools and rules."""

    def __init__(self, *tools: Tool, rules: Sequence[SelectionRule] = ()) -> None:
        self.tools = tools
        self.rules = rules

    @hookimpl
    def register_tools(self) -> Sequence[Tool]:
        return self.tools

    @hookimpl
    def register_selection_rules(self) -> Sequence[SelectionRule]:
        return self.rules


def settings_at(upstream: Upstream, **members: Any) -> Settings:
    """Settings with the provider ``fake`` at the upstream, and none of the built-in tools."""
    fake = {"base_url": upstream.base_url, "api_key": "sk-fake-1234", "default_model": "m1", "max_retries": 0}
    given: dict[str, Any] = {
        "providers": {"fake": fake},
        "default_provider": "fake",
        "plugins_deny": ("calculator", "date_calculator", "weather"),
        "strict": True,
    }
    return Settings(**(given | members))


@asynccontextmanager
async def service_at(
    upstream: Upstream, *, plugins: Mapping[str, object] | None = None, **members: Any
) -> AsyncIterator[PromptService]:
    """A service whose default provider is the upstream."""
    async with open_service(settings_at(upstream, **members), extra=plugins) as service:
        yield service
