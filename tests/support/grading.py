"""Grades of plugins, as the process that checks them gives them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from promptdock.conformance.check import Grade
from promptdock.conformance.checking import check_plugin
from promptdock.conformance.report import State
from promptdock.conformance.targets import Target

__all__ = ["assert_gold"]


def assert_gold(
    target: Target, home: Path, variables: Mapping[str, str] | None = None, *, import_budget_ms: float = 5000
) -> None:
    """Check a plugin in a process of its own, and say what is wrong with it.

    Args:
        target: The plugin.
        home: Where promptdock may write.
        variables: Further environment variables of the process.
        import_budget_ms: What the import may cost; by default more than authors have, since a machine that is busy
            with other tests imports slowly.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith("PROMPTDOCK_")}
    environment = own | {"PROMPTDOCK_HOME": str(home)} | dict(variables or {})
    report = check_plugin(target, environment=environment, import_budget_ms=import_budget_ms)
    wrong = [
        f"{result.id}: {reported.finding.text}"
        for result in report.checks
        if result.state is not State.PASSED
        for reported in result.findings
    ]
    assert wrong == []
    assert report.grade is Grade.GOLD
    assert {result.grade for result in report.checks} == set(Grade)
