"""``promptdock plugin check``: grade installed plugins, each in a process of its own, and say what is to be mended."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from .invocation import Invocation, debug_option

if TYPE_CHECKING:
    from ..conformance.report import CheckResult, PluginReport
    from ..conformance.targets import Target
    from .console import Output

__all__ = ["check"]

_STYLES = (
    ("passed", "green"),
    ("failed", "bold red"),
    ("waived", "yellow"),
    ("not_run", "red"),
    ("not_applicable", "dim"),
)
_TALLIED = ("passed", "failed", "waived")
_AS_ROOT = "You are root. Native code of a plugin is not held back: check only what you trust, or as another user."


@click.command(short_help="Grade an installed plugin: bronze, silver or gold, with reasons.")
@click.argument("packages", metavar="PACKAGE...", nargs=-1, required=True)
@click.option(
    "--require",
    type=click.Choice(["bronze", "silver", "gold"]),
    default="bronze",
    show_default=True,
    help="Exit with 1 when a plugin is below this grade.",
)
@click.option("--all", "show_all", is_flag=True, help="Show all checks, those that passed, too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    default=300,
    show_default=True,
    metavar="SECONDS",
    help="How long the checks of one plugin may take.",
)
@click.option(
    "--import-budget",
    type=click.FloatRange(min=1),
    default=200,
    show_default=True,
    metavar="MS",
    help="Milliseconds that the import of a plugin may take.",
)
@debug_option
@click.pass_obj
def check(
    invocation: Invocation,
    packages: Sequence[str],
    require: str,
    show_all: bool,
    as_json: bool,
    timeout: float,
    import_budget: float,
) -> None:
    """Grade installed plugins: bronze, silver or gold, with reasons and what to write instead.

    PACKAGE is a distribution, whose plugins are all checked; the id of a plugin; or the path of a one-file plugin. No
    source is needed. Each plugin is loaded alone, in a process of its own, with the settings that promptdock has here.

    Example calls are really made, with these settings and keys: each once, and once more when the tool runs on the
    event loop; those of tools without effects more often. All other calls, with what schemas allow and with made-up
    secrets, are made while network, programs and changes of files are refused. Native code is not held back by that:
    check what you do not trust as a user who may do little.

    Exits with 1 when a plugin is below the grade that --require says.
    """
    from ..conformance.check import Grade
    from ..conformance.report import report_json
    from .console import open_output
    from .failures import CommandFailed
    from .phrases import count_phrase

    required = Grade(require)
    with open_output() as output:
        if output.live and hasattr(os, "geteuid") and os.geteuid() == 0:
            output.aside(_AS_ROOT)
        limits = {"timeout": timeout, "import_budget_ms": import_budget}
        reports = [_check(target, output, invocation, limits) for target in _targets(packages)]
        if as_json:
            output.json(report_json(reports, required))
        else:
            _show(reports, output, show_all=show_all)
    below = [report.name for report in reports if not report.reaches(required)]
    if below:
        raise CommandFailed(
            f"{count_phrase(len(below), 'plugin')} below {required}: {', '.join(below)}",
            hint="The report says what to mend." if as_json else "What to mend is said above.",
        )


def _targets(packages: Sequence[str]) -> list[Target]:
    """What is meant, each once, in the order in which it was named."""
    from ..conformance.targets import find_targets
    from ..settings import load_settings

    settings = load_settings()
    return list(dict.fromkeys(target for package in packages for target in find_targets(settings, package)))


def _check(target: Target, output: Output, invocation: Invocation, limits: dict[str, Any]) -> PluginReport:
    from ..conformance.checking import check_plugin
    from ..plaintext import visible
    from .waiting import Waiting

    waiting = Waiting(output)
    waiting.show(f"loading {target.name}")
    try:
        return check_plugin(
            target,
            **limits,
            progressed=lambda name: waiting.show(f"{target.name}: {name}"),
            said=(lambda text: output.aside(visible(text).rstrip())) if invocation.debug else None,
        )
    finally:
        waiting.hide()


def _show(reports: Sequence[PluginReport], output: Output, *, show_all: bool) -> None:
    from .tables import show_table

    for report in reports:
        _show_plugin(report, output, show_all=show_all)
    rows = [
        [
            report.name,
            report.distribution,
            report.version or "-",
            _grade(report),
            *(_tally(report, state) for state in _TALLIED),
        ]
        for report in reports
    ]
    header = ["name", "distribution", "version", "grade", *_TALLIED]
    show_table(output, header, rows, squeezed=["distribution"])


def _grade(report: PluginReport) -> str:
    waived = f" ({report.waived} waived)" if report.waived else ""
    return f"{report.grade or 'none'}{waived}"


def _tally(report: PluginReport, state: str) -> str:
    return str(sum(result.state == state for result in report.checks))


def _show_plugin(report: PluginReport, output: Output, *, show_all: bool) -> None:
    from rich.text import Text

    from ..conformance.report import State
    from ..plaintext import one_line
    from .phrases import count_phrase

    quiet = set() if show_all else {State.PASSED, State.NOT_APPLICABLE, State.NOT_RUN}
    told = [result for result in report.checks if result.state not in quiet]
    not_run = [result.reason or "" for result in report.checks if result.state in quiet & {State.NOT_RUN}]
    if not told and not not_run and not report.notes:
        return
    output.line(Text(one_line(f"{report.name} ({f'{report.distribution} {report.version}'.strip()})"), "bold"))
    for result in told:
        _show_result(result, output)
    for reason in dict.fromkeys(not_run):
        said = one_line(f"{count_phrase(not_run.count(reason), 'check')}: {reason}")
        output.line(Text.assemble("  ", (f"{'not run':<16}", dict(_STYLES)[State.NOT_RUN]), said))
    for note in report.notes:
        output.line(Text.assemble("  ", (f"{'note':<16}", "cyan"), one_line(note)))
    output.line()


def _show_result(result: CheckResult, output: Output) -> None:
    from rich.text import Text

    from ..plaintext import one_line
    from .phrases import time_phrase

    state = Text(f"{result.state.replace('_', ' '):<16}", dict(_STYLES)[result.state])
    grade = (f"{result.grade:<8}", "dim")
    said = one_line(result.reason or result.title)
    took = f" ({time_phrase(result.ms)})" if result.ms >= 1 else ""
    output.line(Text.assemble("  ", state, grade, f"{result.id}: {said}", (took, "dim")))
    for item in result.findings:
        output.line(Text.assemble(" " * 26, one_line(item.finding.text)))
        if item.waived is None:
            output.line(Text.assemble(" " * 26, ("-> ", "dim"), one_line(item.finding.remedy)))
