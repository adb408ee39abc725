"""Silver: a plugin registers the same things each time that it is loaded."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from ..jsontext import JsonError, dumps, loads
from ..plugins.discovery import CODE
from ..plugins.loader import load_plugins
from .check import Check, Finding, Grade
from .snapshots import differences, snapshot
from .subject import Subject

__all__ = ["CHECKS"]

_PATIENCE = 60.0
_REMEDY = (
    "Make what the register hooks give from constants: no time, no randomness, no order of a set, and nothing that an "
    "earlier load has left behind."
)


async def _same_again(subject: Subject) -> Sequence[Finding]:
    first = snapshot(subject.loaded_plugins, subject.name)
    again = await asyncio.to_thread(load_plugins, subject.settings, subject.extra)
    found = _findings(first, snapshot(again, subject.name), "Loaded again in the same process")
    if not found and subject.distribution != CODE:
        found = _findings(first, await _elsewhere(subject), "Loaded in another process")
    return found


def _findings(first: dict[str, str], second: dict[str, str], when: str) -> Sequence[Finding]:
    return [Finding(text=f"{when}, {difference}.", remedy=_REMEDY) for difference in differences(first, second)]


async def _elsewhere(subject: Subject) -> dict[str, str]:
    """Load the plugin in a process of its own, in which sets have another order."""
    told = {
        "path": sys.path,
        "name": subject.name,
        "distribution": subject.distribution,
        "home": str(subject.settings.home),
        "plugins": subject.settings.plugins,
    }
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        f"{__package__}.second_load",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_PATIENCE):
            output, errors = await child.communicate(dumps(told))
    except TimeoutError:
        child.kill()
        await child.wait()
        return {"plugin": f"no answer within {_PATIENCE:g} s"}
    try:
        given: dict[str, str] = loads(output.splitlines()[-1])
    except (JsonError, IndexError):
        return {"plugin": f"no snapshot, but: {errors.decode(errors='replace')[-500:]}"}
    return given


CHECKS: tuple[Check, ...] = (
    Check(
        id="same-registrations",
        grade=Grade.SILVER,
        title="It registers the same things each time, in the same process and in another one",
        remedy=_REMEDY,
        run=_same_again,
    ),
)
