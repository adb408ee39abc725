"""Snapshots of schemas: written when asked for, compared otherwise, every difference weighed."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest

from promptdock.testing import Host, assert_schemas
from promptdock.testing.schemas import check_snapshot
from tests.core.testing.plugins import Dice


def test_a_snapshot_is_written_when_it_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "snapshots" / "tools.json"
    with Host([Dice()]) as host:
        with pytest.raises(AssertionError, match=r"There is no snapshot .* pytest --promptdock-update"):
            host.assert_schemas(file)
        host.assert_schemas(file, update=True)
        host.assert_schemas(file)
        assert '"dice.roll_dice"' in file.read_text()
    with Host([Dice()], update=True) as host:
        file.write_text("{}")
        host.assert_schemas(file)
        assert '"dice.roll_dice"' in file.read_text()


def test_a_difference_is_told_with_what_it_means(tmp_path: Path) -> None:
    file = tmp_path / "tools.json"
    check_snapshot(file, {"dice.roll": {"name": "roll"}, "dice.throw": {"name": "throw"}}, update=True)
    with pytest.raises(AssertionError) as caught:
        check_snapshot(file, {"dice.roll": {"name": "roll", "description": "Roll."}}, update=False)
    assert str(caught.value) == (
        f"The tools are not as in {file}:\n"
        "  cosmetic: dice.roll reads 'Roll.' instead of None\n"
        "  breaking: the tool dice.throw is gone\n"
        "If that is meant: pytest --promptdock-update"
    )


def test_a_relative_path_starts_at_the_test(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Wherever pytest was started."""
    monkeypatch.chdir(tmp_path)
    here = re.escape(str(Path(__file__).with_name("nowhere.json")))
    with Host([Dice()]) as host:
        for compare in (host.assert_schemas, partial(assert_schemas, host)):
            with pytest.raises(AssertionError, match=f"There is no snapshot {here}"):
                compare("nowhere.json")


@pytest.mark.parametrize("content", ["", "[1]", "{", "null"])
def test_a_file_that_is_no_snapshot_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "tools.json"
    file.write_text(content)
    with pytest.raises(AssertionError, match="is no JSON object"):
        check_snapshot(file, {"dice.roll": {}}, update=False)
