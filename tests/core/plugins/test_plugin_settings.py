"""A plugin's own settings: from TOML and the environment into its model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from promptdock import ConfigurationError
from promptdock.plugins.plugin_settings import fill_settings
from promptdock.plugins.quarantine import Quarantine
from promptdock.settings import load_settings


class Inner(BaseModel):
    """A part of a model."""

    pin: str = "none"
    size: int = 1


class Model(BaseModel):
    """The settings of a plugin."""

    token: SecretStr | None = None
    names: tuple[str, ...] = ()
    limit: int | None = 10
    loud: bool = False
    inner: Inner = Inner()
    web_url: str = Field("", alias="url")

    @field_validator("limit")
    @classmethod
    def _not_13(cls, value: int | None) -> int | None:
        if value == 13:
            raise ValueError(f"{value} is unlucky")
        return value


def filled(values: dict[str, Any]) -> Model:
    """The settings of the plugin ``mine``."""
    settings = fill_settings("mine", Model, values)
    assert isinstance(settings, Model)
    return settings


@pytest.fixture
def workdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder for ``promptdock.toml``."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_environment_overrides_one_field_of_a_toml_table(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (workdir / "promptdock.toml").write_text(
        '[plugins.mine]\nnames = ["a"]\nlimit = 3\n[plugins.mine.inner]\npin = "file"\nsize = 2\n'
    )
    monkeypatch.setenv("PROMPTDOCK_PLUGINS__MINE__LIMIT", "7")
    monkeypatch.setenv("PROMPTDOCK_PLUGINS__MINE__INNER__SIZE", "5")
    settings = filled(load_settings().plugins["mine"])
    assert (settings.names, settings.limit, settings.inner) == (("a",), 7, Inner(pin="file", size=5))


@pytest.mark.usefixtures("workdir")
def test_names_in_the_environment_are_read_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("promptdock_plugins__mine__Loud", "true")
    assert filled(load_settings().plugins["mine"]).loud is True


@pytest.mark.usefixtures("workdir")
def test_lists_and_objects_in_the_environment_are_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTDOCK_PLUGINS__MINE__NAMES", '["a", "b"]')
    monkeypatch.setenv("PROMPTDOCK_PLUGINS__MINE__INNER", '{"size": 4}')
    monkeypatch.setenv("PROMPTDOCK_PLUGINS__MINE__LIMIT", "null")
    settings = filled(load_settings().plugins["mine"])
    assert (settings.names, settings.inner.size, settings.limit) == (("a", "b"), 4, None)


@pytest.mark.usefixtures("workdir")
def test_a_whole_section_may_be_one_json_object(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTDOCK_PLUGINS__MINE", '{"limit": 4}')
    monkeypatch.setenv("PROMPTDOCK_PLUGINS__MINE__LOUD", "yes")
    settings = filled(load_settings().plugins["mine"])
    assert (settings.limit, settings.loud) == (4, True)


@pytest.mark.usefixtures("workdir")
def test_digits_stay_text_where_text_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTDOCK_PLUGINS__MINE__TOKEN", "12345")
    monkeypatch.setenv("PROMPTDOCK_PLUGINS__MINE__INNER__PIN", "4711")
    settings = filled(load_settings().plugins["mine"])
    assert settings.token is not None
    assert (settings.token.get_secret_value(), settings.inner.pin) == ("12345", "4711")


@pytest.mark.usefixtures("workdir")
def test_a_variable_that_is_not_json_is_named_and_its_value_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTDOCK_PLUGINS", '{"mine": s3cret')
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert "PROMPTDOCK_PLUGINS is not valid JSON" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_an_alias_is_a_known_key() -> None:
    assert filled({"url": "http://a"}).web_url == "http://a"


def test_a_secret_does_not_show() -> None:
    assert "s3cret" not in repr(filled({"token": "s3cret"}))


def test_an_unknown_key_is_refused_by_name() -> None:
    with pytest.raises(Quarantine) as caught:
        filled({"limit": 1, "limt": "s3cret"})
    assert caught.value.reason == "wrong settings: plugins.mine.limt: unknown"
    assert "limit" in str(caught.value.remedy)


def test_the_models_own_extra_decides_about_unknown_keys() -> None:
    class Open(BaseModel):
        model_config = ConfigDict(extra="allow")

    class Closed(BaseModel):
        model_config = ConfigDict(extra="forbid")

    assert fill_settings("mine", Open, {"a": 1}).model_extra == {"a": 1}
    with pytest.raises(Quarantine, match=r"plugins\.mine\.a"):
        fill_settings("mine", Closed, {"a": 1})


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"limit": "s3cret"}, "plugins.mine.limit"),
        ({"names": '["s3cret"'}, "plugins.mine.names"),
        ({"names": ["a", {"s3cret": 1}]}, "plugins.mine.names.1"),
        ({"inner": {"size": "s3cret"}}, "plugins.mine.inner.size"),
        ({"inner": "s3cret"}, "plugins.mine.inner"),
    ],
)
def test_a_wrong_value_is_named_by_its_place_and_never_shown(values: dict[str, Any], place: str) -> None:
    with pytest.raises(Quarantine) as caught:
        filled(values)
    assert f"{place}: " in caught.value.reason
    assert "s3cret" not in f"{caught.value.reason} {caught.value.remedy}"
    assert "PROMPTDOCK_PLUGINS__MINE__" in str(caught.value.remedy)


def test_a_validators_own_words_may_quote_the_value_so_they_are_left_out() -> None:
    with pytest.raises(Quarantine) as caught:
        filled({"limit": 13})
    assert caught.value.reason == "wrong settings: plugins.mine.limit: not valid"


class Lists(BaseModel):
    """Every kind of list that a plugin may have."""

    names: tuple[str, ...] = ()
    numbers: list[int] | None = None
    marks: Annotated[frozenset[str], Field(description="Marks")] = frozenset()
    sequence: Sequence[str] = ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("calculator.*,weather.*", ("calculator.*", "weather.*")),
        (" a , b ,", ("a", "b")),
        ("a", ("a",)),
        ('["a,b"]', ("a,b",)),
        ("7", ("7",)),
    ],
)
@pytest.mark.usefixtures("workdir")
def test_a_list_in_the_environment_may_be_plain_text(
    monkeypatch: pytest.MonkeyPatch, text: str, expected: tuple[str, ...]
) -> None:
    monkeypatch.setenv("PROMPTDOCK_PLUGINS__MINE__NAMES", text)
    monkeypatch.setenv("PROMPTDOCK_PLUGINS__MINE__SEQUENCE", text)
    monkeypatch.setenv("PROMPTDOCK_PLUGINS__MINE__MARKS", text)
    settings = fill_settings("mine", Lists, load_settings().plugins["mine"])
    assert isinstance(settings, Lists)
    assert (settings.names, tuple(settings.sequence), settings.marks) == (expected, expected, frozenset(expected))


@pytest.mark.parametrize(("text", "expected"), [("1,2", [1, 2]), ("5", [5]), ("[1, 2]", [1, 2]), ("null", None)])
def test_items_of_plain_text_are_read_as_what_the_list_holds(text: str, expected: list[int] | None) -> None:
    settings = fill_settings("mine", Lists, {"numbers": text})
    assert isinstance(settings, Lists)
    assert settings.numbers == expected


@pytest.mark.parametrize("text", ['["a", "b"', r"\d{2,4}", '"a", "b"', "f(a, b)"])
def test_a_text_whose_commas_may_separate_nothing_has_to_be_json(text: str) -> None:
    with pytest.raises(Quarantine) as caught:
        fill_settings("mine", Lists, {"names": text})
    assert caught.value.reason == (
        'wrong settings: plugins.mine.names: it must be a list; as text that is JSON such as ["a", "b"], or plain a,b'
    )


def test_an_object_that_is_no_json_says_what_is_expected() -> None:
    with pytest.raises(Quarantine, match=r"it must be an object; as text that is JSON such as \{"):
        filled({"inner": "s3cret"})
