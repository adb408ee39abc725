"""The command line's own fixtures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import CommandLine


@pytest.fixture
def command(tmp_path: Path) -> CommandLine:
    """The real command, in a home of its own."""
    return CommandLine(tmp_path)
