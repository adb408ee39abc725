"""``promptdock serve``: the OpenAI protocol over HTTP."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from .invocation import Invocation, debug_option

if TYPE_CHECKING:
    import socket

    from ..logs import LogLevel
    from ..service import PromptService
    from ..settings import Settings
    from .console import Output

__all__ = ["serve"]

_WORKER_APP: Final = "promptdock.cli.server:create_worker_app"


@dataclass(frozen=True, slots=True)
class _Options:
    """How to serve, as the command line says."""

    host: str
    port: int
    workers: int
    grace: float
    level: LogLevel
    access_log: bool


@click.command(short_help="Serve the OpenAI protocol over HTTP.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Name or address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65_535), help="0 takes a free one.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="How many processes serve.")
@click.option("--strict", is_flag=True, help="Refuse to start when a plugin is quarantined.")
@click.option("--allow-anonymous", is_flag=True, help="Let callers without a key in, even from other machines.")
@click.option(
    "--grace",
    default=10.0,
    show_default=True,
    type=click.FloatRange(0, 3600),
    help="Seconds that answers may go on after SIGTERM.",
)
@click.option(
    "--log-level",
    "level",
    default="info",
    show_default=True,
    type=click.Choice(["debug", "info", "warning", "error"]),
    help="The least level that is logged, on stderr.",
)
@click.option("--access-log/--no-access-log", default=True, show_default=True, help="Whether requests are logged.")
@debug_option
@click.pass_obj
def serve(
    invocation: Invocation,
    host: str,
    port: int,
    workers: int,
    strict: bool,
    allow_anonymous: bool,
    grace: float,
    level: LogLevel,
    access_log: bool,
) -> int:
    """Serve the OpenAI protocol over HTTP, until Ctrl-C or SIGTERM.

    A key that callers must send is set with PROMPTDOCK_API_KEY; it is required beyond this machine.
    """
    from ..settings import load_settings
    from .console import open_output
    from .ending import run_async
    from .listening import listen

    if strict:
        os.environ["PROMPTDOCK_STRICT"] = "true"  # workers read their settings anew
    options = _Options(host, port, workers, grace, "debug" if invocation.debug else level, access_log)
    settings = load_settings()
    if not allow_anonymous:
        _refuse_open_door(host, settings)
    with open_output() as output, listen(host, port) as listening:
        if workers == 1:
            return run_async(_serve_here(settings, options, listening, output), invocation)
        return _serve_in_workers(settings, options, listening, output, invocation)


def _refuse_open_door(host: str, settings: Settings) -> None:
    from .failures import CommandFailed
    from .listening import is_loopback

    if settings.api_key is None and not is_loopback(host):
        raise CommandFailed(
            f"Anybody who reaches {host} could use this server's providers and tools: no key is set",
            hint="Set PROMPTDOCK_API_KEY to a key of your own, or say --allow-anonymous.",
        )


def _log_config(options: _Options) -> dict[str, Any]:
    import logging.config

    from ..logs import server_logging

    config = server_logging(options.level, access_log=options.access_log)
    logging.config.dictConfig(config)  # before the plugins load, who may have something to say
    return config


async def _serve_here(settings: Settings, options: _Options, listening: socket.socket, output: Output) -> int:
    from ..service import open_service
    from ..web import create_app
    from .failures import FAILED, INTERRUPTED
    from .graceful import GracefulApp
    from .host import show_warnings
    from .server import Server, server_config

    log_config = _log_config(options)
    async with open_service(settings) as service:
        show_warnings(output, service.host.warnings)  # quarantined plugins are in the log
        app = GracefulApp(create_app(service=service), options.grace)
        config = server_config(
            app, grace=options.grace, workers=1, log_config=log_config, access_log=options.access_log
        )
        server = Server(config, ready=lambda: _announce(service, options, listening, output))
        await server.serve([listening])
    if not server.started:
        return FAILED
    return INTERRUPTED if server.interrupted else 0


def _serve_in_workers(
    settings: Settings, options: _Options, listening: socket.socket, output: Output, invocation: Invocation
) -> int:
    import signal

    from .ending import run_async
    from .failures import INTERRUPTED, CommandFailed
    from .server import GRACE_VARIABLE, Workers, server_config

    log_config = _log_config(options)
    run_async(_try_out(settings, options, listening, output), invocation)
    os.environ[GRACE_VARIABLE] = str(options.grace)
    config = server_config(
        _WORKER_APP,
        grace=options.grace,
        workers=options.workers,
        log_config=log_config,
        access_log=options.access_log,
    )
    workers = Workers(config, [listening])
    workers.run()
    if workers.stopped_by is None:
        raise CommandFailed("A worker could not start; its reason is above", hint="Try promptdock serve --workers 1")
    return INTERRUPTED if workers.stopped_by == signal.SIGINT else 0


async def _try_out(settings: Settings, options: _Options, listening: socket.socket, output: Output) -> None:
    """Load everything once before the workers do, so that what is wrong is told once, and here."""
    from ..service import open_service
    from .host import show_warnings

    async with open_service(settings) as service:
        show_warnings(output, service.host.warnings)  # quarantined plugins are in the log
        _announce(service, options, listening, output)


def _announce(service: PromptService, options: _Options, listening: socket.socket, output: Output) -> None:
    from ..plugins.catalog import PluginState
    from .host import quarantined
    from .listening import url_of
    from .phrases import count_phrase

    records = service.catalog.plugins
    loaded = count_phrase(sum(record.state is PluginState.LOADED for record in records), "plugin")
    by = "" if options.workers == 1 else f", {options.workers} workers"
    output.line(
        f"promptdock serves {url_of(options.host, listening)}/v1: default provider {service.router.default or 'none'}, "
        f"{loaded} loaded, {len(quarantined(records))} quarantined{by}. Stop it with Ctrl-C."
    )
    output.out.file.flush()
