"""Cassettes on disk: whole or not at all, and never over another one."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from promptdock.errors import ConfigurationError
from promptdock.recording.cassette import Cassette
from promptdock.recording.files import write

EMPTY = Cassette(calls=())


@pytest.fixture
def without_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that knows no hard links, as on some USB sticks and network shares."""

    def link(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", link)


@pytest.mark.usefixtures("without_links")
def test_a_file_system_needs_no_hard_links(tmp_path: Path) -> None:
    path = tmp_path / "new" / "cassette.json"
    write(EMPTY, path)
    assert path.read_text() == EMPTY.text()
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.usefixtures("without_links")
def test_what_is_there_is_not_written_over_there_either(tmp_path: Path) -> None:
    path = tmp_path / "cassette.json"
    path.write_text("precious")
    with pytest.raises(ConfigurationError, match="already"):
        write(EMPTY, path)
    assert path.read_text() == "precious"


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    """Unless that is asked for."""
    path = tmp_path / "cassette.json"
    path.write_text("precious")
    with pytest.raises(ConfigurationError, match="already"):
        write(EMPTY, path)
    write(EMPTY, path, replace=True)
    assert path.read_text() == EMPTY.text()
