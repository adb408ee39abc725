"""Where the database is."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from promptdock import ConfigurationError, Settings
from promptdock.store.urls import database_url, shown_url


@pytest.mark.parametrize(
    ("written", "meant", "shown"),
    [
        ("postgres://me:hush@db/x", "postgresql+asyncpg://me:hush@db/x", "postgresql://me:***@db/x"),
        ("postgresql://db/x?sslmode=require", "postgresql+asyncpg://db/x?ssl=require", "postgresql://db/x"),
        (
            "postgresql://db/x?user=me&password=hush",
            "postgresql+asyncpg://db/x?password=hush&user=me",
            "postgresql://db/x",
        ),
        ("sqlite:////data/x.db", "sqlite+aiosqlite:////data/x.db", "sqlite:////data/x.db"),
    ],
)
def test_what_a_url_means_and_how_it_is_shown(tmp_path: Path, written: str, meant: str, shown: str) -> None:
    """With the driver that we use; shown as people write it, without what may be a secret."""
    url = database_url(Settings(home=tmp_path, database_url=SecretStr(written)))

    assert url.render_as_string(hide_password=False) == meant
    assert shown_url(url) == shown


def test_without_one_it_is_a_file_in_the_home(tmp_path: Path) -> None:
    assert database_url(Settings(home=tmp_path)).database == str(tmp_path / "promptdock.db")


@pytest.mark.parametrize("written", ["hush", "mysql://me:hush@db/x", "sqlite://", "sqlite:///:memory:"])
def test_what_cannot_be_used_is_told_without_being_shown(tmp_path: Path, written: str) -> None:
    with pytest.raises(ConfigurationError, match="PROMPTDOCK_DATABASE_URL") as caught:
        database_url(Settings(home=tmp_path, database_url=SecretStr(written)))
    assert "hush" not in str(caught.value)
