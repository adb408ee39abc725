"""What a server's start imports, and what it leaves to the first request that needs it."""

from __future__ import annotations

import signal
import subprocess
import sys

from tests.support.command import CommandLine

_LATER = frozenset(
    {
        "aiohttp",
        "alembic",
        "anthropic",
        "asyncpg",
        "attr",
        "dns",
        "h11",
        "httpx2",
        "limits",
        "mcp",
        "openai",
        "promptdock.conformance",
        "promptdock.effect_watch",
        "promptdock.providers.transports.sdk",
        "promptdock.recording",
        "promptdock.store.short.postgres",
        "promptdock.testing",
        "promptdock_builtin.calculator.evaluate",
        "promptdock_builtin.date_calculator.operations",
        "promptdock_builtin.weather.forecast",
        "pydantic.v1",
        "redis",
        "rich",
        "sqlalchemy.dialects.postgresql",
    }
)
"""Heavy, or many, and of no use to a server that has answered nothing yet."""


_LISTER = """
import atexit, pathlib, sys
from promptdock import hookimpl

atexit.register(lambda: pathlib.Path("imported").write_text("\\n".join(sys.modules)))

@hookimpl
def register_tools():
    return []
"""


def _imported(command: CommandLine) -> set[str]:
    """The modules that a server has imported by its end, when nobody asked it for anything."""
    with command.serving() as server:
        assert server.stop(signal.SIGTERM) == 0
    return set((command.home / "imported").read_text(encoding="utf-8").splitlines())


def test_a_start_imports_nothing_that_no_request_needed_so_far(command: CommandLine) -> None:
    """The first start makes the database, which takes Alembic, and shows a key; those after it do not."""
    command.write_plugin("lister", _LISTER)
    assert "alembic" in _imported(command)
    imported = _imported(command)
    assert {"litestar", "sqlalchemy", "uvicorn", "promptdock.web.app"} <= imported, "the list says what was imported"
    assert not imported & _LATER


def test_validators_of_tables_and_bodies_are_built_when_they_are_asked_for() -> None:
    """Building them takes longer than importing their modules."""
    script = (
        "from promptdock.store import tables\n"
        "from promptdock.web.bodies import Asked\n"
        "import promptdock.web.resources.routes\n"
        "kinds = [*Asked.__subclasses__(), tables.SessionRow, tables.User]\n"
        "assert len(kinds) > 10, kinds\n"
        "print([kind.__name__ for kind in kinds if kind.__pydantic_complete__])\n"
        "tables.User.model_validate({'name': 'ann'})\n"
        "print(tables.User.__pydantic_complete__)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines() == ["[]", "True"]
