"""``promptdock doctor``: check the installation and the settings, and say what to do about what is wrong."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from .invocation import Invocation, debug_option

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ..plugins.host import PluginHost
    from ..settings import Settings
    from .console import Output
    from .findings import Finding
    from .origins import Origin

__all__ = ["doctor"]

_STYLES: Mapping[str, str] = MappingProxyType(
    {"ok": "green", "note": "cyan", "warning": "yellow", "problem": "bold red"}
)


@dataclass(slots=True)
class _Examined:
    """What was found.

    Attributes:
        findings: What each check says.
        models: Settings models by id of the loaded plugins.
        valid: Whether the settings could be read.
    """

    findings: list[Finding]
    models: dict[str, type[BaseModel]] = field(default_factory=dict)
    valid: bool = True


@click.command(short_help="Check the installation and the settings.")
@click.argument("provider", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
@click.option("--online", is_flag=True, help="Ask PROVIDER, too, whether it answers; all that are configured if none.")
@debug_option
@click.pass_obj
def doctor(invocation: Invocation, provider: str | None, as_json: bool, online: bool) -> None:
    """Check the installation, the settings, the plugins and the providers.

    Says of each finding what it is and what to do about it; exits with 1 when something is wrong.
    """
    if provider is not None and not online:
        raise click.UsageError(f"A provider is asked with --online: promptdock doctor --online {provider}")

    from ..logs import command_logging
    from ..settings import settings_file
    from .console import open_output
    from .ending import run_async
    from .failures import CommandFailed
    from .findings import Level
    from .origins import read_origins
    from .phrases import count_phrase

    command_logging(debug=invocation.debug)
    with open_output() as output:
        examined = run_async(_examine(online=online, provider=provider, output=output), invocation)
        findings = examined.findings
        origins = read_origins(os.environ, settings_file(), examined.models)
        problems = sum(finding.level is Level.PROBLEM for finding in findings)
        if as_json:
            output.json(_as_json(findings, origins, ok=not problems))
        else:
            _show(findings, origins, output, valid=examined.valid)
    if problems:
        raise CommandFailed(f"{count_phrase(problems, 'problem')} found", hint="See what is said of each above.")


async def _examine(*, online: bool, provider: str | None, output: Output) -> _Examined:
    from ..settings import settings_file
    from .checks import check_home, check_settings_file, check_variables, check_versions, installed_versions
    from .limit_checks import check_limits
    from .store_checks import check_store
    from .waiting import Waiting

    findings = [
        *check_versions(installed_versions()),
        *check_settings_file(settings_file()),
        *check_variables(os.environ),
    ]
    settings, problem = _load_settings()
    if settings is None:
        return _Examined([*findings, *([] if problem is None else [problem])], valid=False)
    findings += check_home(settings.home)
    examined = _Examined(findings)
    waiting = Waiting(output)
    waiting.show("loading plugins")
    try:
        findings += await check_store(settings)
        findings += await check_limits(settings)
        await _examine_host(examined, settings, online=online, provider=provider)
    finally:
        waiting.hide()
    return examined


def _load_settings() -> tuple[Settings | None, Finding | None]:
    from ..errors import ConfigurationError
    from ..settings import load_settings
    from .findings import Finding, Level

    try:
        return load_settings(), None
    except ConfigurationError as error:
        # the usual hint is to run this command
        own = error.hint if error.hint and "promptdock doctor" not in error.hint else None
        return None, Finding(
            check="settings",
            level=Level.PROBLEM,
            what=error.message,
            next=own or "Correct it; the list of settings below says where each is made.",
        )


async def _examine_host(examined: _Examined, settings: Settings, *, online: bool, provider: str | None) -> None:
    from ..errors import PromptdockError
    from .findings import Finding, Level
    from .host import loaded_host
    from .host_checks import check_plugins, check_tools
    from .online_checks import check_online
    from .provider_checks import check_providers

    findings = examined.findings
    try:
        async with loaded_host(settings) as host:
            examined.models = _models(host)
            findings += check_plugins(host)
            findings += check_tools(host.catalog)
            findings += check_providers(host.catalog, settings)
            if online:
                findings += await check_online(host.catalog, settings, provider)
    except PromptdockError as error:
        findings.append(Finding(check="plugins", level=Level.PROBLEM, what=error.message, next=error.hint))


def _models(host: PluginHost) -> dict[str, type[BaseModel]]:
    """The settings models of the loaded plugins: they know which values are secrets."""
    return {record.name: type(record.settings) for record in host.catalog.plugins if record.settings is not None}


def _as_json(findings: Sequence[Finding], origins: Sequence[Origin], *, ok: bool) -> dict[str, object]:
    from .checks import installed_versions

    return {
        "ok": ok,
        "versions": installed_versions(),
        "settings": [origin.as_json() for origin in origins],
        "findings": [finding.as_json() for finding in findings],
    }


def _show(findings: Sequence[Finding], origins: Sequence[Origin], output: Output, *, valid: bool) -> None:
    from rich.text import Text

    from ..plaintext import one_line

    for finding in findings:
        level = Text(f"{finding.level.value:<8}", _STYLES[finding.level.value])
        output.line(Text.assemble(level, (f"{finding.check:<10}", "dim"), one_line(finding.what)))
        if finding.next is not None:
            output.line(Text.assemble(" " * 18, ("-> ", "dim"), one_line(finding.next)))
    if origins or valid:
        output.line()
        output.line("Settings from elsewhere than the defaults:" if origins else "All settings are at their defaults.")
    for origin in origins:
        told = " (overridden)" if origin.overridden else ""
        output.line(Text(one_line(f"{origin.name} = {origin.value}, from {origin.source}{told}")))
