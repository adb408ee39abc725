"""Shared by all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.upstream import Upstream


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The host runs on asyncio."""
    return "asyncio"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A fake upstream that speaks the OpenAI protocol (see ``tests/support/upstream.py``)."""
    with Upstream() as running:
        yield running
