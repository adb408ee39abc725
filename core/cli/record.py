"""``promptdock record``: answer one prompt with the real provider, and keep what it was asked and answered."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .invocation import Invocation, debug_option, strict_option
from .prompt import as_utf8, read_text, show_answer

if TYPE_CHECKING:
    from ..recording.cassette import Cassette
    from ..recording.recorder import Recorder
    from ..settings import Settings

__all__ = ["record"]

_NOT_REPEATED = frozenset({"force", "append", "verbose", "quiet"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where the cassette goes.

    Attributes:
        path: The file.
        force: Whether it may be replaced.
        append: Whether it is added to.
    """

    path: Path
    force: bool
    append: bool

    def before(self) -> Cassette | None:
        """What is there and stays."""
        from ..recording.cassette import Cassette
        from ..recording.files import check_free

        if self.append and self.path.exists():
            return Cassette.read(self.path)
        if not self.force:
            check_free(self.path)
        return None


@click.command(short_help="Record a prompt's provider traffic, to be replayed in tests.")
@click.argument("text", callback=as_utf8)
@click.option(
    "-m", "--model", metavar="MODEL", callback=as_utf8, help="provider/model, or a model of the default provider."
)
@click.option(
    "-o",
    "--output",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("cassette.json"),
    show_default=True,
    metavar="FILE",
    help="The cassette to write.",
)
@click.option("-s", "--system", metavar="TEXT", callback=as_utf8, help="System text for the model.")
@click.option("--temperature", type=click.FloatRange(0, 2), help="0 to 2; how freely the model chooses its words.")
@click.option("--max-tokens", type=click.IntRange(min=1), help="The most tokens of the answer.")
@click.option("--stream", is_flag=True, help="Record the answer as a stream, and show it as it comes.")
@click.option(
    "--plugin",
    "plugins",
    multiple=True,
    metavar="ID",
    help="Only this plugin's tools, as in a test; may be given several times.",
)
@click.option("--hide", multiple=True, metavar="NAME", help="Hide members of this name, too, whatever they hold.")
@click.option("--keep", multiple=True, metavar="NAME", help="Keep members of this name, though it is like a secret's.")
@click.option("--failed", is_flag=True, help="Write the cassette also when the provider fails.")
@click.option("--force", is_flag=True, help="Replace the file.")
@click.option("--append", is_flag=True, help="Add to the file what this prompt brings.")
@click.option("-v", "--verbose", is_flag=True, help="Show the tools left out, too, and each round.")
@click.option("-q", "--quiet", is_flag=True, help="Show nothing but the answer.")
@strict_option
@debug_option
@click.pass_context
def record(
    ctx: click.Context,
    text: str,
    model: str | None,
    path: Path,
    system: str | None,
    temperature: float | None,
    max_tokens: int | None,
    stream: bool,
    plugins: tuple[str, ...],
    hide: tuple[str, ...],
    keep: tuple[str, ...],
    failed: bool,
    force: bool,
    append: bool,
    verbose: bool,
    quiet: bool,
    strict: bool,
) -> None:
    """Answer TEXT as 'promptdock prompt' does, and write to a cassette what the provider was asked and answered.

    Tests replay it without a network. Secrets of the settings and of the environment, and whatever looks like one, are
    hidden before anything is written; read the cassette before you publish it all the same.
    """
    if force and append:
        raise click.UsageError("--force replaces the file and --append adds to it: take one of them.")
    invocation = ctx.ensure_object(Invocation)
    asked = read_text(text)
    command = _command(ctx, asked)
    place = _Place(path=path, force=force, append=append)

    from ..logs import command_logging
    from ..recording.recorder import Recorder
    from ..settings import load_settings
    from ..turn.request import PromptRequest
    from .console import open_output
    from .ending import run_async
    from .failures import CommandFailed

    command_logging(debug=invocation.debug)
    before = place.before()
    request = PromptRequest(
        messages=({"role": "user", "content": asked},),
        model=model,
        system_role=system,
        temperature=temperature,
        max_completion_tokens=max_tokens,
        stream=stream,
    )
    with open_output() as output:
        settings = _settings(load_settings(**({"strict": True} if strict else {})), plugins)
        recorder = Recorder(settings, hide=hide, keep=keep)
        answering = show_answer(settings, request, output, verbose=verbose, quiet=quiet, adapt=recorder.adapt)
        try:
            run_async(answering, invocation)
        except CommandFailed:
            if failed:
                output.aside(_written(recorder, place, before, command))
            raise
        told = _written(recorder, place, before, command)
        if not quiet:
            output.aside(told)


def _settings(settings: Settings, plugins: tuple[str, ...]) -> Settings:
    """The settings with only some plugins, and those that bring the vendors' providers."""
    if not plugins:
        return settings
    return settings.model_copy(update={"plugins_allow": (*plugins, "offline", "vendors")})


def _written(recorder: Recorder, place: _Place, before: Cassette | None, command: str) -> str:
    """Write the cassette; give the line that says so."""
    from ..recording.files import write
    from ..redaction import HIDDEN
    from .phrases import count_phrase

    cassette = recorder.cassette(command=command, after=before)
    write(cassette, place.path, replace=place.force or before is not None)
    count = len(cassette.calls) - (0 if before is None else len(before.calls))
    hidden = cassette.text().count(HIDDEN)
    told = f"; secrets are hidden in {count_phrase(hidden, 'place')}" if hidden else ""
    return f"Recorded {count_phrase(count, 'call')} to {place.path}{told}."


def _command(ctx: click.Context, asked: str) -> str:
    """What to type to record it again: what was typed, with the text itself, and the right to replace the file."""
    typed = ["promptdock", "record", asked]
    for option in ctx.command.params:
        value = ctx.params.get(option.name or "")
        if not isinstance(option, click.Option) or option.name in _NOT_REPEATED or value in (None, False, ()):
            continue
        name = max(option.opts, key=len)
        values = value if isinstance(value, tuple) else (value,)
        typed += [name] if option.is_flag else [part for one in values for part in (name, str(one))]
    return shlex.join([*typed, "--append" if ctx.params["append"] else "--force"])
