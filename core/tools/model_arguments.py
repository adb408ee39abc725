"""Arguments of typed functions: read by a pydantic model that is made of the signature."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..jsontext import JsonObject, dumps, loads
from .arguments import ArgumentFaults, CheckedArguments, path_text, shortened
from .signature import read_signature

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["ModelArguments"]


class ModelArguments:
    """Arguments of a typed function, read by pydantic.

    The rule: what fits the schema is taken, and beside it whatever pydantic converts without loss, since small models
    write ``"5"`` where an integer is asked for. Hooks see the converted value (5), so that a policy judges what the
    function will get. Unknown names are refused. Parameters that are not given keep the function's own defaults.
    """

    def __init__(self, function: Callable[..., Any], descriptions: Mapping[str, str]) -> None:
        from .schema import arguments_model, arguments_schema

        signature = read_signature(function)
        self._model = arguments_model(function, signature)
        self._fields = {f"argument_{place}": item for place, item in enumerate(signature.parameters)}
        self._filled_by_model = {name for name, item in self._fields.items() if not _has_own_default(item)}
        self.schema = arguments_schema(self._model, descriptions)
        self.contexts = signature.contexts

    def read(self, data: JsonObject) -> CheckedArguments:
        """See :class:`~.arguments.ArgumentReader`."""
        from pydantic import ValidationError

        try:
            model = self._model.model_validate_json(dumps(data))
        except ValidationError as error:
            faults = error.errors(include_url=False, include_context=False, include_input=False)
            names = [item.name for item in self._fields.values()]
            raise ArgumentFaults([_model_fault(fault, data, names) for fault in faults]) from None
        given = self._filled_by_model | model.model_fields_set
        values = {item.name: getattr(model, name) for name, item in self._fields.items() if name in given}
        return CheckedArguments(_as_json(model, data), values)


def _has_own_default(parameter: inspect.Parameter) -> bool:
    from pydantic.fields import FieldInfo

    return parameter.default is not inspect.Parameter.empty and not isinstance(parameter.default, FieldInfo)


def _as_json(model: BaseModel, data: JsonObject) -> JsonObject:
    """The converted arguments as JSON data; a type that cannot be written back stays as the model sent it."""
    try:
        converted: JsonObject = loads(model.model_dump_json(exclude_unset=True, warnings=False))
    except Exception:  # noqa: BLE001  (serialisers are the author's code)
        return data
    return converted


def _model_fault(fault: Mapping[str, Any], data: JsonObject, names: Sequence[str]) -> str:
    names_what_is_not_there = fault["type"] in {"missing", "missing_argument"}
    place = _place(fault["loc"], data, names_what_is_not_there)
    if names_what_is_not_there:
        return f"{place}: required, but missing"
    if fault["type"] == "extra_forbidden":
        known = f"; known are {', '.join(names)}" if len(fault["loc"]) == 1 and names else ""
        return f"{shortened(place, 60)}: no such parameter{known}"
    return f"{place}: {fault['msg'][:1].lower()}{fault['msg'][1:]}".replace(": input should", ": should")


def _place(location: Sequence[str | int], data: Any, last_is_missing: bool) -> str:
    """Where in the arguments a fault lies; pydantic's own steps, such as the branch of a union, are left out."""
    steps: list[str | int] = []
    for count, step in enumerate(location, start=1):
        if _has(data, step):
            steps.append(step)
            data = data[step]
        elif last_is_missing and count == len(location):
            steps.append(step)
    return path_text(steps)


def _has(data: Any, step: str | int) -> bool:
    return step in data if isinstance(data, dict) else isinstance(data, list) and step in range(len(data))
