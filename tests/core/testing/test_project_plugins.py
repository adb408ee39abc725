"""Which plugins a project brings, and how they are imported while they are not installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from promptdock import ConfigurationError
from promptdock.testing.project_plugins import Project, find_project

_ENTRY_POINTS = '[project]\nname = "x"\n[project.entry-points.promptdock]\n'


@pytest.fixture(autouse=True)
def _paths_as_they_were() -> Iterator[None]:
    before = list(sys.path)
    yield
    sys.path[:] = before


def _project(folder: Path, **plugins: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(f'{name} = "{value}"\n' for name, value in plugins.items())
    (folder / "pyproject.toml").write_text(_ENTRY_POINTS + lines)
    return folder


def test_the_nearest_project_with_plugins_counts(tmp_path: Path) -> None:
    """A folder of several packages has a pyproject of its own, which may bring none."""
    _project(tmp_path, outer="outer_module")
    inner = _project(tmp_path / "packages" / "inner", dice="dice_module")
    (inner / "tests").mkdir()
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "pyproject.toml").write_text("[tool.ruff]\n")
    found = find_project(inner / "tests" / "test_dice.py", tmp_path)
    assert found == Project(file=inner / "pyproject.toml", plugins={"dice": "dice_module"})
    assert find_project(tmp_path / "tools", tmp_path) == Project(
        file=tmp_path / "pyproject.toml", plugins={"outer": "outer_module"}
    )


def test_nothing_above_the_root_counts(tmp_path: Path) -> None:
    """Whatever lies around the project under test is not part of it."""
    _project(tmp_path, outer="outer_module")
    (tmp_path / "inner" / "tests").mkdir(parents=True)
    assert find_project(tmp_path / "inner" / "tests" / "test_a.py", tmp_path / "inner") is None


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """With its name."""
    (tmp_path / "pyproject.toml").write_text("[project\n")
    with pytest.raises(ConfigurationError, match=r"pyproject\.toml cannot be read"):
        find_project(tmp_path, tmp_path)


def test_installed_plugins_are_told_from_others(tmp_path: Path) -> None:
    """By name and target: another package may have an id of the same name."""
    folder = _project(tmp_path, calculator="promptdock_builtin.calculator", weather="another.weather", dice="dice")
    found = find_project(folder, tmp_path)
    assert found is not None
    assert found.missing == ("weather", "dice")


@pytest.mark.parametrize("layout", ["src", "."])
def test_a_plugin_that_is_not_installed_is_imported_from_its_project(tmp_path: Path, layout: str) -> None:
    """From ``src/`` or from beside the file, with the modules that it needs."""
    name = f"fresh_plugin_{'src' if layout == 'src' else 'flat'}"
    package = tmp_path / layout / name
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from . import inner\nclass plugin:\n    value = inner.VALUE\n")
    (package / "inner.py").write_text("VALUE = 7\n")
    found = find_project(_project(tmp_path, fresh=f"{name}:plugin"), tmp_path)
    assert found is not None
    plugin = found.load("fresh")
    assert getattr(plugin, "value", None) == 7


@pytest.mark.parametrize("source", [None, "import a_module_that_is_nowhere\n", "other = 1\n"])
def test_one_that_cannot_be_imported_says_what_to_do(tmp_path: Path, source: str | None) -> None:
    """It is missing, it needs what is not there, or it lacks the object that the entry point names."""
    name = f"broken_{abs(hash(source))}"
    if source is not None:
        (tmp_path / f"{name}.py").write_text(source)
    found = find_project(_project(tmp_path, broken=f"{name}:plugin"), tmp_path)
    assert found is not None
    with pytest.raises(ConfigurationError) as caught:
        found.load("broken")
    assert "The plugin 'broken' of" in caught.value.message
    assert str(caught.value).endswith(f"pip install -e {tmp_path}")
