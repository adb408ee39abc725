"""Shared by all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.upstream import Upstream

# a loaded machine is no failure: time limits on single examples belong to benchmarks
settings.register_profile("promptdock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("promptdock")


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_the_developers_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keys and settings of whoever runs the tests must not change what they see."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("PROMPTDOCK_") or name.endswith("_API_KEY"):
                patch.delenv(name)
        patch.setenv("PROMPTDOCK_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The host runs on asyncio."""
    return "asyncio"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A fake upstream that speaks the OpenAI protocol (see ``tests/support/upstream.py``)."""
    with Upstream() as running:
        yield running
