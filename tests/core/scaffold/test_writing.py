"""All files, or none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from promptdock.scaffold.refusal import ScaffoldRefused
from promptdock.scaffold.writing import write_files, write_folder

FILES = {"README.md": b"hello\n", "deep/er/file": b"\xff"}


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_folder_with_its_files(tmp_path: Path) -> None:
    write_folder(tmp_path / "new", FILES)
    assert everything(tmp_path) == ["new", "new/README.md", "new/deep", "new/deep/er", "new/deep/er/file"]
    assert (tmp_path / "new" / "deep" / "er" / "file").read_bytes() == b"\xff"


def test_the_folder_has_the_rights_of_any_new_one(tmp_path: Path) -> None:
    """Not those of the temporary folder that it was made in, which is its maker's alone."""
    (tmp_path / "usual").mkdir()
    write_folder(tmp_path / "new", FILES)
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_files(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    write_files(tmp_path, {"a.py": b"1", "b.py": b"2"})
    assert everything(tmp_path) == ["a.py", "b.py", "other"]


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "b.py").write_text("mine")
    with pytest.raises(ScaffoldRefused, match=r"The file \S+/b\.py exists already; nothing was written"):
        write_files(tmp_path, {"a.py": b"1", "b.py": b"2"})
    (tmp_path / "empty").mkdir()
    with pytest.raises(ScaffoldRefused, match=r"The folder \S+/empty exists already"):
        write_folder(tmp_path / "empty", FILES)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ScaffoldRefused, match=r"The file \S+/dangling exists already"):
        write_folder(tmp_path / "dangling", FILES)
    assert everything(tmp_path) == ["b.py", "dangling", "empty"]
    assert (tmp_path / "b.py").read_text() == "mine"


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="needs a folder that not even root can write to")  # noqa: PTH112
def test_a_folder_that_cannot_be_written_to() -> None:
    with pytest.raises(ScaffoldRefused, match=r"Cannot write to /proc: .+; nothing was written\. Choose a folder"):
        write_folder(Path("/proc/new"), FILES)


def test_a_failure_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    """The second name cannot be a file: the first is gone again."""
    with pytest.raises(ScaffoldRefused, match="File name too long"):
        write_folder(tmp_path / "new", {"good": b"", "x" * 300: b""})
    with pytest.raises(ScaffoldRefused, match="File name too long"):
        write_files(tmp_path, {"good": b"", "x" * 300: b""})
    assert everything(tmp_path) == []


def test_an_interruption_while_files_are_put_in_place_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def rename_one(self: Path, target: Path) -> Path:
        if target.name == "b.py":
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", rename_one)
    with pytest.raises(KeyboardInterrupt):
        write_files(tmp_path, {"a.py": b"1", "b.py": b"2"})
    assert everything(tmp_path) == []
