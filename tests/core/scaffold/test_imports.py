"""From imports to dependencies."""

from __future__ import annotations

from importlib.metadata import version

from promptdock.scaffold.imports import find_needs
from promptdock.scaffold.package import requirement


def test_third_parties_become_requirements_from_the_installed_minor_version_on() -> None:
    minor = ".".join(version("pydantic").split(".")[:2])
    found = find_needs(["os", "pydantic", "promptdock", "docstring_parser", "__future__"])
    assert [need.partition(">=")[0] for need in found.dependencies] == ["docstring-parser", "pydantic"]
    assert found.dependencies[1] == f"pydantic>={minor}"
    assert found.unknown == ()


def test_what_nothing_installed_brings_is_told() -> None:
    found = find_needs(["surely_not_installed", "promptdock_builtin"])
    assert (found.dependencies, found.unknown) == ((), ("surely_not_installed",))


def test_versions_as_floors() -> None:
    assert requirement("a", "1.2.3") == "a>=1.2"
    assert requirement("a", "1.2") == "a>=1.2"
    assert requirement("a", "7") == "a>=7"
    assert requirement("a", "1.2.0rc1") == "a>=1.2.0rc1"  # no ">=1.2" would take it
    assert requirement("a", "1.2.3+local") == "a>=1.2"
