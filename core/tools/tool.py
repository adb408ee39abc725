"""A tool: a function that a language model may call, with the schema of its arguments."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Generic, ParamSpec, TypeVar, overload

from ..effects import Effect
from ..errors import ConfigurationError
from ..jsontext import JsonObject
from .arguments import ArgumentReader
from .docstrings import DocstringText, read_docstring
from .model_arguments import ModelArguments
from .schema_arguments import SchemaArguments
from .signature import function_label
from .tool_checks import check_declarations, check_function, is_wire_name

__all__ = ["FunctionTool", "Tool", "tool"]

P = ParamSpec("P")
R = TypeVar("R")


class Tool:
    """A tool with an explicit JSON schema. Of a typed function, :func:`tool` makes one with less writing.

    The function gets the decoded arguments by name, checked against the schema, and a
    :class:`~promptdock.ToolContext` in each parameter that is annotated with it. It may be async; a sync one runs in a
    worker thread. A tool never changes, and calling it calls the function.

    Args:
        name: What the model calls it by: 1 to 64 of ``A-Z a-z 0-9 _ -``.
        description: What it does and when to use it, for the model.
        parameters: JSON schema of the arguments, of type object. Patterns know no look-around, and ``$ref`` must not
            leave the schema.
        function: What runs.
        key: Second half of the tool's id ``plugin.tool``; by default the function's name.
        timeout: Seconds that a call may take; None for the host's ``tool_timeout``.
        nonblocking: Promise that a sync function returns at once, so that it needs no thread.
        effects: What it does besides computing, see :class:`~promptdock.effects.Effect`: any of ``network``, ``files``,
            ``subprocess``, ``environment``. ``promptdock plugin check`` compares it with what it sees.
        examples: Calls that work, each an object of arguments; ``promptdock plugin check`` runs them.
    """

    def __init__(
        self,
        *,
        name: str,
        description: str,
        parameters: Mapping[str, Any],
        function: Callable[..., Any],
        key: str | None = None,
        timeout: float | None = None,
        nonblocking: bool = False,
        effects: Collection[str] = (),
        examples: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self._name = name
        self._description = description
        self._schema = copy.deepcopy(dict(parameters))
        self._function = function
        self._key = key if key is not None else _key_of(function, name)
        self._timeout = timeout
        self._nonblocking = nonblocking
        self._effects = effects
        self._examples = examples
        self._is_async = _is_async(function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function, unchecked, as if it were no tool."""
        return self._function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._name} of {function_label(self._function)}>"

    @property
    def name(self) -> str:
        """The wire name."""
        return self._name

    @property
    def key(self) -> str:
        """Second half of the id ``plugin.tool``."""
        return self._key

    @property
    def description(self) -> str:
        """What the model reads about it."""
        return self._description.strip()

    @property
    def parameters(self) -> JsonObject:
        """JSON schema of the arguments; read it, never change it.

        Raises:
            ConfigurationError: See :meth:`check`.
        """
        return self.arguments.schema

    @property
    def function(self) -> Callable[..., Any]:
        """What runs."""
        return self._function

    @property
    def is_async(self) -> bool:
        """Whether calling the function gives something to await."""
        return self._is_async

    @property
    def timeout(self) -> float | None:
        """Seconds that a call may take, or None for the host's setting."""
        return self._timeout

    @property
    def nonblocking(self) -> bool:
        """Whether a sync function runs on the event loop."""
        return self._nonblocking

    @property
    def effects(self) -> frozenset[Effect]:
        """What it declares to do besides computing."""
        return frozenset(Effect(effect) for effect in self._effects)

    @property
    def examples(self) -> tuple[JsonObject, ...]:
        """Calls that work, as objects of arguments."""
        return tuple(copy.deepcopy(dict(example)) for example in self._examples)

    @functools.cached_property
    def arguments(self) -> ArgumentReader:
        """Checks the arguments of calls; made on first use."""
        return SchemaArguments(self._function, self._schema)

    def with_function(self, function: Callable[..., Any]) -> Tool:
        """Give the same tool with another function, which takes the same arguments; for wrappers around tools."""
        _ = self.arguments  # read from the signature of the real function; the copy takes it along
        copied = copy.copy(self)
        copied._function = function  # noqa: SLF001  (its own class)
        copied._is_async = _is_async(function)  # noqa: SLF001
        return copied

    def with_timeout(self, seconds: float | None) -> Tool:
        """Give the same tool with another timeout; None for the host's."""
        copied = copy.copy(self)
        copied._timeout = seconds  # noqa: SLF001  (its own class)
        return copied

    def check(self) -> None:
        """Find everything that would keep the tool from working; the host calls it once, at registration.

        Raises:
            ConfigurationError: A bad name or timeout, no description, a function of a kind that cannot be a tool, a
                parameter or schema that cannot be used. The text names the function and what to write instead.
        """
        check_function(self._function, self._name)
        check_declarations(
            self._function,
            names={"name": self._name, "key": self._key},
            timeout=self._timeout,
            description=self._description,
            effects=self._effects,
            examples=self._examples,
        )
        if not self.description:
            raise ConfigurationError(
                f"The tool {function_label(self._function)} has no description.",
                hint="Write a docstring: the model reads it to know the tool.",
            )
        _ = self.arguments


class FunctionTool(Tool, Generic[P, R]):
    """What ``@tool`` makes of a typed function; see :func:`tool`."""

    def __init__(
        self,
        function: Callable[P, R],
        *,
        name: str | None = None,
        description: str | None = None,
        timeout: float | None = None,
        nonblocking: bool = False,
        effects: Collection[str] = (),
        examples: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        own_name = getattr(function, "__name__", None) or type(function).__name__
        super().__init__(
            name=name if name is not None else own_name,
            description=description or "",
            parameters={},
            function=function,
            timeout=timeout,
            nonblocking=nonblocking,
            effects=effects,
            examples=examples,
        )
        functools.update_wrapper(self, function, updated=())

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function, unchecked, as if it were no tool."""
        result: R = self._function(*args, **kwargs)
        return result

    @functools.cached_property
    def _docstring(self) -> DocstringText:
        return read_docstring(self._function)

    @property
    def description(self) -> str:
        """What the model reads about it: the text of the docstring before the parameters, unless it was given."""
        return self._description.strip() or self._docstring.description

    @functools.cached_property
    def arguments(self) -> ArgumentReader:
        """Checks the arguments of calls; made on first use."""
        return ModelArguments(self._function, self._docstring.parameters)


@overload
def tool(function: Callable[P, R], /) -> FunctionTool[P, R]: ...


@overload
def tool(
    *,
    name: str | None = None,
    description: str | None = None,
    timeout: float | None = None,
    nonblocking: bool = False,
    effects: Collection[str] = (),
    examples: Sequence[Mapping[str, Any]] = (),
) -> Callable[[Callable[P, R]], FunctionTool[P, R]]: ...


def tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    timeout: float | None = None,
    nonblocking: bool = False,
    effects: Collection[str] = (),
    examples: Sequence[Mapping[str, Any]] = (),
) -> Any:
    """Make a tool of a typed function: ``@tool``, or ``@tool(timeout=5)``.

    The JSON schema comes from the signature: every parameter needs a type, ``Annotated[int, Field(ge=1)]`` narrows it,
    defaults make it optional. The docstring (Google, NumPy or Sphinx style) describes tool and parameters. Arguments
    are converted before the call: enums, dates, dataclasses and pydantic models arrive as such.

    Args:
        function: The function; sync or async.
        name: What the model calls it by; the function's name when not given.
        description: What the model reads; the docstring's text before the parameters when not given.
        timeout: Seconds that a call may take; None for the host's ``tool_timeout``.
        nonblocking: Promise that a sync function returns at once, so that it needs no thread.
        effects: What it does besides computing: any of ``network``, ``files``, ``subprocess``, ``environment``.
        examples: Calls that work, each an object of arguments; ``promptdock plugin check`` runs them.

    Returns:
        The tool, or a decorator that makes one.
    """

    def decorate(decorated: Callable[P, R]) -> FunctionTool[P, R]:
        return FunctionTool(
            decorated,
            name=name,
            description=description,
            timeout=timeout,
            nonblocking=nonblocking,
            effects=effects,
            examples=examples,
        )

    return decorate if function is None else decorate(function)


def _key_of(function: Callable[..., Any], name: str) -> str:
    own = getattr(function, "__name__", "")
    return own if is_wire_name(own) else name


def _is_async(function: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004  (asks for the method of a callable object)
    )
