"""Whose a new plugin is."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptdock.scaffold.author import Author, find_author
from promptdock.scaffold.tomltext import toml_list, toml_string


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository in which git knows nobody."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    return tmp_path


def configure(repository: Path, key: str, value: str) -> None:
    subprocess.run(["git", "-C", repository, "config", key, value], check=True)


def test_who_git_knows(repository: Path) -> None:
    configure(repository, "user.name", 'Ada "the first" Lovelace')
    configure(repository, "user.email", "ada@example.org")
    assert find_author(repository) == Author('Ada "the first" Lovelace', "ada@example.org")


def test_nobody_is_a_placeholder(repository: Path) -> None:
    configure(repository, "user.email", "ada@example.org")
    assert find_author(repository) == Author("Your Name", "")


def test_an_address_that_indexes_would_refuse_is_left_out(repository: Path) -> None:
    configure(repository, "user.name", "Ada")
    configure(repository, "user.email", "ada@localhost")
    assert find_author(repository) == Author("Ada", "")


def test_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_author(tmp_path) == Author()


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_every_text_can_be_written_as_toml(text: str) -> None:
    assert tomllib.loads(f"value = {toml_string(text)}") == {"value": text}


@given(st.lists(st.text("ab\"'\\\n", max_size=40)))
def test_every_list_can_be_written_as_toml(texts: list[str]) -> None:
    assert tomllib.loads(f"value = {toml_list(texts)}") == {"value": texts}


def test_an_author_as_toml() -> None:
    assert Author("Ada").toml == '{ name = "Ada" }'
    inline = Author('A"da', "a@b.org").toml
    assert tomllib.loads(f"author = {inline}") == {"author": {"name": 'A"da', "email": "a@b.org"}}
