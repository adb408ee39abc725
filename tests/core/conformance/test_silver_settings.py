"""Settings models that take anything, and secrets that get about."""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, Secret, SecretBytes, SecretStr, create_model

from promptdock import SearchTerms, Tool, ToolContext, ToolError, hookimpl, tool
from promptdock.conformance.canaries import Canary, planted, secret_fields, sightings
from promptdock.conformance.check import NotApplicable
from promptdock.conformance.subject import Subject
from tests.support.checking import PluginOf, check, on_subject

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


class Own(SecretStr):
    """A secret of a plugin's own making."""


class Account(BaseModel):
    """Has a secret beside what has to be there."""

    model_config = ConfigDict(extra="forbid")

    name: str
    number: int
    key: SecretStr


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (list[SecretStr], ("it", "[]")),
        (tuple[SecretStr, ...], ("it", "[]")),
        (tuple[SecretStr, SecretStr], ("it", "[2]")),
        (dict[str, SecretStr], ("it", "{}")),
        (dict[str, list[SecretStr]] | None, ("it", "{}", "[]")),
        (Secret[str], ("it",)),
        (SecretBytes, ("it",)),
        (Own, ("it",)),
        (Annotated[SecretStr | None, "x"], ("it",)),
        (list[Annotated[Own, "x"]] | None, ("it", "[]")),
        (Account | None, ("it", "key")),
        (list[Account], ("it", "[]", "key")),
        (dict[str, Account], ("it", "{}", "key")),
    ],
    ids=str,
)
def test_secrets_are_found_in_whatever_holds_them(kind: Any, path: tuple[str, ...], tmp_path: Path) -> None:
    """A plugin that tells them all is found out, whatever else has to be there."""
    model = create_model("Model", __config__=ConfigDict(extra="forbid"), it=(kind, None))
    assert list(secret_fields(model)) == [path]

    @tool(examples=[{}])
    def telling(*, context: ToolContext) -> str:
        """Tell it all."""
        return repr(_told(getattr(context.settings, "it", None)))

    found = check(HIDDEN, PluginOf(telling, settings=model), tmp_path)
    assert any("what sample.telling answers" in finding.text for finding in found), found


def _told(value: Any) -> Any:
    """What is inside of secrets and of what holds them."""
    if isinstance(value, (list, tuple)):
        return [_told(item) for item in value]
    if isinstance(value, dict):
        return {key: _told(item) for key, item in value.items()}
    if isinstance(value, Account):
        return value.key.get_secret_value()
    return value.get_secret_value() if hasattr(value, "get_secret_value") else value


def test_a_model_that_holds_itself_is_looked_at_once() -> None:
    assert list(secret_fields(Tree)) == [("key",)]


class Tree(BaseModel):
    """Has no end."""

    key: SecretStr | None = None
    below: list[Tree] = []


def test_an_error_for_drawn_arguments_is_looked_at_too(tmp_path: Path) -> None:
    """The examples are what went well."""

    @tool(examples=[{"city": "Ulm"}])
    def picky(city: str, *, context: ToolContext) -> str:
        """Know one city."""
        if city != "Ulm":
            raise ToolError(f"No such city for {secret(context)}.")
        return "fine"

    found = check(HIDDEN, PluginOf(picky, settings=Closed), tmp_path)
    assert any("what sample.picky answers" in finding.text for finding in found), found


class Needs(BaseModel):
    """Cannot do without its key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_key: SecretStr
    city: str = "Ulm"


def test_a_required_secret_is_made_up(tmp_path: Path) -> None:
    """So that the plugin loads; what the operator sets stays, and the subject says what was made up."""

    async def look(subject: Subject) -> tuple[Sequence[str], str]:
        own = subject.record.settings
        assert isinstance(own, Needs)
        return subject.made_up, own.api_key.get_secret_value()

    assert on_subject(look, PluginOf(settings=Needs), tmp_path / "a") == (
        ("plugins.sample.api_key",),
        Canary.of("api_key"),
    )
    given = on_subject(look, PluginOf(settings=Needs), tmp_path / "b", settings={"api_key": "hers"})
    assert given == ((), "hers")


def test_a_required_secret_that_is_told_is_found(tmp_path: Path) -> None:
    @tool(examples=[{}])
    def leaky(*, context: ToolContext) -> str:
        """Tell too much."""
        assert isinstance(context.settings, Needs)
        return context.settings.api_key.get_secret_value()

    found = check(HIDDEN, PluginOf(leaky, settings=Needs), tmp_path)
    assert {finding.subject for finding in found} == {"plugins.sample.api_key"}


def test_canaries_are_planted_and_seen() -> None:
    """As they are, and in base64 whatever stands around them."""
    canary = Canary.of("x")
    given: dict[str, Any] = {"login": {"user": "me"}}
    assert planted(given, {("login", "password"): canary}) == {"login": {"user": "me", "password": canary}}
    assert given == {"login": {"user": "me"}}
    assert list(sightings({"x": canary}, f"…{canary}…")) == ["x"]
    assert list(sightings({"x": "secret"}, "c2VjcmV0")) == ["x"]
    for before in ("user:", "me:", "u:"):
        assert list(sightings({"x": canary}, b64encode(f"{before}{canary}@host".encode()).decode())) == ["x"]
    assert list(sightings({"x": canary}, "nothing")) == []
    assert planted({}, {("a", "[]", "b"): canary, ("c", "{}"): canary}) == {
        "a": [{"b": canary}],
        "c": {"promptdock_check": canary},
    }


def test_without_secrets_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    """That counts as passed."""
    made: Tool = discreet
    with pytest.raises(NotApplicable, match="no settings that look like a secret"):
        check(HIDDEN, PluginOf(made), tmp_path)
