"""What a tool returned, as text that a model can read."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any, Final
from uuid import UUID

from ..records import is_record, record_fields
from .result_size import ResultNotSerialisable, ResultTooLarge, check_size

__all__ = ["ResultNotSerialisable", "ResultTooLarge", "check_text", "result_text", "sendable"]


def result_text(value: object, limit: int) -> str:
    """Write a tool's result: text stays as it is, everything else becomes compact JSON.

    Args:
        value: What the tool returned: JSON data, pydantic models, dataclasses, enums, dates and times, ``Decimal``,
            ``UUID``, paths, sets and tuples, nested at will.
        limit: The most characters.

    Raises:
        ResultNotSerialisable: Bytes, generators, NaN and infinity, lone surrogates, cycles, unknown types.
        ResultTooLarge: More characters than the limit.
    """
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, str):
        return check_text(value, limit)
    try:
        check_size(value, limit)
        text = _ENCODER.encode(value)
    except RecursionError:
        raise ResultNotSerialisable("it is nested too deeply") from None
    except (ResultNotSerialisable, ResultTooLarge):
        raise
    except (TypeError, ValueError) as error:
        raise ResultNotSerialisable(_reason(error)) from None
    return check_text(text, limit)


def check_text(text: str, limit: int) -> str:
    """Give the text back when it can be sent.

    Raises:
        ResultNotSerialisable: It holds a lone surrogate, which UTF-8 has no form for.
        ResultTooLarge: More characters than the limit.
    """
    if len(text) > limit:
        raise ResultTooLarge(f"it has {len(text)} characters; at most {limit} are taken")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ResultNotSerialisable("its text holds a lone surrogate, which is not valid Unicode") from None
    return text


def sendable(text: str, limit: int) -> str:
    """Text for messages: at most ``limit`` characters, and valid Unicode whatever it was."""
    return text[:limit].encode("utf-8", "replace").decode()


def _plain(value: Any) -> Any:
    """What ``json`` asks for when it meets something that it does not know itself."""
    if isinstance(value, (Mapping, AbstractSet, deque, range)):
        return dict(value) if isinstance(value, Mapping) else list(value)
    if is_record(value):
        return {name: getattr(value, name) for name in record_fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (Decimal, UUID, PurePath)):
        return _decimal(value) if isinstance(value, Decimal) else str(value)
    return _from_pydantic(value)


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise ResultNotSerialisable(f"it holds {value}, which JSON has no form for")
    return str(value)


def _from_pydantic(value: Any) -> Any:
    from pydantic import BaseModel

    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, warnings=False)
    raise ResultNotSerialisable(f"it holds a value of type {type(value).__name__}, which JSON has no form for")


def _reason(error: Exception) -> str:
    text = str(error)
    if "Circular" in text:
        return "it contains itself"
    if "JSON compliant" in text:
        return "it holds NaN or infinity, which JSON has no form for"
    if "keys must be" in text:
        return "it holds an object whose keys are not text"
    return "it has no JSON form"
