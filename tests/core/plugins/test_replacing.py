"""The line to write instead: the plugin's own, with the names of today."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from promptdock import CompletionCall, hookimpl
from promptdock.plugins.replacing import definition, line_instead

RENAMED = {"request": "call"}


def instead(function: Callable[..., Any]) -> str:
    """What to write in place of an implementation of ``prepare_request``."""
    return line_instead(function, "prepare_request", "prepare_completion", RENAMED)


def test_arguments_stay_those_that_it_takes() -> None:
    def prepare_request(settings, request): ...  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202

    assert instead(prepare_request) == "def prepare_completion(settings, call):"


def test_annotations_and_defaults_are_written_as_their_author_did() -> None:
    async def prepare_request(
        request: CompletionCall,  # a comment
        settings: dict[str, int] | None = None,
        *,
        times: float = 1e3,
        **others: object,
    ) -> CompletionCall | None: ...

    assert instead(prepare_request) == (
        "async def prepare_completion(call: CompletionCall, settings: dict[str, int] | None = None, *, "
        "times: float = 1000.0, **others: object) -> CompletionCall | None:"
    )


def test_a_method_keeps_its_self() -> None:
    class Plugin:
        @hookimpl(tryfirst=True)
        def prepare_request(self, request: CompletionCall) -> None: ...

        @staticmethod
        @hookimpl
        def prepare_completion(request: CompletionCall) -> None: ...

    assert instead(Plugin().prepare_request) == "def prepare_completion(self, call: CompletionCall) -> None:"
    assert line_instead(Plugin.prepare_completion, "prepare_completion", "prepare_completion", RENAMED) == (
        "def prepare_completion(call: CompletionCall) -> None:"
    )


def test_of_the_older_and_the_newer_argument_the_newer_is_left() -> None:
    def prepare_completion(request: CompletionCall, call: CompletionCall) -> None: ...

    line = line_instead(prepare_completion, "prepare_completion", "prepare_completion", RENAMED)
    assert line == "def prepare_completion(call: CompletionCall) -> None:"


def test_a_name_of_its_own_is_kept_and_the_marker_is_named() -> None:
    @hookimpl(specname="prepare_request")
    def louder(request: CompletionCall) -> None: ...

    assert instead(louder) == (
        'def louder(call: CompletionCall) -> None:  (marked @hookimpl(specname="prepare_completion"))'
    )


def test_a_decorated_function_is_shown_as_it_is_written() -> None:
    def loud(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def louder(*arguments: Any, **named: Any) -> Any:
            return function(*arguments, **named)

        return louder

    @loud
    def prepare_request(request: CompletionCall) -> None: ...

    assert instead(prepare_request) == "def prepare_completion(call: CompletionCall) -> None:"


@pytest.mark.parametrize(
    "source", ["prepare_request = lambda request, settings=3: None", "def prepare_request(request, settings=3): ..."]
)
def test_without_a_text_the_signature_is_enough(source: str) -> None:
    """Lambdas, and functions that were never in a file."""
    space: dict[str, Any] = {}
    exec(source, space)
    assert instead(space["prepare_request"]) == "def prepare_completion(call, settings=3):"
    assert definition(space["prepare_request"]) == ("<string>", 1)


def test_the_place_is_that_of_the_def_and_not_of_the_decorators() -> None:
    @hookimpl(
        tryfirst=True,
    )
    def prepare_request(request: CompletionCall) -> None: ...

    file, line = definition(prepare_request)
    assert file == __file__
    assert line == prepare_request.__code__.co_firstlineno + 3


def test_what_has_no_code_has_no_place() -> None:
    assert definition(functools.partial(print)) == ("<unknown>", 1)
    assert definition(SimpleNamespace()) == ("<unknown>", 1)  # type: ignore[arg-type]
