"""What a tool's function takes: its parameters, their types, and the one that gets the context."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

from ..errors import ConfigurationError
from .context import ToolContext

__all__ = ["FunctionSignature", "function_label", "read_signature", "underlying"]

_REFUSED_KINDS = {
    inspect.Parameter.POSITIONAL_ONLY: "is positional-only; arguments come by name, so drop the '/'",
    inspect.Parameter.VAR_POSITIONAL: "takes any number of values; write one parameter of type list instead",
    inspect.Parameter.VAR_KEYWORD: "takes any name; write the parameters out, or build the tool with Tool(...) "
    "and an explicit schema",
}


class FunctionSignature(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of a tool's function.

    Attributes:
        parameters: Those that the model fills, in order, as :mod:`inspect` gives them.
        hints: Their types by name; a type that could not be resolved is missing.
        contexts: Names of the parameters that get the :class:`~promptdock.ToolContext`.
        unresolved: Why types could not be resolved, or None.
    """

    parameters: tuple[inspect.Parameter, ...]
    hints: Mapping[str, Any]
    contexts: tuple[str, ...]
    unresolved: str | None = None

    @property
    def names(self) -> frozenset[str]:
        """The names that the function takes from the model, when it names them all."""
        named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        return frozenset(parameter.name for parameter in self.parameters if parameter.kind in named)

    @property
    def takes_any_name(self) -> bool:
        """Whether there is a ``**kwargs``."""
        return any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in self.parameters)


def read_signature(function: Callable[..., Any]) -> FunctionSignature:
    """Read a function's parameters; never fails because of a type.

    Raises:
        ConfigurationError: It has no signature that Python can read.
    """
    try:
        parameters = tuple(inspect.signature(function).parameters.values())
    except (ValueError, TypeError):
        raise ConfigurationError(
            f"Python cannot read the parameters of {function_label(function)}.",
            hint="Wrap it in a function of your own.",
        ) from None
    hints, unresolved = _resolve(underlying(function))
    contexts = tuple(parameter.name for parameter in parameters if _wants_context(parameter, hints))
    return FunctionSignature(
        parameters=tuple(parameter for parameter in parameters if parameter.name not in contexts),
        hints=hints,
        contexts=contexts,
        unresolved=unresolved,
    )


def require_named_and_typed(signature: FunctionSignature, function: Callable[..., Any]) -> None:
    """Refuse what no JSON schema can be made of.

    Raises:
        ConfigurationError: A parameter that cannot be given by name, one without a type, or a type that cannot be
            resolved.
    """
    label = function_label(function)
    for parameter in signature.parameters:
        if parameter.kind in _REFUSED_KINDS:
            raise ConfigurationError(f"Parameter '{parameter}' of {label} {_REFUSED_KINDS[parameter.kind]}.")
        if parameter.annotation is inspect.Parameter.empty:
            raise ConfigurationError(
                f"Parameter '{parameter.name}' of {label} has no type.",
                hint=f"Annotate it, e.g. '{parameter.name}: str'.",
            )
    if signature.unresolved is not None:
        raise ConfigurationError(
            f"The types of {label} cannot be resolved: {signature.unresolved}.",
            hint="Import or define every type at the top level of the module, not under TYPE_CHECKING.",
        )


def underlying(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function that holds annotations and docstring: behind partials, and ``__call__`` of a callable object."""
    while isinstance(function, functools.partial):
        function = function.func
    if inspect.isroutine(function) or inspect.isclass(function):
        return function
    return getattr(type(function), "__call__", function)  # noqa: B004  (asks for the method, not whether it is there)


def function_label(function: Callable[..., Any]) -> str:
    """``module.function``, for messages to the plugin's author."""
    inner = underlying(function)
    name = getattr(inner, "__qualname__", None) or type(function).__qualname__
    return f"{getattr(inner, '__module__', None) or '?'}.{name}"


def _resolve(function: Callable[..., Any]) -> tuple[Mapping[str, Any], str | None]:
    """Resolve all types at once; when that fails, each by itself, so that the context is found all the same."""
    try:
        return get_type_hints(function, include_extras=True), None
    except NameError as error:
        if error.name == ToolContext.__name__:  # imported for the type checker only
            return _resolve_with_context(function)
        return _raw_hints(function), str(error)
    except Exception as error:  # noqa: BLE001  (resolving runs whatever an annotation says)
        return _raw_hints(function), f"{type(error).__name__}: {error}"


def _resolve_with_context(function: Callable[..., Any]) -> tuple[Mapping[str, Any], str | None]:
    try:
        return get_type_hints(function, localns={ToolContext.__name__: ToolContext}, include_extras=True), None
    except Exception as error:  # noqa: BLE001
        return _raw_hints(function), f"{type(error).__name__}: {error}"


def _raw_hints(function: Callable[..., Any]) -> Mapping[str, Any]:
    annotations = getattr(function, "__annotations__", {})
    return {name: hint for name, hint in annotations.items() if not isinstance(hint, str)}


def _wants_context(parameter: inspect.Parameter, hints: Mapping[str, Any]) -> bool:
    if parameter.name in hints:
        return _is_context(hints[parameter.name])
    return isinstance(parameter.annotation, str) and ToolContext.__name__ in parameter.annotation


def _is_context(hint: Any) -> bool:
    origin = get_origin(hint)
    if origin is Annotated:
        return _is_context(get_args(hint)[0])
    if origin is Union or origin is UnionType:
        return any(_is_context(part) for part in get_args(hint))
    return isinstance(hint, type) and issubclass(hint, ToolContext)
