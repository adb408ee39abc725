"""Schemas, names and descriptions of tools, good and bad."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from promptdock import Tool, tool
from promptdock.conformance.check import NotApplicable
from tests.support.checking import PluginOf, check

ALL = ("schemas-valid", "schemas-strict", "names-legal", "parameters-described")


class Place(BaseModel):
    """Somewhere."""

    name: str = Field(description="What it is called")
    country: str = Field(default="", description="Two letters")


@tool
def visit(place: Place, days: int = 1, others: Annotated[list[Place], Field(description="More")] = []) -> str:  # noqa: B006
    """Visit a place.

    Args:
        place: Where to.
        days: How long.
    """
    return ""


def made(name: str = "made", /, **properties: Any) -> Tool:
    """A tool with an explicit schema."""

    def function(**arguments: Any) -> str:
        return ""

    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return Tool(name=name, description="Do it.", parameters=schema, function=function, key="made")


@pytest.mark.parametrize("which", ALL)
def test_a_good_tool_passes(which: str, tmp_path: Path) -> None:
    assert check(f"bronze_schemas:{which}", PluginOf(visit), tmp_path) == []


@pytest.mark.parametrize("which", ["schemas-valid", "schemas-strict", "parameters-described"])
def test_without_tools_there_is_nothing_to_look_at(which: str, tmp_path: Path) -> None:
    with pytest.raises(NotApplicable, match="it has no tools"):
        check(f"bronze_schemas:{which}", PluginOf(), tmp_path)


def test_a_schema_of_an_older_draft_is_told(tmp_path: Path) -> None:
    old = made()
    old.parameters["$schema"] = "http://json-schema.org/draft-07/schema#"
    (found,) = check("bronze_schemas:schemas-valid", PluginOf(old), tmp_path)
    assert found.subject == "sample.made"
    assert "draft-07" in found.text


def test_a_schema_that_is_none_is_told_with_its_place(tmp_path: Path) -> None:
    """The host compiles explicit schemas, so what is wrong at this point was put in afterwards."""
    wrong = made(a={"type": "string"})
    wrong.parameters["properties"]["a"]["minLength"] = "three"
    (found,) = check("bronze_schemas:schemas-valid", PluginOf(wrong), tmp_path)
    assert "no JSON Schema 2020-12" in found.text
    assert "properties.a.minLength" in found.text


def test_what_vendors_refuse_is_told_with_tool_place_and_remedy(tmp_path: Path) -> None:
    (found,) = check("bronze_schemas:schemas-strict", PluginOf(made(a={"oneOf": [{"type": "string"}]})), tmp_path)
    assert found.text == "The schema of sample.made leaves what vendors take: at a, it uses oneOf."
    assert "anyOf" in found.remedy


@pytest.mark.parametrize("name", ["2fast", "-fast"])
def test_a_name_that_one_vendor_refuses_is_told(name: str, tmp_path: Path) -> None:
    (found,) = check("bronze_schemas:names-legal", PluginOf(made(name)), tmp_path)
    assert found.text == f"The name {name!r} of sample.made is not one that all vendors take."


def test_a_parameter_name_that_one_vendor_refuses_is_told_wherever_it_stands(tmp_path: Path) -> None:
    inner: Any = {"type": "object", "properties": {"größe": {"type": "string"}}}
    found = check("bronze_schemas:names-legal", PluginOf(made(**{"a b": inner})), tmp_path)
    assert [finding.text.split("'")[1] for finding in found] == ["a b", "a b.größe"]


class Bare(BaseModel):
    name: str
    deeper: Place | None = None


def test_every_parameter_without_a_description_is_told(tmp_path: Path) -> None:
    @tool
    def go(place: Bare, place_2: Bare, fast: bool, slow: bool = False) -> str:
        """Go.

        Args:
            place: Where to.
            slow: Whether to dawdle.
        """
        return ""

    found = check("bronze_schemas:parameters-described", PluginOf(go), tmp_path)
    paths = [finding.text.split()[2] for finding in found]
    assert paths == ["place.name", "place_2", "place_2.name", "fast"]
    assert "Args:" in found[-1].remedy
    assert "Field(description=" in found[0].remedy


def test_parts_of_lists_and_unions_are_parameters_too(tmp_path: Path) -> None:
    part = {"type": "object", "properties": {"x": {"type": "integer"}}}
    parameters: dict[str, Any] = {
        "many": {"type": "array", "items": part, "description": "Many"},
        "either": {"anyOf": [part, {"type": "null"}], "description": "One or none"},
    }
    found = check("bronze_schemas:parameters-described", PluginOf(made(**parameters)), tmp_path)
    assert [finding.text.split()[2] for finding in found] == ["many[].x", "either.x"]


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("#", "it refers to #, which"),
        ("#/$defs/A", "A contains itself"),
        ("#/properties/a", "it refers to #/properties"),
    ],
)
def test_a_reference_that_leads_to_itself_is_one_finding(reference: str, words: str, tmp_path: Path) -> None:
    """And the other checks of schemas come to their end."""
    schema = {
        "type": "object",
        "properties": {"a": {"description": "It.", "$ref": reference}},
        "required": ["a"],
        "additionalProperties": False,
        "$defs": {"A": {"$ref": "#/$defs/A"}},
    }
    looping = Tool(name="loop", description="Loop.", parameters=schema, function=lambda a: a)
    found = check("bronze_schemas:schemas-strict", PluginOf(looping), tmp_path / "strict")
    assert [words in finding.text for finding in found if finding.text.count("at a, ")] == [True]
    check("bronze_schemas:parameters-described", PluginOf(looping), tmp_path / "described")
