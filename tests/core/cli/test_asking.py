"""What a person is told when a provider does not answer."""

from __future__ import annotations

from typing import Any

import pytest

from promptdock import CompletionCall, Provider
from promptdock.cli.asking import key_advice, setting_phrase, turn_failure
from promptdock.errors import ErrorInfo
from promptdock.settings import Settings, load_settings


class Local(Provider):
    """A provider without an address."""

    name = "local"

    async def complete(self, call: CompletionCall) -> dict[str, Any]:
        raise NotImplementedError


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of somebody who has set no key."""
    for name in ("OPENAI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return load_settings()


@pytest.mark.parametrize(
    ("code", "message", "hint"),
    [
        ("upstream_unreachable", "The provider local cannot be reached.", "promptdock doctor --online local"),
        ("upstream_timeout", "The provider local did not answer in time.", "PROMPTDOCK_PROVIDERS__LOCAL__TIMEOUT"),
        ("upstream_auth", "The provider local refused the key.", "Set PROMPTDOCK_PROVIDERS__LOCAL__API_KEY to a"),
        ("rate_limit_exceeded", "The provider local's limit is reached.", "Wait for 20 s and try again"),
        ("insufficient_quota", "The provider local's limit is reached.", "no quota left"),
        ("model_not_found", "The provider local's limit is reached.", "promptdock providers list"),
    ],
)
def test_each_failure_is_told_with_what_helps(settings: Settings, code: str, message: str, hint: str) -> None:
    """The provider is named, also where the table of errors knows no name."""
    error = ErrorInfo(
        status=500, code=code, type="server_error", message="The provider's limit is reached.", retry_after=20
    )
    failure = turn_failure(error, Local(), settings)
    assert failure.message == message
    assert hint in failure.hint


def test_the_key_is_advised_where_it_is_set(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own setting, else the vendor's variable that is set, else the usual one."""
    assert key_advice("googleai", settings) == "GEMINI_API_KEY"
    monkeypatch.setenv("GOOGLE_API_KEY", "x")
    assert key_advice("googleai", settings) == "GOOGLE_API_KEY"
    monkeypatch.setenv("PROMPTDOCK_PROVIDERS__GOOGLEAI__API_KEY", "y")
    assert key_advice("googleai", load_settings()) == "PROMPTDOCK_PROVIDERS__GOOGLEAI__API_KEY"


def test_a_name_that_no_variable_can_have_is_set_in_the_file() -> None:
    """Shells take no dash in a variable's name."""
    assert setting_phrase("my-server", "base_url") == "base_url under [providers.my-server] in promptdock.toml"
