"""The server's secret: made once, kept, and never silently another one."""

from __future__ import annotations

import asyncio
import hmac
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from promptdock.errors import ConfigurationError
from promptdock.settings import Settings
from promptdock.store.database import Database
from promptdock.store.secret import KeyedDigest, keyed_digest, server_secret

pytestmark = pytest.mark.anyio


async def test_it_is_made_once_and_only_its_owner_may_read_it(database: Database, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")

    made = await asyncio.gather(*(server_secret(settings, database) for _ in range(5)))

    path = tmp_path / "home" / "secret.key"
    assert {secret.get_secret_value() for secret in made} == {path.read_text().strip()}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [left.name for left in path.parent.iterdir()] == ["secret.key"]


async def test_one_from_the_settings_wins_and_makes_no_file(database: Database, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", secret_key=SecretStr("correct horse battery staple"))

    secret = await server_secret(settings, database)

    assert secret.get_secret_value() == "correct horse battery staple"
    assert not (tmp_path / "home").exists()


async def test_a_later_start_only_reads_whether_it_is_the_one(database: Database, tmp_path: Path) -> None:
    """Starting must not wait for those who write."""
    settings = Settings(home=tmp_path / "home")
    first = await server_secret(settings, database)
    kinds: list[str] = []
    database.observe = lambda kind, *_: kinds.append(kind)

    assert await server_secret(settings, database) == first

    assert kinds == ["read"]


async def test_another_one_than_the_databases_is_refused_with_what_to_do(database: Database, tmp_path: Path) -> None:
    await server_secret(Settings(home=tmp_path, secret_key=SecretStr("the first secret of it")), database)

    with pytest.raises(ConfigurationError, match="PROMPTDOCK_SECRET_KEY") as caught:
        await server_secret(Settings(home=tmp_path, secret_key=SecretStr("some other secret here")), database)

    assert "some other secret here" not in str(caught.value)


async def test_an_empty_home_at_a_known_database_is_left_empty(database: Database, tmp_path: Path) -> None:
    await server_secret(Settings(home=tmp_path / "first"), database)

    with pytest.raises(ConfigurationError, match="bring back the file"):
        await server_secret(Settings(home=tmp_path / "second"), database)

    assert not (tmp_path / "second").exists()


async def test_a_file_that_holds_no_secret_is_refused(database: Database, tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("short\n")

    with pytest.raises(ConfigurationError, match=r"secret\.key holds no secret"):
        await server_secret(Settings(home=tmp_path), database)


def test_a_digest_needs_the_secret() -> None:
    one, other = SecretStr("one secret, long enough"), SecretStr("another one, long enough")

    assert keyed_digest(one, "text") == keyed_digest(one, "text")
    assert keyed_digest(one, "text") != keyed_digest(other, "text")
    assert len(keyed_digest(one, "text")) == 64


@given(st.text(max_size=200), st.lists(st.text(), min_size=1, max_size=3))
def test_digests_are_those_of_hmac(secret: str, texts: list[str]) -> None:
    """Keys were stored with them, and secrets may be of any length."""
    digest = KeyedDigest(SecretStr(secret))

    for text in texts:
        assert digest.of(text) == hmac.digest(secret.encode(), text.encode(), "sha256").hex()
