"""Hosts with the date calculator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from promptdock.testing import Host


@pytest.fixture
def promptdock_plugins() -> Sequence[str]:
    """What the fixture ``host`` has; it is of one test alone."""
    return ["date_calculator"]


@pytest.fixture(scope="module")
def dating() -> Iterator[Host]:
    """One host for many questions: neither rules nor tool keep anything from one to the next."""
    with Host(["date_calculator"]) as host:
        yield host
