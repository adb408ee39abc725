"""Bronze: what models and vendors read of the tools: schemas, names, descriptions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from ..jsontext import JsonObject
from ..plugins.catalog import RegisteredTool
from .check import Check, Finding, Grade, NotApplicable
from .strict_subset import departures
from .subject import Subject

__all__ = ["CHECKS"]

_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_TOOL_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_PLUGIN_ID: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_PARAMETER: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")


async def _schemas_valid(subject: Subject) -> Sequence[Finding]:
    return [finding for tool in _tools(subject) for finding in _invalid(tool)]


def _invalid(tool: RegisteredTool) -> Iterator[Finding]:
    import jsonschema_rs

    schema = tool.tool.parameters
    declared = schema.get("$schema", _DRAFT)
    if declared != _DRAFT:
        yield Finding(
            text=f"The schema of {tool.id} says that it is written in {declared}.",
            remedy="Write it in JSON Schema 2020-12, and leave $schema out.",
            subject=tool.id,
        )
    try:
        jsonschema_rs.meta.validate({**schema, "$schema": _DRAFT})
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        where = ".".join(map(str, getattr(error, "instance_path", ()))) or "its root"
        reason = str(error).partition("\n")[0].rstrip(".")
        yield Finding(
            text=f"The schema of {tool.id} is no JSON Schema 2020-12: {reason}, at {where}.",
            remedy="Correct it; of a typed function, @tool writes it.",
            subject=tool.id,
        )


async def _schemas_strict(subject: Subject) -> Sequence[Finding]:
    return [
        Finding(
            text=f"The schema of {tool.id} leaves what vendors take: "
            f"{f'at {departure.path}, ' if departure.path else ''}{departure.what}.",
            remedy=departure.remedy,
            subject=tool.id,
        )
        for tool in _tools(subject)
        for departure in departures(tool.tool.parameters)
    ]


async def _names_legal(subject: Subject) -> Sequence[Finding]:
    findings = []
    if not _PLUGIN_ID.fullmatch(subject.name):
        findings.append(
            Finding(
                text=f"The plugin's id {subject.name!r} is not legal.",
                remedy="Rename the entry point, or the file: up to 64 lower-case letters, digits and '_', a letter "
                "first.",
            )
        )
    for tool in subject.tools:
        if not _TOOL_NAME.fullmatch(tool.name):
            findings.append(
                Finding(
                    text=f"The name {tool.name!r} of {tool.id} is not one that all vendors take.",
                    remedy="Use 1 to 64 letters, digits, '_' and '-', a letter or '_' first: @tool(name=\"…\").",
                    subject=tool.id,
                )
            )
        findings += [
            Finding(
                text=f"The parameter {path!r} of {tool.id} has a name that not all vendors take.",
                remedy="Use 1 to 64 letters, digits, '_', '.' and '-'.",
                subject=tool.id,
            )
            for path, name, _ in _parameters(tool.tool.parameters)
            if not _PARAMETER.fullmatch(name)
        ]
    return findings


async def _parameters_described(subject: Subject) -> Sequence[Finding]:
    return [
        Finding(
            text=f"The parameter {path} of {tool.id} has no description.",
            remedy="Describe it under 'Args:' in the docstring"
            if "." not in path and "[" not in path
            else "Describe it in its class: Annotated[…, Field(description=…)]",
            subject=tool.id,
        )
        for tool in _tools(subject)
        for path, _, described in _parameters(tool.tool.parameters)
        if not described
    ]


def _tools(subject: Subject) -> tuple[RegisteredTool, ...]:
    if not subject.tools:
        raise NotApplicable("it has no tools")
    return subject.tools


def _parameters(schema: JsonObject) -> Iterator[tuple[str, str, bool]]:
    """Every property: its path, its name, and whether it or what it refers to is described."""
    definitions = schema.get("$defs", {})

    def walk(node: Any, path: str, inside: tuple[str, ...]) -> Iterator[tuple[str, str, bool]]:
        if not isinstance(node, dict):
            return
        reference = str(node.get("$ref", ""))
        if reference and reference not in inside:
            yield from walk(_resolve(definitions, node), path, (*inside, reference))
        for choice in node.get("anyOf", ()):
            yield from walk(choice, path, inside)
        yield from walk(node.get("items"), f"{path}[]", inside)
        members = node.get("properties")
        for name, member in members.items() if isinstance(members, dict) else ():
            below = f"{path}.{name}".lstrip(".")
            yield below, name, _is_described(definitions, member)
            yield from walk(member, below, inside)

    yield from dict.fromkeys(walk(schema, "", ()))


def _is_described(definitions: Any, node: Any) -> bool:
    """Whether it says what it is: itself, or the class that it refers to."""
    if not isinstance(node, dict):
        return False
    if str(node.get("description") or "").strip():
        return True
    choices = [choice for choice in node.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        return _is_described(definitions, choices[0])
    return bool(str(_resolve(definitions, node).get("description") or "").strip())


def _resolve(definitions: Any, node: JsonObject) -> JsonObject:
    target = definitions.get(str(node.get("$ref", "")).removeprefix("#/$defs/"), {})
    return target if isinstance(target, dict) else {}


CHECKS = (
    Check(
        id="schemas-valid",
        grade=Grade.BRONZE,
        title="Every tool's schema is valid JSON Schema 2020-12",
        remedy="Let `@tool` write the schema, or correct that of `Tool(parameters=…)`.",
        run=_schemas_valid,
    ),
    Check(
        id="schemas-strict",
        grade=Grade.BRONZE,
        title="Every tool's schema keeps to the subset that vendors take",
        remedy="Take named, typed values: no sets, tuples, dicts of any key or discriminated unions. "
        "[The subset](#the-strict-subset) has the table.",
        run=_schemas_strict,
    ),
    Check(
        id="names-legal",
        grade=Grade.BRONZE,
        title="The plugin's id and the names of tools and parameters are ones that all vendors take",
        remedy="Use letters, digits, `_` and `-`, at most 64, a letter or `_` first.",
        run=_names_legal,
        needs_load=False,
    ),
    Check(
        id="parameters-described",
        grade=Grade.BRONZE,
        title="Every parameter of every tool is described, those inside of objects too",
        remedy="Describe parameters under `Args:` in the docstring, and fields with `Field(description=…)`.",
        run=_parameters_described,
    ),
)
