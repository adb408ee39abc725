"""New plugins, as text: names in their places, valid metadata, code in good style."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import promptdock
from promptdock.scaffold.creating import new_package, new_single_file
from promptdock.scaffold.filling import fill
from promptdock.scaffold.kinds import Kind, module_values, try_it
from promptdock.scaffold.names import PluginNames
from promptdock.scaffold.package import REQUIRES_PYTHON
from promptdock.scaffold.refusal import ScaffoldRefused
from promptdock.selection.terms import Term

ROOT = Path(__file__).parents[3]
LONG = "a" + "_very" * 12 + "_ng"


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Git knows nobody here."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.mark.parametrize("kind", list(Kind))
def test_the_metadata_is_whole(tmp_path: Path, kind: Kind) -> None:
    made = new_package("dice", kind, tmp_path, [])
    assert made.place == tmp_path / "promptdock-dice"
    data = tomllib.loads((made.place / "pyproject.toml").read_text())
    project = data["project"]
    own = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    minor = ".".join(promptdock.__version__.split(".")[:2])
    assert project["name"] == "promptdock-dice"
    assert project["description"].endswith(": a plugin for promptdock")
    assert project["requires-python"] == own["requires-python"] == f">={REQUIRES_PYTHON}"
    assert (project["license"], project["license-files"]) == ("MIT", ["LICENSE"])
    assert project["authors"] == [{"name": "Your Name"}]
    assert project["dependencies"][0] == f"promptdock>={minor}"
    assert project["optional-dependencies"] == {"test": ["promptdock[testing]"]}
    assert "testing" in own["optional-dependencies"]
    assert data["tool"]["pytest"]["ini_options"]["filterwarnings"] == ["error"]
    imported = {
        node.module
        for node in ast.walk(ast.parse((made.place / "promptdock_dice.py").read_text()))
        if isinstance(node, ast.ImportFrom)
    }
    assert ("pydantic" in imported) == any("pydantic" in need for need in project["dependencies"])


@pytest.mark.parametrize("kind", list(Kind))
def test_no_placeholder_is_left(tmp_path: Path, kind: Kind) -> None:
    made = new_package("dice", kind, tmp_path, [])
    for name in made.files:
        text = (made.place / name).read_text()
        assert "$" not in text.replace("${{", ""), name
        assert text.endswith("\n")
        assert "\n\n\n\n" not in text
        assert "TODO" not in text


@pytest.mark.parametrize("name", ["dice", LONG, "x"])
def test_everything_is_in_good_style_whatever_the_name(tmp_path: Path, name: str) -> None:
    """By our own rules, which are stricter than ruff's; and formatted as its formatter does."""
    for kind in Kind:
        (tmp_path / kind).mkdir()
        new_package(name, kind, tmp_path / kind, [])
        (tmp_path / kind / "one").mkdir()
        new_single_file(f"{name}_one"[-60:].lstrip("_"), kind, tmp_path / kind / "one", [])
    rules = tmp_path / "ruff.toml"
    rules.write_text(
        f'extend = "{ROOT / "pyproject.toml"}"\n'
        '[lint]\nextend-ignore = ["INP001", "PLR2004"]\n[lint.isort]\nknown-first-party = []\n'
    )
    narrow: int = 88 if name == "dice" else 120  # names of usual length fit into ruff's own settings, too
    for arguments in (
        ["check", "--config", rules],
        ["format", "--check", "--line-length", "120"],
        ["format", "--check", "--line-length", str(narrow)],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments, "--no-cache", "."],
            cwd=tmp_path,  # ruff looks for first parties from here
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


def test_all_is_the_sum_of_the_others(tmp_path: Path) -> None:
    """What is the same in two templates is the same to the letter."""
    values = {**module_values(PluginNames.of("dice")), "summary": ""}
    whole = fill("plugin_all.py", values)
    for kind, parts in {Kind.RULE: ["QuotesText", "count_dice"], Kind.PROVIDER: ["Parrot", "_text"]}.items():
        source = fill(f"plugin_{kind}.py", values)
        for node in ast.parse(source).body:
            if getattr(node, "name", "") in parts:
                assert (ast.get_source_segment(source, node) or "?") in whole


@pytest.mark.parametrize("name", ["dice", "capital", "what_is_the_capital_of_france", "good", "hamlet", "i"])
def test_examples_of_prompts_hold_for_every_name(name: str) -> None:
    values = module_values(PluginNames.of(name))
    term = Term.parse(values["words"])
    assert term.is_in(f"Roll the {values['words']}.")
    assert not term.is_in(values["ignored"])
    assert not term.is_in(values["ignored_too"])
    assert values["ignored"] != values["ignored_too"]


@pytest.mark.parametrize("kind", list(Kind))
def test_one_file_and_its_test(tmp_path: Path, kind: Kind) -> None:
    made = new_single_file("Dice", kind, tmp_path, [])
    assert made.place == tmp_path / "dice.py"
    assert {path.name for path in tmp_path.iterdir()} == {"dice.py", "test_dice.py"} == set(made.files)
    assert made.try_it == try_it(PluginNames.of("dice"), kind)


def test_nothing_is_written_for_a_name_that_is_taken(tmp_path: Path) -> None:
    with pytest.raises(ScaffoldRefused):
        new_package("openai", Kind.ALL, tmp_path, [])
    with pytest.raises(ScaffoldRefused):
        new_single_file("json", Kind.TOOL, tmp_path, [])
    assert list(tmp_path.iterdir()) == []
