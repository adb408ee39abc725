"""What a docstring says of a tool and of its parameters: Google, NumPy and Sphinx style alike."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from .signature import underlying

__all__ = ["DocstringText", "read_docstring"]


class DocstringText(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a docstring that a model gets to read.

    Attributes:
        description: The text before the parameters; empty when there is none.
        parameters: What is said of each parameter, by name; a parameter without text is missing.
    """

    description: str = ""
    parameters: Mapping[str, str] = msgspec.field(default_factory=dict)


def read_docstring(function: Callable[..., Any]) -> DocstringText:
    """Read the docstring of a function; one that no style fits is a description as a whole."""
    text = inspect.getdoc(underlying(function))
    if not text:
        return DocstringText()
    from docstring_parser import ParseError, parse

    try:
        parsed = parse(f"\n{text}")  # it dedents all but the first line, which would flatten a section there
    except ParseError:
        return DocstringText(description=text.strip())
    described = [part.strip() for part in (parsed.short_description, parsed.long_description) if part]
    parameters = {
        # NumPy style allows "a, b : int"; the star of *args belongs to the type
        name.strip().lstrip("*"): parameter.description.strip()
        for parameter in parsed.params
        if parameter.description
        for name in parameter.arg_name.split(",")
    }
    return DocstringText(description="\n\n".join(described), parameters=parameters)
