"""Every work, with its bars: those of a worker of one process, in front of the same upstream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from benchmarks.requests import CHAT, STREAM, TOOL
from benchmarks.subjects import everybody as all_
from benchmarks.subjects.on_postgres import OnPostgres
from benchmarks.subjects.traced import Traced
from benchmarks.subjects.with_plugins import WithPlugins

from .memory import IdleMemory, SlowStreams
from .rates import RateWork
from .sessions import LongSession
from .starting import ColdStart, Help
from .work import Bar, Work

__all__ = ["every_work"]

_SHARE: Final = 0.25
"""Of a core: what is left of two suffices for the server, the upstream and the load of two such workers."""


def every_work() -> Sequence[Work]:
    """All works, in the order in which they are run."""
    return (
        passthrough(),
        stream(4),
        stream(64),
        managed(),
        tool_turn(),
        postgres(),
        plugins(),
        watching(),
        LongSession(all_.DOCK_SESSION, [Bar("2,000 messages", "turn_ms", 1.5, "20 messages", 1.1, "most")]),
        ColdStart(all_.DOCK, [Bar("promptdock serve", "seconds", 1.5, "bare Litestar app", 1.0, "most")]),
        Help([Bar("promptdock --help", "seconds", 0.15, moonshot=0.08, kind="most", unit="s")]),
        memory(),
        slow_streams(),
        many_slow_streams(),
    )


def passthrough() -> Work:
    """A request that goes through: authenticated, metered, journaled."""
    dock = all_.DOCK.name
    return RateWork(
        "passthrough",
        "Passthrough, non-streaming, 16 connections",
        CHAT,
        ours=(all_.DOCK, all_.RELAY, all_.PLAIN_RELAY),
        peers=(
            all_.DOCK_LOGGED,
            all_.OPENAI_SDK,
            all_.BYTES,
            all_.NGINX,
            all_.SMG,
            all_.PORTKEY,
            all_.LITELLM,
            all_.UPSTREAM,
        ),
        bars=(
            Bar(dock, "rate", 0.7, all_.RELAY.name),
            Bar(dock, "rate", 0.7, all_.PLAIN_RELAY.name),
            Bar(dock, "rate", 2.5, all_.PORTKEY.name),
            Bar(dock, "rate", 20.0, all_.LITELLM.name),
            Bar(dock, "rate", 1.0, all_.SMG.name, is_moonshot=True),
        ),
    )


def stream(connections: int) -> Work:
    """The same with a streamed answer. Portkey fails at streams in its server for Node."""
    dock = all_.DOCK.name
    return RateWork(
        f"stream-{connections}",
        f"Passthrough, streaming 20 chunks, {connections} connections",
        STREAM,
        ours=(all_.DOCK, all_.RELAY, all_.PLAIN_RELAY),
        peers=(all_.OPENAI_SDK, all_.BYTES, all_.NGINX, all_.SMG, all_.LITELLM, all_.UPSTREAM),
        bars=(
            Bar(dock, "rate", 0.7, all_.RELAY.name),
            Bar(dock, "rate", 0.7, all_.PLAIN_RELAY.name),
            Bar(dock, "first_ms", 1 / 0.7, all_.RELAY.name, kind="most"),
            Bar(dock, "first_ms", 0.3, all_.NGINX.name, kind="most", unit="ms more", is_moonshot=True, minus=True),
        ),
        connections=connections,
    )


def managed() -> Work:
    """A turn without a tool: ledger and journal are written."""
    dock = all_.DOCK_MANAGED.name
    return RateWork(
        "managed",
        "Managed, no tool called, 16 connections",
        CHAT,
        ours=(all_.DOCK_MANAGED, all_.DOCK, all_.RELAY),
        peers=(all_.DOCK_MANAGED_LOGGED, all_.PORTKEY, all_.LITELLM),
        bars=(
            Bar(dock, "rate", 1.2, all_.PORTKEY.name),
            Bar(dock, "rate", 10.0, all_.LITELLM.name),
            Bar(dock, "rate", 0.5, all_.DOCK.name, is_moonshot=True),
        ),
    )


def tool_turn() -> Work:
    """A turn with one tool of the server's: two upstream calls, the session stored."""
    peers = (all_.OPENAI_AGENTS, all_.LANGCHAIN, all_.PYDANTIC_AI)
    return RateWork(
        "tool-turn",
        "Managed turn with one tool call, session stored, 16 connections",
        TOOL,
        ours=(all_.DOCK_SESSION,),
        peers=peers,
        bars=[Bar(all_.DOCK_SESSION.name, "rate", 5.0, peer.name, 10.0) for peer in peers],
        calls=2,
    )


def postgres() -> Work:
    """The same on PostgreSQL."""
    one, two = OnPostgres(all_.DOCK_SESSION, 1), OnPostgres(all_.DOCK_SESSION, 2)
    held, both_held = OnPostgres(all_.DOCK_SESSION, 1, _SHARE), OnPostgres(all_.DOCK_SESSION, 2, _SHARE)
    return RateWork(
        "postgres",
        "The same turn on PostgreSQL, one worker and two",
        TOOL,
        ours=(one, two, held, both_held),
        bars=(Bar(two.name, "rate", 1.7, one.name, 1.9), Bar(both_held.name, "rate", 1.7, held.name, 1.9)),
        calls=2,
    )


def plugins() -> Work:
    """A turn with many tools that are there and not wanted."""
    none = replace(all_.DOCK_MANAGED, name="no plugins")
    many = WithPlugins(all_.DOCK_MANAGED, 100, 10)
    return RateWork(
        "plugins",
        "100 installed plugins with 10 tools each, none selected",
        CHAT,
        ours=(none, many),
        bars=(
            Bar(many.name, "p50_ms", 1.1, none.name, 1.02, "most"),
            Bar(many.name, "cpu_ms", 1.1, none.name, 1.02, "most"),
        ),
        connections=4,
    )


def watching() -> Work:
    """What it costs to see a server from outside."""
    on, off = replace(all_.DOCK_MANAGED_LOGGED, name="watched"), replace(all_.DOCK_MANAGED, name="unwatched")
    off = replace(off, settings={"PROMPTDOCK_METRICS": "false", "PROMPTDOCK_LOOP_STALL_MS": "0"})
    return RateWork(
        "watching",
        "Metrics, watch for stalls and access log, beside none of them",
        CHAT,
        ours=(on, off, Traced(on, 0.05), Traced(on, 1.0)),
        bars=(Bar(on.name, "rate", 0.95, off.name), Bar(on.name, "cpu_ms", 1.05, off.name, kind="most")),
    )


def memory() -> Work:
    """Of what is idle."""
    return IdleMemory(
        ours=(all_.DOCK_MANAGED, all_.RELAY),
        peers=(all_.OPENAI_SDK, all_.PORTKEY, all_.LITELLM, all_.SMG, all_.NGINX),
        bars=[Bar(all_.DOCK_MANAGED.name, "rss_mb", 110.0, moonshot=75.0, kind="most", unit="MB")],
    )


def slow_streams() -> Work:
    """As chats are: many, and slow."""
    ours = (all_.DOCK_MANAGED.name, all_.DOCK.name)
    return SlowStreams(
        (all_.DOCK_MANAGED, all_.DOCK, all_.RELAY),
        bars=[
            bar
            for name in ours
            for bar in (
                Bar(name, "dropped", 0.0, kind="most"),
                Bar(name, "over_idle_mb", 150.0, kind="most", unit="MB"),
                Bar(name, "delay_p99_ms", 50.0, kind="most", unit="ms"),
            )
        ],
    )


def many_slow_streams() -> Work:
    """Five times as many, for who would have it better still."""
    ours = (all_.DOCK_MANAGED, all_.DOCK)
    bounds = (("dropped", 0.0, ""), ("delay_p99_ms", 50.0, "ms"))
    return SlowStreams(
        ours,
        bars=[
            Bar(subject.name, metric, bound, kind="most", unit=unit, is_moonshot=True)
            for subject in ours
            for metric, bound, unit in bounds
        ],
        name="slow-streams-5000",
        streams=5000,
    )
