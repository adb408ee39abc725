"""``promptdock doctor``: check the installation and the settings, and say what to do about what is wrong."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from .invocation import Invocation, debug_option

if TYPE_CHECKING:
    from ..settings import Settings
    from .console import Output
    from .findings import Finding
    from .origins import Origin

__all__ = ["doctor"]

_STYLES: Mapping[str, str] = MappingProxyType(
    {"ok": "green", "note": "cyan", "warning": "yellow", "problem": "bold red"}
)


@click.command(short_help="Check the installation and the settings.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
@click.option("--online", is_flag=True, help="Ask the default provider, too, whether it answers.")
@debug_option
@click.pass_obj
def doctor(invocation: Invocation, as_json: bool, online: bool) -> None:
    """Check the installation, the settings, the plugins and the providers.

    Says of each finding what it is and what to do about it; exits with 1 when something is wrong.
    """
    from ..logs import command_logging
    from ..settings import settings_file
    from .console import open_output
    from .failures import CommandFailed
    from .findings import Level
    from .origins import read_origins
    from .phrases import count_phrase

    command_logging(debug=invocation.debug)
    with open_output() as output:
        findings = asyncio.run(_examine(online=online, output=output))
        origins = read_origins(os.environ, settings_file())
        problems = sum(finding.level is Level.PROBLEM for finding in findings)
        if as_json:
            output.json(_as_json(findings, origins, ok=not problems))
        else:
            _show(findings, origins, output)
    if problems:
        raise CommandFailed(f"{count_phrase(problems, 'problem')} found", hint="See what is said of each above.")


async def _examine(*, online: bool, output: Output) -> list[Finding]:
    from ..settings import settings_file
    from .checks import check_home, check_settings_file, check_variables, check_versions, installed_versions
    from .waiting import Waiting

    findings = [
        *check_versions(installed_versions()),
        *check_settings_file(settings_file()),
        *check_variables(os.environ),
    ]
    settings, problem = _load_settings()
    if settings is None:
        return findings if problem is None else [*findings, problem]
    findings += check_home(settings.home)
    waiting = Waiting(output)
    waiting.show("loading plugins")
    try:
        return [*findings, *await _examine_host(settings, online=online)]
    finally:
        waiting.hide()


def _load_settings() -> tuple[Settings | None, Finding | None]:
    from ..errors import ConfigurationError
    from ..settings import load_settings
    from .findings import Finding, Level

    try:
        return load_settings(), None
    except ConfigurationError as error:
        return None, Finding(
            check="settings",
            level=Level.PROBLEM,
            what=error.message,
            next="Correct it where the list of settings says that it is made.",
        )


async def _examine_host(settings: Settings, *, online: bool) -> list[Finding]:
    from ..errors import PromptdockError
    from .findings import Finding, Level
    from .host import loaded_host
    from .host_checks import check_online, check_plugins, check_providers, check_tools

    try:
        async with loaded_host(settings) as host:
            findings = [
                *check_plugins(host),
                *check_tools(host.catalog),
                *check_providers(host.catalog, settings),
            ]
            if online:
                findings.append(await check_online(host.catalog, settings))
            return findings
    except PromptdockError as error:
        return [Finding(check="plugins", level=Level.PROBLEM, what=error.message, next=error.hint)]


def _as_json(findings: Sequence[Finding], origins: Sequence[Origin], *, ok: bool) -> dict[str, object]:
    from .checks import installed_versions

    return {
        "ok": ok,
        "versions": installed_versions(),
        "settings": [origin.as_json() for origin in origins],
        "findings": [finding.as_json() for finding in findings],
    }


def _show(findings: Sequence[Finding], origins: Sequence[Origin], output: Output) -> None:
    from rich.text import Text

    from ..plaintext import one_line

    for finding in findings:
        level = Text(f"{finding.level.value:<8}", _STYLES[finding.level.value])
        output.line(Text.assemble(level, (f"{finding.check:<10}", "dim"), one_line(finding.what)))
        if finding.next is not None:
            output.line(Text.assemble(" " * 18, ("-> ", "dim"), one_line(finding.next)))
    output.line()
    output.line(
        Text("Settings from elsewhere than the defaults:" if origins else "All settings are at their defaults.")
    )
    for origin in origins:
        told = " (overridden)" if origin.overridden else ""
        output.line(Text(one_line(f"{origin.name} = {origin.value}, from {origin.source}{told}")))
