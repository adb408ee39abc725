"""Sine and its kin: ``math`` on doubles, with the angle reduced in decimals first, so that sin(pi) is 0."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_FLOOR, Decimal

from promptdock import ToolError

from .values import Number, from_float, real

__all__ = ["cosine", "degrees", "radians", "sine", "tangent"]

_TURN = Decimal("6.28318530717958647692528676655900576839433879875021")
_MAX_ANGLE = Decimal("1e20")
_NOISE = 1e-15
"""What a double leaves where the true value is zero; an angle this small itself is no noise."""


def sine(angle: Number) -> Number:
    """The sine of an angle in radians."""
    return _clean(math.sin, real(angle))


def cosine(angle: Number) -> Number:
    """The cosine of an angle in radians."""
    return _clean(math.cos, real(angle))


def tangent(angle: Number) -> Number:
    """The tangent of an angle in radians.

    Raises:
        ValueError: The angle is a right one, or a right one and half turns.
    """
    if cosine(angle) == 0:
        raise ValueError
    return _clean(math.tan, real(angle))


def degrees(angle: Number) -> Number:
    """Radians in degrees."""
    return real(angle) * 360 / _TURN


def radians(angle: Number) -> Number:
    """Degrees in radians."""
    return real(angle) * _TURN / 360


def _clean(function: Callable[[float], float], angle: Decimal) -> Number:
    if abs(angle) > _MAX_ANGLE:
        raise ToolError(f"The angle is too large: at most {_MAX_ANGLE:.0e} radians are taken.")
    if abs(angle) > _TURN:
        angle -= _TURN * (angle / _TURN).to_integral_value(rounding=ROUND_FLOOR)
    value = function(float(angle))
    return Decimal(0) if abs(value) < _NOISE < abs(angle) else from_float(value)
