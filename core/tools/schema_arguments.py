"""Arguments of tools with an explicit JSON schema."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import ConfigurationError
from ..jsontext import JsonError, JsonObject, dumps
from .arguments import ArgumentFaults, CheckedArguments, path_text, shortened
from .signature import FunctionSignature, function_label, read_signature

__all__ = ["SchemaArguments"]


class SchemaArguments:
    """Arguments of a tool with an explicit JSON schema, checked as they are; the function gets the decoded data.

    ``$ref`` leads nowhere but into the schema itself: a schema must not make the host open files or URLs. Patterns
    are matched in linear time.
    """

    def __init__(self, function: Callable[..., Any], schema: JsonObject) -> None:
        self._signature = read_signature(function)
        self._validator = _compiled(schema, function)
        self.schema = schema
        self.contexts = self._signature.contexts
        _require_accepted(schema, self._signature, function)

    def read(self, data: JsonObject) -> CheckedArguments:
        """See :class:`~.arguments.ArgumentReader`."""
        faults = [f"{path_text(error.instance_path)}: {error.message}" for error in self._validator.iter_errors(data)]
        if not faults and not self._signature.takes_any_name:
            surplus = sorted(data.keys() - self._signature.names)
            faults = [f"{shortened(name, 60)}: no such parameter" for name in surplus]
        if faults:
            raise ArgumentFaults(faults)
        # the function gets a copy of its own, at every depth: events show what the model wrote
        return CheckedArguments(data, _copied(data))


def _compiled(schema: JsonObject, function: Callable[..., Any]) -> Any:
    import jsonschema_rs

    if schema.get("type") != "object":
        raise ConfigurationError(
            f"The schema of {function_label(function)} does not say 'type': 'object'; arguments are always an object."
        )
    try:
        dumps(schema)
        return jsonschema_rs.validator_for(
            schema, retriever=_refuse, mask="the value", pattern_options=jsonschema_rs.RegexOptions()
        )
    except (JsonError, ValueError, jsonschema_rs.ReferencingError) as error:
        path = path_text(getattr(error, "instance_path", ()))
        reason = str(error).partition("\n")[0].rstrip(".")
        where = f" at {path}" if path != "arguments" else ""
        raise ConfigurationError(
            f"The schema of {function_label(function)} is not a usable JSON schema{where}: {reason}.",
            hint="References must stay inside the schema ('#/$defs/...'); patterns know no look-around.",
        ) from None


def _refuse(uri: str) -> Any:
    raise ValueError(f"references to other documents are not followed ({uri})")


def _require_accepted(schema: JsonObject, signature: FunctionSignature, function: Callable[..., Any]) -> None:
    if signature.takes_any_name:
        return
    strangers = sorted(schema.get("properties", {}).keys() - signature.names)
    if strangers:
        raise ConfigurationError(
            f"The schema of {function_label(function)} names {', '.join(strangers)}, which the function does not take.",
            hint="Add the parameters, or '**arguments'.",
        )


def _copied(value: Any) -> Any:
    """JSON data, copied at every depth; arguments may be nested deeper than Python calls may."""
    root: list[Any] = [value]
    todo: list[dict[Any, Any] | list[Any]] = [root]
    while todo:
        holder = todo.pop()
        places = list(holder.items()) if isinstance(holder, dict) else list(enumerate(holder))
        for place, item in places:
            if isinstance(item, (dict, list)):
                holder[place] = item.copy()
                todo.append(holder[place])
    return root[0]
