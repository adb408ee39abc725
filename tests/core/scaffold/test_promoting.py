"""Packages of one-file plugins."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from promptdock.scaffold.creating import new_package, new_single_file
from promptdock.scaffold.kinds import Kind
from promptdock.scaffold.promoting import Promoted, promote
from promptdock.scaffold.refusal import ScaffoldRefused

GREETER = Path(__file__).parents[3] / "examples" / "one_file" / "greeter.py"


def promoted(file: Path, into: Path) -> Promoted:
    into.mkdir(exist_ok=True)
    return promote(file, into, [], file.parent / "plugins")


@pytest.mark.parametrize("kind", list(Kind))
def test_a_generated_file_becomes_the_package_that_new_would_write(tmp_path: Path, kind: Kind) -> None:
    """Its code byte for byte; its test found anew."""
    new_single_file("dice", kind, tmp_path, [])
    made = promoted(tmp_path / "dice.py", tmp_path / "promoted")
    (tmp_path / "new").mkdir()
    new = new_package("dice", kind, tmp_path / "new", [])
    assert set(made.files) == set(new.files)
    for name in ("promptdock_dice.py", "tests/test_dice.py", "LICENSE", ".gitignore", ".github/workflows/test.yml"):
        assert (made.place / name).read_text() == (new.place / name).read_text()
    assert (tmp_path / "dice.py").exists()


def test_odd_bytes_are_kept(tmp_path: Path) -> None:
    content = (
        b"# coding: latin-1\r\nfrom promptdock import hookimpl\r\n@hookimpl\r\ndef register_tools(): return []  # \xe9"
    )
    (tmp_path / "dice.py").write_bytes(content)
    made = promoted(tmp_path / "dice.py", tmp_path / "out")
    assert (made.place / "promptdock_dice.py").read_bytes() == content


def test_what_is_written_of_a_file_with_a_docstring(tmp_path: Path) -> None:
    made = promoted(GREETER, tmp_path)
    project = tomllib.loads((made.place / "pyproject.toml").read_text())["project"]
    assert project["description"].startswith("A plugin in one file")
    assert project["entry-points"] == {"promptdock": {"greeter": "promptdock_greeter"}}


def test_a_first_test_calls_the_examples_of_the_tools(tmp_path: Path) -> None:
    (tmp_path / "shout.py").write_text(
        "from promptdock import hookimpl, tool\n"
        '@tool(name="shout-it", examples=[{"text": "a\'b", "times": 2}])\n'
        "def shout(text: str, times: int) -> str: ...\n"
        "@hookimpl\ndef register_tools(): return [shout]\n"
    )
    made = promoted(tmp_path / "shout.py", tmp_path / "out")
    test = (made.place / "tests" / "test_shout.py").read_text()
    assert "def test_shout_it(host: Host) -> None:" in test
    assert """host.call("shout-it", text="a'b", times=2)""" in test
    compile(test, "test_shout.py", "exec")


def test_a_test_that_is_the_authors_own_comes_along_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "greeter.py").write_bytes(GREETER.read_bytes())
    (tmp_path / "test_greeter.py").write_bytes(b"import greeter\r\n")
    made = promoted(tmp_path / "greeter.py", tmp_path / "out")
    assert (made.place / "tests" / "test_greeter.py").read_bytes() == b"import greeter\r\n"
    assert any("imports greeter: in the package the module is promptdock_greeter" in note for note in made.notes)


def test_what_nothing_here_brings_is_a_note(tmp_path: Path) -> None:
    (tmp_path / "dice.py").write_text(
        "import surely_not_installed\n"
        + GREETER.read_text().partition('"""\n\n')[2].replace("from __future__ import annotations", "")
    )
    made = promoted(tmp_path / "dice.py", tmp_path / "out")
    assert any("brings surely_not_installed" in note for note in made.notes)


def test_a_summary_that_is_no_plain_text(tmp_path: Path) -> None:
    (tmp_path / "dice.py").write_text(
        '"""A "quoted" \\\\ $summary."""\n' + "from promptdock import hookimpl\n@hookimpl\ndef register_tools(): ...\n"
    )
    made = promoted(tmp_path / "dice.py", tmp_path / "out")
    project = tomllib.loads((made.place / "pyproject.toml").read_text())["project"]
    assert project["description"] == 'A "quoted" \\ $summary'


def test_a_package_that_is_there_is_left_alone(tmp_path: Path) -> None:
    promoted(GREETER, tmp_path)
    before = (tmp_path / "promptdock-greeter" / "README.md").stat()
    with pytest.raises(ScaffoldRefused, match="promptdock-greeter exists already"):
        promoted(GREETER, tmp_path)
    assert (tmp_path / "promptdock-greeter" / "README.md").stat() == before
