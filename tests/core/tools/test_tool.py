"""Tools as authors write them: the decorator, the explicit form, and what is refused at registration."""

from __future__ import annotations

import functools
import inspect
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from promptdock import Effect, Tool, ToolContext, tool
from promptdock.errors import ConfigurationError


@tool
def roll(sides: int = 6, count: int = 1) -> list[int]:
    """Roll dice.

    All at once.

    Args:
        sides: Faces of each die.
        count: How many dice to roll.
    """
    return [sides] * count


def test_a_typed_function_with_a_docstring_is_a_tool() -> None:
    roll.check()
    assert (roll.name, roll.key, roll.timeout, roll.nonblocking) == ("roll", "roll", None, False)
    assert roll.description == "Roll dice.\n\nAll at once."
    assert roll.parameters == {
        "type": "object",
        "properties": {
            "sides": {"type": "integer", "default": 6, "description": "Faces of each die."},
            "count": {"type": "integer", "default": 1, "description": "How many dice to roll."},
        },
        "additionalProperties": False,
    }


def test_calling_a_tool_calls_the_function() -> None:
    assert roll(4, count=2) == [4, 4]
    assert roll.function(3) == [3]
    assert (roll.__doc__ or "").startswith("Roll dice.")
    assert list(inspect.signature(roll).parameters) == ["sides", "count"]


@pytest.mark.anyio
async def test_calling_an_async_tool_gives_its_coroutine() -> None:
    @tool
    async def double(number: int) -> int:
        """Double."""
        return 2 * number

    assert await double(4) == 8


def test_the_decorator_takes_what_the_function_does_not_say() -> None:
    @tool(name="dice-roll", description="Other words.", timeout=2.5, nonblocking=True)
    def roll_dice() -> int:
        """Own words."""
        return 4

    roll_dice.check()
    assert (roll_dice.name, roll_dice.key, roll_dice.description) == ("dice-roll", "roll_dice", "Other words.")
    assert (roll_dice.timeout, roll_dice.nonblocking) == (2.5, True)


def test_a_tool_never_changes() -> None:
    for attribute in ("name", "key", "description", "parameters", "function", "timeout", "nonblocking"):
        with pytest.raises(AttributeError):
            setattr(roll, attribute, "other")


def test_two_tools_are_two_even_when_they_are_alike() -> None:
    one, two = tool(roll.function), tool(roll.function)
    assert one != two
    assert len({one, two, one}) == 2


def _explicit(schema: dict[str, Any], function: Callable[..., Any] = lambda **_: None, **more: Any) -> Tool:
    return Tool(name="explicit", description="Does it.", parameters=schema, function=function, **more)


def test_a_tool_with_an_explicit_schema() -> None:
    schema: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}

    def weather(city: str, context: ToolContext) -> str:
        return city

    made = _explicit(schema, weather)
    made.check()
    schema["properties"]["city"]["type"] = "integer"
    assert made.parameters["properties"]["city"] == {"type": "string"}
    assert (made.name, made.key) == ("explicit", "weather")
    assert _explicit({"type": "object"}, lambda **_: None).key == "explicit"
    assert _explicit({"type": "object"}, key="other").key == "other"


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({}, "'type': 'object'"),
        ({"type": "array"}, "'type': 'object'"),
        ({"type": "object", "properties": {"a": {"type": "integr"}}}, r"properties\.a\.type"),
        ({"type": "object", "properties": {"a": {"pattern": "("}}}, r"properties\.a\.pattern"),
        ({"type": "object", "properties": {"a": {"pattern": "(?=a)b"}}}, "look-around"),
        ({"type": "object", "properties": {"a": {"$ref": "#/$defs/none"}}}, "does not exist"),
        ({"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:9/s.json"}}}, "not followed"),
        ({"type": "object", "properties": {"a": {"$ref": "file:///etc/hostname"}}}, "not followed"),
        ({"type": "object", "$schema": "https://127.0.0.1:9/own"}, "meta-schema"),
        ({"type": "object", "properties": {"a": {"default": object()}}}, "not a usable JSON schema"),
    ],
)
def test_unusable_schemas_are_refused(schema: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        _explicit(schema).check()


def test_a_property_that_the_function_does_not_take_is_refused() -> None:
    def weather(city: str) -> str:
        return city

    with pytest.raises(ConfigurationError, match="names country, which the function does not take"):
        _explicit({"type": "object", "properties": {"city": {}, "country": {}}}, weather).check()


@pytest.mark.parametrize("name", ["", "a b", "a.b", "ü", "x" * 65, "a\n"])
def test_bad_wire_names_are_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="1 to 64 letters"):
        tool(name=name)(roll.function).check()


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), "5"])
def test_bad_timeouts_are_refused(timeout: Any) -> None:
    with pytest.raises(ConfigurationError, match="timeout"):
        tool(timeout=timeout)(roll.function).check()


def test_a_tool_declares_effects_and_examples() -> None:
    @tool(effects=["network"], examples=[{"sides": 4}])
    def roll_online(sides: int = 6) -> int:
        """Roll."""
        return sides

    roll_online.check()
    assert roll_online.effects == {Effect.NETWORK}
    assert roll_online.examples == ({"sides": 4},)
    roll_online.examples[0]["sides"] = 5
    assert roll_online.examples == ({"sides": 4},)
    assert (roll.effects, roll.examples) == (frozenset(), ())


@pytest.mark.parametrize("effects", ["network", ["internet"], [3], None, 3])
def test_unknown_effects_are_refused(effects: Any) -> None:
    with pytest.raises(ConfigurationError, match="declares the effects") as caught:
        tool(effects=effects)(roll.function).check()
    assert "network, files, subprocess, environment" in (caught.value.hint or "")


@pytest.mark.parametrize("examples", [{"sides": 4}, ["sides"], "sides", None, [[4]]])
def test_examples_are_objects_of_arguments(examples: Any) -> None:
    with pytest.raises(ConfigurationError, match="has the examples"):
        tool(examples=examples)(roll.function).check()


@pytest.mark.parametrize("function", [3, "roll", dict], ids=["number", "text", "class"])
def test_what_is_no_function_is_refused(function: Any) -> None:
    made = tool(function)
    with pytest.raises(ConfigurationError, match="give a function"):
        made.check()
    assert "FunctionTool" in repr(made)


def test_a_description_that_is_no_text_is_refused() -> None:
    description: Any = 3
    with pytest.raises(ConfigurationError, match="no text"):
        tool(description=description)(roll.function).check()


def test_a_static_method_is_a_function_too() -> None:
    class Dice:
        @tool
        @staticmethod
        def roll_one(sides: int) -> int:
            """Roll."""
            return sides

    Dice.roll_one.check()
    assert list(Dice.roll_one.parameters["properties"]) == ["sides"]


def test_a_tool_without_description_is_refused_by_name() -> None:
    def silent(a: int) -> int:
        return a

    with pytest.raises(ConfigurationError, match=r"silent has no description\. Write a docstring"):
        tool(silent).check()


def test_a_docstring_that_only_lists_parameters_is_no_description() -> None:
    def silent(a: int) -> int:
        return a

    silent.__doc__ = "\n    Args:\n        a: A number.\n    "
    with pytest.raises(ConfigurationError, match="no description"):
        tool(silent).check()


def test_generators_are_refused() -> None:
    def some() -> Iterator[int]:
        """Give some."""
        yield 1

    async def others() -> AsyncIterator[int]:
        """Give others."""
        yield 1

    for function in (some, others):
        with pytest.raises(ConfigurationError, match="Return a list"):
            tool(function).check()


def test_partials_and_callable_objects_are_functions_too() -> None:
    class Adder:
        def __call__(self, a: int) -> int:
            """Add one."""
            return a + 1

    made = tool(Adder())
    made.check()
    assert (made.name, made.description, list(made.parameters["properties"])) == ("Adder", "Add one.", ["a"])
    partial = tool(name="two_dice")(functools.partial(roll.function, count=2))
    partial.check()
    assert partial.description.startswith("Roll dice.")
    assert partial(5) == [5, 5]


def test_importing_tools_does_not_import_pydantic() -> None:
    """Plugins are imported by every command; schemas are made at registration only."""
    script = (
        "import sys; from promptdock import tool\n"
        "@tool\ndef f(a: int) -> int:\n    'Doc.'\n    return a\n"
        "print([m for m in ('pydantic', 'docstring_parser', 'jsonschema_rs', 'asyncio') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_tool_can_be_had_with_another_function_or_timeout() -> None:
    """It stays what it was itself."""
    quick = roll.with_timeout(0.5).with_function(lambda **_: [1])
    assert (quick.timeout, quick.parameters, quick()) == (0.5, roll.parameters, [1])
    assert (roll.timeout, roll(2)) == (None, [2])
    assert quick.with_timeout(None).timeout is None
