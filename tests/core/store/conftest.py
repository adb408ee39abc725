"""What the tests of the store share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.databases import Postgres


@pytest.fixture
def postgres_url(postgres: Postgres | None) -> Iterator[str]:
    """A migrated, empty database on PostgreSQL, for what SQLite does not have."""
    if postgres is None:
        pytest.skip("no PostgreSQL: set PROMPTDOCK_TEST_POSTGRES_URL, or install its server")
    with postgres.database() as url:
        yield url
