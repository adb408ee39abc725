"""``pytest --promptdock-conformance``: each check of each plugin under test as one pytest item.

The pytest plugin calls :func:`add_option` from ``pytest_addoption``, and :func:`conformance_items` from a
``pytest_collection_modifyitems`` that runs first, so that ``-k`` and ``-m`` choose among these items, too::

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(session, config, items):
        if wants_conformance(config):
            items.extend(conformance_items(session))

The plugins are those of the project at pytest's root folder; when it brings none, those that the setting
``promptdock_plugins`` names. The first item of a plugin that runs has all of its checks run, in a process of their own;
the others only report.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from ..conformance.check import Check
    from ..conformance.report import CheckResult, PluginReport
    from ..conformance.targets import Target

__all__ = ["add_option", "conformance_items", "wants_conformance"]

_OPTION: Final = "--promptdock-conformance"
_DESTINATION: Final = "promptdock_conformance"
_ROOT: Final = "promptdock-conformance"
_GRADES: Final = ("bronze", "silver", "gold")


def add_option(group: pytest.OptionGroup | pytest.Parser) -> None:
    """Add ``--promptdock-conformance[=GRADE]``.

    Args:
        group: Where: a group of options, or the parser.
    """
    group.addoption(
        _OPTION,
        dest=_DESTINATION,
        nargs="?",
        const="gold",
        default=None,
        type=_grade,
        metavar="GRADE",
        help="Check this project's plugins, too, as 'promptdock plugin check' does, each check as a test: up to "
        "bronze, silver or gold, which is the default.",
    )


def wants_conformance(config: pytest.Config) -> bool:
    """Whether the option was given. It imports nothing."""
    return config.getoption(_DESTINATION, None) is not None


def conformance_items(session: pytest.Session) -> Iterator[pytest.Item]:
    """Make the items.

    Args:
        session: The session, whose options say up to which grade.

    Yields:
        An item for each check of each plugin: ``promptdock-conformance::dice::schemas-strict``.

    Raises:
        pytest.UsageError: There is no plugin to check, one is not installed, or the checks cannot be run here.
    """
    from ..conformance.check import Grade
    from ..conformance.checking import check_plugin, checks_up_to
    from ..errors import PromptdockError

    config = session.config
    try:
        checks = checks_up_to(Grade(config.getoption(_DESTINATION)))
        targets = tuple(_targets(config))
    except PromptdockError as error:
        raise pytest.UsageError(f"{_OPTION}: {error.message} {error.hint or ''}".strip()) from None
    root = _Group.from_parent(session, name=_ROOT, nodeid=_ROOT)
    for target in targets:
        of_plugin = _Group.from_parent(root, name=target.name)
        report = _Once(partial(check_plugin, target, checks=checks))
        for check in checks:
            item = _CheckItem.from_parent(of_plugin, name=check.id, check=check, report=report)
            if _groups_are_known(config):  # so that one worker runs them all, with --dist loadgroup
                item.add_marker(pytest.mark.xdist_group(f"{_ROOT}-{target.name}"))
            yield item


def _groups_are_known(config: pytest.Config) -> bool:
    """Whether pytest-xdist is there: with strict markers, a mark that nobody knows is an error."""
    return any(re.match(r"\s*xdist_group\b", line) for line in config.getini("markers"))


def _targets(config: pytest.Config) -> Iterable[Target]:
    from ..conformance.targets import find_targets
    from ..errors import ConfigurationError
    from ..settings import load_settings
    from .project_plugins import find_project

    settings = load_settings()
    named: list[str] = config.getini("promptdock_plugins")
    project = None if named else find_project(config.rootpath, config.rootpath)  # the order in which hosts choose, too
    wanted = named if project is None else list(project.plugins)
    if not wanted:
        raise ConfigurationError(
            f"The project at {config.rootpath} brings no plugin.",
            hint="Name the plugins to check in the setting 'promptdock_plugins', or run pytest in their project.",
        )
    if project is not None and project.missing:
        raise ConfigurationError(
            f"Not installed as {project.file} has it: {', '.join(project.missing)}.",
            hint=f"Install it into this environment: pip install -e {project.file.parent}",
        )
    found = (target for name in wanted for target in find_targets(settings, _path(config, name)))
    return dict.fromkeys(found)


def _path(config: pytest.Config, name: str) -> str:
    """A file is named from pytest's root folder on."""
    return str(config.rootpath / name) if name.endswith(".py") else name


def _grade(text: str) -> str:
    if text not in _GRADES:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no grade; write {_OPTION}=gold (or bronze, or silver), with '=' and before other arguments"
        )
    return text


class _Group(pytest.Collector):
    """What stands between the session and the items; there is nothing to collect in it."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        return ()


class _Once:
    """Makes a report when it is first asked for. What that raises, say at a time limit, is raised again each time.

    Args:
        make: Makes the report.
    """

    def __init__(self, make: Callable[[], PluginReport]) -> None:
        self._make = make
        self._made: PluginReport | None = None
        self._error: BaseException | None = None

    def __call__(self) -> PluginReport:
        """The report."""
        if self._error is not None:
            raise self._error
        if self._made is None:
            try:
                self._made = self._make()
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                self._error = error
                raise
        return self._made


class _CheckItem(pytest.Item):
    """One check of one plugin."""

    def __init__(self, *, check: Check, report: Callable[[], PluginReport], **others: Any) -> None:
        super().__init__(**others)
        self._check = check
        self._report = report

    def runtest(self) -> None:
        from ..conformance.report import State

        results = {result.id: result for result in self._report().checks}
        result = results[self._check.id]
        if result.state in {State.FAILED, State.NOT_RUN}:
            raise _NotPassed(result)
        if result.state is State.WAIVED:
            pytest.skip(f"waived: {result.reason}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, _NotPassed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.config.rootpath, None, self.nodeid


class _NotPassed(Exception):
    """A check was not passed; its text is what pytest shows."""

    def __init__(self, result: CheckResult) -> None:
        lines = [f"{result.title}. It is demanded by {result.grade}."]
        for item in result.findings:
            if item.waived is None:
                lines += [item.finding.text, f"  -> {item.finding.remedy}"]
        if not result.findings:
            lines.append(f"It was not run: {result.reason}.")
        super().__init__("\n".join(lines))
