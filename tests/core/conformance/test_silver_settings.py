"""Settings models that take anything, and secrets that get about."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from promptdock import SearchTerms, Tool, ToolContext, ToolError, hookimpl, tool
from promptdock.conformance.canaries import Canary, planted, secret_fields, sightings
from promptdock.conformance.check import NotApplicable
from tests.support.checking import PluginOf, check

CLOSED = "silver_settings:settings-closed"
HIDDEN = "silver_secrets:secrets-hidden"


class Closed(BaseModel):
    """Refuses what it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_key: SecretStr = SecretStr("")
    city: str = "Ulm"


class Open(BaseModel):
    """Takes anything."""

    model_config = ConfigDict(extra="ignore")

    city: str = "Ulm"


class Plain(BaseModel):
    """Says nothing about it; the host refuses for it."""

    city: str = "Ulm"


class Nested(BaseModel):
    """Has an open model inside."""

    model_config = ConfigDict(extra="forbid")

    places: list[Plain] = []


@pytest.mark.parametrize("model", [Closed, Plain])
def test_models_that_refuse_unknown_keys_pass(model: type[BaseModel], tmp_path: Path) -> None:
    """By themselves or by the host."""
    assert check(CLOSED, PluginOf(settings=model), tmp_path) == []


def test_a_model_that_takes_anything_is_found(tmp_path: Path) -> None:
    """A misspelt key would be lost."""
    (finding,) = check(CLOSED, PluginOf(settings=Open), tmp_path)
    assert "Open takes a key" in finding.text
    assert 'extra="forbid"' in finding.remedy


def test_models_inside_are_looked_at_too(tmp_path: Path) -> None:
    """The host looks at the outermost keys only."""
    (finding,) = check(CLOSED, PluginOf(settings=Nested), tmp_path)
    assert finding.subject == "places"


def test_a_plugin_without_settings_has_nothing_to_look_at(tmp_path: Path) -> None:
    """That counts as passed."""
    with pytest.raises(NotApplicable, match="no settings"):
        check(CLOSED, PluginOf(), tmp_path)


def secret(context: ToolContext) -> str:
    """The key, as a tool gets it."""
    settings = context.settings
    assert isinstance(settings, Closed)
    return settings.api_key.get_secret_value()


@tool(examples=[{"city": "Ulm"}])
def discreet(city: str, *, context: ToolContext) -> str:
    """Use the key, and say nothing about it."""
    logging.getLogger("sample").info("asking with %r", context.settings)
    if len(secret(context)) > 0 and city == "nowhere":
        raise ToolError("There is no such city.")
    return f"Fine weather in {city}."


def test_a_plugin_that_keeps_its_secrets_passes(tmp_path: Path) -> None:
    """Although it logs its settings: SecretStr hides itself."""
    assert check(HIDDEN, PluginOf(discreet, settings=Closed), tmp_path) == []


def _logs(context: ToolContext) -> str:
    logging.getLogger("sample").debug("asking with %s", secret(context))
    return "fine"


def _prints(context: ToolContext) -> str:
    print(secret(context))  # noqa: T201
    return "fine"


def _answers(context: ToolContext) -> str:
    return f"https://example.com/?key={secret(context)}"


def _refuses(context: ToolContext) -> str:
    raise ToolError(f"The key {secret(context)} is not good.")


def _raises(context: ToolContext) -> str:
    raise ValueError(secret(context))


@pytest.mark.parametrize(
    ("leak", "where"),
    [
        (_logs, "the log of sample"),
        (_prints, "what it prints"),
        (_answers, "what sample.leaky answers"),
        (_refuses, "what sample.leaky answers"),
        (_raises, "the log of promptdock.tools"),
    ],
    ids=["log", "print", "result", "error", "traceback"],
)
def test_leaks_are_found_where_they_are(leak: Callable[[ToolContext], str], where: str, tmp_path: Path) -> None:
    """Each of them names the secret by its field."""

    @tool(examples=[{}])
    def leaky(*, context: ToolContext) -> str:
        """Tell too much."""
        return leak(context)

    found = check(HIDDEN, PluginOf(leaky, settings=Closed), tmp_path)
    assert any(where in finding.text for finding in found), found
    assert {finding.subject for finding in found} == {"plugins.sample.api_key"}
    assert Canary.of("api_key") not in repr(found)


class ShowsKey(BaseModel):
    """A key that is plain text."""

    model_config = ConfigDict(extra="forbid")

    api_key: str = ""


def test_a_key_that_is_plain_text_is_found_in_the_repr(tmp_path: Path) -> None:
    """Fields count by their name, too."""
    found = check(HIDDEN, PluginOf(settings=ShowsKey), tmp_path)
    assert any("the repr of its settings" in finding.text for finding in found)


def test_a_failing_load_that_repeats_a_secret_is_found(tmp_path: Path) -> None:
    """The reason of a quarantine is shown to everybody who may list plugins."""

    class Fussy(PluginOf):
        @hookimpl
        def register_tools(self, settings: Closed) -> list[Tool]:  # type: ignore[override]
            if settings.api_key.get_secret_value():
                raise ValueError(f"The key {settings.api_key.get_secret_value()} is not good.")
            return []

    found = check(HIDDEN, Fussy(settings=Closed), tmp_path)
    assert any("the reason of its quarantine" in finding.text for finding in found)


def test_a_secret_in_what_is_registered_is_found(tmp_path: Path) -> None:
    """Texts of rules go into prompts."""

    class Telling(PluginOf):
        @hookimpl
        def register_selection_rules(self, settings: Closed) -> list[SearchTerms]:  # type: ignore[override]
            return [SearchTerms("hello", system=f"Use the key {settings.api_key.get_secret_value()}.")]

    found = check(HIDDEN, Telling(settings=Closed), tmp_path)
    assert any("a rule" in finding.text for finding in found)


def test_secrets_are_known_by_type_and_by_name() -> None:
    """At every depth, under the names by which they are filled."""

    class Login(BaseModel):
        user: str = ""
        password: str = ""

    class Model(BaseModel):
        key: SecretStr | None = None
        token: str = Field(default="", alias="my_token")
        tokens_per_minute: int = 0
        login: Login = Login()

    assert list(secret_fields(Model)) == [("key",), ("my_token",), ("login", "password")]


def test_canaries_are_planted_and_seen() -> None:
    """As they are, and in base64."""
    canary = Canary.of("x")
    given: dict[str, Any] = {"login": {"user": "me"}}
    assert planted(given, {("login", "password"): canary}) == {"login": {"user": "me", "password": canary}}
    assert given == {"login": {"user": "me"}}
    assert list(sightings({"x": canary}, f"…{canary}…")) == ["x"]
    assert list(sightings({"x": "secret"}, "c2VjcmV0")) == ["x"]
    assert list(sightings({"x": canary}, "nothing")) == []


def test_without_secrets_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    """That counts as passed."""
    made: Tool = discreet
    with pytest.raises(NotApplicable, match="no settings that look like a secret"):
        check(HIDDEN, PluginOf(made), tmp_path)
