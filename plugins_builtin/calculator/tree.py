"""The parts of a parsed expression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Call", "Chain", "Literal", "Name", "Negative", "Node", "Power"]


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, as it was written."""

    text: str


@dataclass(frozen=True, slots=True)
class Name:
    """A constant."""

    name: str


@dataclass(frozen=True, slots=True)
class Negative:
    """A value with its sign turned."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Power:
    """One value to the power of another."""

    base: Node
    exponent: Node


@dataclass(frozen=True, slots=True)
class Chain:
    """Operators of one precedence, from left to right: flat, so a sum of hundreds of terms nests no deeper than one."""

    first: Node
    rest: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments."""

    name: str
    arguments: tuple[Node, ...]


Node: TypeAlias = Literal | Name | Negative | Power | Chain | Call
