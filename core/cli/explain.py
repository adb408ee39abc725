"""``promptdock explain`` and ``promptdock why-not``: which tools a prompt would get to see, and why not another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .invocation import Invocation, debug_option, strict_option
from .prompt import as_utf8, read_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from ..explaining.explanation import Explanation
    from ..settings import Settings
    from .console import Output

    _Show: TypeAlias = Callable[[Explanation, Output], None]

__all__ = ["explain", "why_not"]

_MODEL = click.option(
    "-m", "--model", metavar="MODEL", callback=as_utf8, help="provider/model, or a model of the default provider."
)

_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")


@click.command(short_help="Say which tools a prompt would get to see, and why.")
@click.argument("text", callback=as_utf8)
@_MODEL
@_JSON
@strict_option
@debug_option
@click.pass_obj
def explain(invocation: Invocation, text: str, model: str | None, as_json: bool, strict: bool) -> None:
    """Say which tools TEXT would get to see, and what each rule decided, in order; '-' reads it from stdin.

    No model is asked, and nothing is stored.
    """

    def show(found: Explanation, output: Output) -> None:
        if as_json:
            output.json(found.as_json())
        else:
            _show(found, output)

    _explained(invocation, text, model, strict=strict, show=show)


@click.command("why-not", short_help="Say in one sentence why a prompt does not get to see a tool.")
@click.argument("tool", callback=as_utf8)
@click.argument("text", callback=as_utf8)
@_MODEL
@_JSON
@strict_option
@debug_option
@click.pass_obj
def why_not(invocation: Invocation, tool: str, text: str, model: str | None, as_json: bool, strict: bool) -> None:
    """Say in one sentence why TEXT does not get to see TOOL; '-' reads the text from stdin.

    TOOL is a name as models use it, an id such as calculator.calculate, or a plugin for all of its tools.
    """

    def show(found: Explanation, output: Output) -> None:
        from ..explaining.why_not import answer
        from ..plaintext import one_line

        told = answer(found, tool)
        if as_json:
            output.json(told.as_json())
        else:
            output.line(one_line(told.sentence))

    _explained(invocation, text, model, strict=strict, show=show)


def _explained(invocation: Invocation, text: str, model: str | None, *, strict: bool, show: _Show) -> None:
    asked = read_text(text)

    from ..logs import command_logging
    from ..settings import load_settings
    from .console import open_output
    from .ending import run_async

    command_logging(debug=invocation.debug)
    with open_output() as output:
        settings = load_settings(**({"strict": True} if strict else {}))
        show(run_async(_explanation(settings, asked, model), invocation), output)


async def _explanation(settings: Settings, text: str, model: str | None) -> Explanation:
    from ..explaining.explanation import explain as explanation
    from ..service import open_service
    from ..turn.request import PromptRequest

    async with open_service(settings) as service:
        return await explanation(service, PromptRequest(messages=({"role": "user", "content": text},), model=model))


def _show(found: Explanation, output: Output) -> None:
    from ..plaintext import one_line
    from ..plugins.catalog import PluginState
    from .tables import show_table

    rows = [
        [
            found.tools[item.tool].name if item.tool is not None else "(no tool)",
            item.plugin,
            item.rule,
            "yes" if item.kept else "no",
            f"{item.ms:.2f}",
            item.reason,
        ]
        for item in found.decisions
    ]
    show_table(output, ["tool", "plugin", "rule", "kept", "ms", "reason"], rows, below=["reason"])
    output.line()
    names = ", ".join(found.tools[identity].name for identity in found.presented) or "none"
    output.line(one_line(f"tools presented to {found.settings.provider}/{found.settings.model}: {names}"))
    for addition in found.additions:
        output.line(one_line(f"the system message gains: {addition}"))
    for conflict in found.conflicts:
        output.line(one_line(f"conflict of {conflict.setting}: kept {conflict.kept}; dropped {conflict.dropped}"))
    for record in found.left_out:
        remedy = f" {record.remedy}" if record.state is PluginState.QUARANTINED and record.remedy else ""
        told = f"no candidates: the tools of {record.name} ({record.state.value}: {record.reason}){remedy}"
        output.line(one_line(told))
    output.line(f"decided in {found.ms:.1f} ms")
