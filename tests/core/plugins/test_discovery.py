"""Finding plugins, without importing them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from promptdock.plugins.discovery import CODE, Candidate, find_plugins
from tests.support.distributions import write_distribution


def found(folder: Path | None = None, extra: dict[str, object] | None = None) -> list[Candidate]:
    """What was found, without the built-ins."""
    return [item for item in find_plugins(folder, extra or {}).candidates if item.distribution != "promptdock"]


def test_installed_plugins_come_sorted_by_distribution_and_name(site: Path) -> None:
    write_distribution(site, "Zebra", plugins={"a": "zebra_a"})
    write_distribution(site, "apple_two", version="2.1", plugins={"z": "apple_z", "b": "apple_b"})
    assert [(item.distribution, item.version, item.name) for item in found()] == [
        ("apple_two", "2.1", "b"),
        ("apple_two", "2.1", "z"),
        ("Zebra", "1.0", "a"),
    ]


def test_two_distributions_with_one_entry_point_name_are_both_found(site: Path) -> None:
    write_distribution(site, "one", plugins={"same": "one_module"})
    write_distribution(site, "two", plugins={"same": "two_module"})
    assert [(item.distribution, item.name) for item in found()] == [("one", "same"), ("two", "same")]


def test_one_distribution_seen_twice_on_the_path_counts_once(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An editable installation and its egg-info are one distribution; the first on the path is imported."""
    write_distribution(site, "twice", version="1.0", plugins={"same": "twice_module"})
    monkeypatch.syspath_prepend(tmp_path / "front")
    write_distribution(tmp_path / "front", "Twice", version="2.0", plugins={"same": "twice_module"})
    assert [(item.distribution, item.version) for item in found()] == [("Twice", "2.0")]


def test_broken_metadata_of_one_package_hides_no_other(site: Path) -> None:
    write_distribution(site, "good", plugins={"fine": "fine_module"})
    write_distribution(site, "nameless", plugins={"lost": "lost_module"}, metadata="Version: 1.0\n")
    result = find_plugins(None, {})
    assert "fine" in [item.name for item in result.candidates]
    assert any("metadata" in warning for warning in result.warnings)


def test_nothing_is_imported_while_looking(site: Path, tmp_path: Path) -> None:
    write_distribution(site, "loud", plugins={"loud": "loud_module"}, modules={"loud_module": "1 / 0"})
    (tmp_path / "shout.py").write_text("1 / 0")
    assert [item.name for item in found(tmp_path)] == ["loud", "shout"]
    assert "loud_module" not in sys.modules


def test_files_of_the_folder_come_sorted_after_the_installed_ones_and_before_given_objects(
    site: Path, tmp_path: Path
) -> None:
    write_distribution(site, "zoo", plugins={"zoo": "zoo_module"})
    for name in ("b.py", "a.py", "_private.py", ".hidden.py", "notes.txt", "test_a.py", "conftest.py"):
        (tmp_path / name).write_text("")
    (tmp_path / "folder.py").mkdir()
    assert [(item.name, item.distribution) for item in found(tmp_path, {"given": object()})] == [
        ("zoo", "zoo"),
        ("a", f"file:{tmp_path / 'a.py'}"),
        ("b", f"file:{tmp_path / 'b.py'}"),
        ("given", CODE),
    ]


def test_a_folder_that_does_not_exist_holds_nothing(tmp_path: Path) -> None:
    assert found(tmp_path / "nowhere") == []


def test_files_of_one_name_in_two_folders_are_two_modules(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "json.py").write_text(f"where = {folder!r}")
    first, second = (found(tmp_path / folder)[0].load() for folder in ("one", "two"))
    assert (first.where, second.where) == ("one", "two")  # type: ignore[attr-defined]
    assert sys.modules["json"] not in (first, second)


def test_dataclasses_with_postponed_annotations_work_in_a_file(tmp_path: Path) -> None:
    source = "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass A:\n    x: int\n"
    (tmp_path / "shapes.py").write_text(source)
    module = found(tmp_path)[0].load()
    assert module.A(1).x == 1  # type: ignore[attr-defined]


def test_a_file_that_fails_leaves_no_module_behind(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("x = 1\nraise SystemExit(4)")
    before = set(sys.modules)
    with pytest.raises(SystemExit):
        found(tmp_path)[0].load()
    assert not {name for name in set(sys.modules) - before if "broken" in name}
