"""``promptdock serve``: the OpenAI protocol over HTTP."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from .invocation import Invocation, debug_option

if TYPE_CHECKING:
    import socket

    from ..logs import LogLevel
    from ..prompts.dock import Dock
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

    Beyond this machine callers must send a key: PROMPTDOCK_API_KEY, or one that 'promptdock keys new' made. On this
    machine only what is under /api needs one; the first start makes one and shows it.
    """
    from .collector import paused

    options = _Options(host, port, workers, grace, "debug" if invocation.debug else level, access_log)
    with paused():
        return _serve(options, invocation, strict=strict, allow_anonymous=allow_anonymous)


def _serve(options: _Options, invocation: Invocation, *, strict: bool, allow_anonymous: bool) -> int:
    from .console import open_output
    from .door import refuse_open_door, serving_settings
    from .ending import run_async
    from .listening import listen
    from .loop import fast_loop
    from .open_files import allow_many_open_files
    from .shared_metrics import shared_metrics

    allow_many_open_files()
    settings = serving_settings(options.host, strict=strict, allow_anonymous=allow_anonymous)
    run_async(refuse_open_door(settings, options.host), invocation)
    with (
        open_output() as output,
        listen(options.host, options.port) as listening,
        shared_metrics(settings, options.workers) as gone,
    ):
        if options.workers == 1:
            return run_async(_serve_here(settings, options, listening, output), invocation, loop_factory=fast_loop())
        return _serve_in_workers(settings, options, listening, output, invocation, gone)


def _log_config(settings: Settings, options: _Options) -> dict[str, Any]:
    import logging.config

    from ..known_secrets import known_secrets
    from ..logs import server_logging
    from ..redactor import Redactor

    config = server_logging(
        options.level,
        access_log=options.access_log,
        levels=settings.log_levels,
        log_format=settings.log_format,
        redactor=Redactor(known_secrets(settings)),
    )
    logging.config.dictConfig(config)  # before the plugins load, who may have something to say
    return config


async def _serve_here(settings: Settings, options: _Options, listening: socket.socket, output: Output) -> int:
    from ..web import create_app
    from .collector import leave_alone_what_is_there
    from .failures import FAILED, INTERRUPTED
    from .graceful import GracefulApp
    from .server import Server, server_config

    log_config = _log_config(settings, options)
    async with _opened(settings, options, listening, output) as (dock, announce):
        app = GracefulApp(create_app(dock=dock), options.grace, leave_alone_what_is_there)
        config = server_config(app, grace=options.grace, workers=1, log_config=log_config)
        server = Server(config, ready=announce)
        await server.serve([listening])
    if not server.started:
        return FAILED
    return INTERRUPTED if server.interrupted else 0


def _serve_in_workers(
    settings: Settings,
    options: _Options,
    listening: socket.socket,
    output: Output,
    invocation: Invocation,
    gone: Callable[[int], None],
) -> int:
    import signal

    from .collector import leave_alone_what_is_there
    from .ending import run_async
    from .failures import INTERRUPTED, CommandFailed
    from .server import GRACE_VARIABLE, Workers, server_config

    log_config = _log_config(settings, options)
    run_async(_try_out(settings, options, listening, output), invocation)
    leave_alone_what_is_there()
    os.environ[GRACE_VARIABLE] = str(options.grace)
    config = server_config(
        _WORKER_APP,
        grace=options.grace,
        workers=options.workers,
        log_config=log_config,
    )
    workers = Workers(config, [listening], gone)
    workers.run()
    if workers.stopped_by is None:
        raise CommandFailed("A worker could not start; its reason is above", hint="Try promptdock serve --workers 1")
    return INTERRUPTED if workers.stopped_by == signal.SIGINT else 0


async def _try_out(settings: Settings, options: _Options, listening: socket.socket, output: Output) -> None:
    """Load everything once before the workers do, so that what is wrong is told once, and here."""
    async with _opened(settings, options, listening, output) as (_, announce):
        announce()


@asynccontextmanager
async def _opened(
    settings: Settings, options: _Options, listening: socket.socket, output: Output
) -> AsyncIterator[tuple[Dock, Callable[[], None]]]:
    """Open what is served, with a first account when there is none; gives also what tells that it is served."""
    from ..prompts.dock import open_dock
    from .database import telling_why
    from .first_account import make_first_account, show_first_account
    from .host import show_warnings

    async with AsyncExitStack() as stack:
        with telling_why(settings):
            dock = await stack.enter_async_context(open_dock(settings))
            first = await make_first_account(dock, options.host)
        show_warnings(output, dock.host.warnings)  # quarantined plugins are in the log

        def announce() -> None:
            _announce(dock.service, options, listening, output)
            if first is not None:
                show_first_account(first, output)

        yield dock, announce


def _announce(service: PromptService, options: _Options, listening: socket.socket, output: Output) -> None:
    from ..plugins.catalog import PluginState
    from .host import quarantined
    from .listening import url_of
    from .phrases import count_phrase

    records = service.catalog.plugins
    loaded = count_phrase(sum(record.state is PluginState.LOADED for record in records), "plugin")
    by = "" if options.workers == 1 else f", {options.workers} workers"
    output.plain(
        f"promptdock serves {url_of(options.host, listening)}/v1: default provider {service.router.default or 'none'}, "
        f"{loaded} loaded, {len(quarantined(records))} quarantined{by}. Stop it with Ctrl-C."
    )
