"""``promptdock prompt``: answer one prompt, and show how the answer came about."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from .invocation import Invocation, debug_option, strict_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..plugins.loader import LoadedPlugins
    from ..settings import Settings
    from ..turn.request import PromptRequest
    from .console import Output
    from .prompt_view import PromptView

__all__ = ["as_utf8", "prompt", "read_text", "show_answer"]


def as_utf8(_: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Read an argument as UTF-8, whatever the locale says, so that it can be sent on."""
    try:
        return None if value is None else os.fsencode(value).decode()
    except UnicodeError:
        raise click.UsageError(f"The text of {(parameter.name or '').upper()} is not valid UTF-8.") from None


@click.command(short_help="Answer a prompt with the tools of the installed plugins.")
@click.argument("text", callback=as_utf8)
@click.option(
    "-m", "--model", metavar="MODEL", callback=as_utf8, help="provider/model, or a model of the default provider."
)
@click.option("-s", "--system", metavar="TEXT", callback=as_utf8, help="System text for the model.")
@click.option("--temperature", type=click.FloatRange(0, 2), help="0 to 2; how freely the model chooses its words.")
@click.option("--max-tokens", type=click.IntRange(min=1), help="The most tokens of the answer.")
@click.option("--stream", is_flag=True, help="Show the answer as it comes.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
@click.option("-v", "--verbose", is_flag=True, help="Show the tools left out, too, and each round.")
@click.option("-q", "--quiet", is_flag=True, help="Show nothing but the answer.")
@strict_option
@debug_option
@click.pass_obj
def prompt(
    invocation: Invocation,
    text: str,
    model: str | None,
    system: str | None,
    temperature: float | None,
    max_tokens: int | None,
    stream: bool,
    as_json: bool,
    verbose: bool,
    quiet: bool,
    strict: bool,
) -> None:
    """Answer TEXT with the tools of the installed plugins; '-' reads it from stdin.

    Shows which tools the model got to see and why, each call with its result, and the answer.
    """
    if as_json and (stream or verbose or quiet):
        raise click.UsageError("--json prints the whole result and goes with none of --stream, --verbose and --quiet.")
    asked = read_text(text)

    from ..logs import command_logging
    from ..settings import load_settings
    from ..turn.request import PromptRequest
    from .console import open_output
    from .ending import run_async

    command_logging(debug=invocation.debug)
    request = PromptRequest(
        messages=({"role": "user", "content": asked},),
        model=model,
        system_role=system,
        temperature=temperature,
        max_completion_tokens=max_tokens,
        stream=stream,
    )
    with open_output() as output:
        settings = load_settings(**({"strict": True} if strict else {}))
        if as_json:
            run_async(_print_json(settings, request, output), invocation)
        else:
            run_async(show_answer(settings, request, output, verbose=verbose, quiet=quiet), invocation)


def read_text(text: str) -> str:
    """The prompt's text: the argument, or what stdin holds."""
    try:
        given = sys.stdin.buffer.read().decode() if text == "-" else text
    except UnicodeError:
        raise click.UsageError("The text from stdin is not valid UTF-8.") from None
    if not given.strip():
        raise click.UsageError("The text of the prompt is empty.")
    return given


async def _print_json(settings: Settings, request: PromptRequest, output: Output) -> None:
    from ..service import open_service
    from ..turn.fold import fold_turn
    from .asking import check_configured, turn_failure
    from .waiting import Waiting

    waiting = Waiting(output)
    waiting.show("waiting for the answer")
    try:
        async with open_service(settings) as service:
            provider = service.resolve(request.model).provider.provider
            check_configured(provider, settings)
            result = await fold_turn(service.run(request))
    finally:
        waiting.hide()
    output.json(result.as_json())
    if result.failure is not None:
        raise turn_failure(result.failure.error, provider, settings)


async def show_answer(
    settings: Settings,
    request: PromptRequest,
    output: Output,
    *,
    verbose: bool,
    quiet: bool,
    adapt: Callable[[LoadedPlugins], LoadedPlugins] | None = None,
) -> None:
    """Answer a prompt and show it as it comes.

    Args:
        settings: The settings.
        request: The prompt.
        output: Where to show it.
        verbose: Whether to show the tools left out, too, and each round.
        quiet: Whether to show nothing but the answer.
        adapt: Stands around what was loaded; see :class:`~promptdock.PromptService`.

    Raises:
        CommandFailed: The turn failed.
    """
    from .prompt_view import PromptView
    from .waiting import Waiting

    waiting = Waiting(output)
    view = PromptView(output, waiting, verbose=verbose, quiet=quiet, stream=request.stream)
    waiting.show("loading plugins")
    try:
        await _run(settings, request, view, adapt)
    finally:
        waiting.hide()


async def _run(
    settings: Settings,
    request: PromptRequest,
    view: PromptView,
    adapt: Callable[[LoadedPlugins], LoadedPlugins] | None,
) -> None:
    from contextlib import aclosing

    from ..service import open_service
    from ..turn.events import Event, TurnFailed
    from .asking import check_configured, turn_failure

    last: Event | None = None
    async with open_service(settings, adapt=adapt) as service:
        view.loaded(service.catalog)
        provider = service.resolve(request.model).provider.provider
        check_configured(provider, settings)
        async with aclosing(service.run(request)) as events:
            async for event in events:
                view.show(event)
                last = event
    if isinstance(last, TurnFailed):
        raise turn_failure(last.error, provider, settings)
