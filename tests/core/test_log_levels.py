"""Levels by component, changed while a host runs."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from promptdock import ConfigurationError
from promptdock.log_levels import LogLevels


@pytest.fixture
def levels() -> Iterator[LogLevels]:
    levels = LogLevels({"promptdock.turn": "Debug"})
    yield levels
    levels.close()


def test_t101_log_switches_are_followed_at_once(levels: LogLevels, caplog: pytest.LogCaptureFixture) -> None:
    """Debug lines come and go with their component's switch; warnings are always shown."""
    caplog.set_level(logging.NOTSET, "")
    told = logging.getLogger("promptdock.plugins.weather")
    base = logging.getLogger("promptdock")
    levels.set("promptdock", "warning")

    told.debug("hidden at first")
    told.warning("a warning")
    levels.set("promptdock.plugins.weather", "debug")
    told.debug("shown")
    base.debug("of another component")
    levels.set("promptdock.plugins.weather", None)
    told.debug("hidden again")
    told.warning("another warning")
    assert [record.getMessage() for record in caplog.records] == ["a warning", "shown", "another warning"]


def test_what_is_set_can_be_seen_and_taken_back(levels: LogLevels) -> None:
    """Back to what the settings say, or to what held before."""
    assert levels.levels() == {"promptdock.turn": "debug"}
    levels.set("promptdock.turn", "warning")
    levels.set("promptdock.tools", "INFO")
    assert levels.levels() == {"promptdock.turn": "warning", "promptdock.tools": "info"}
    levels.set("promptdock.turn", None)
    levels.set("promptdock.tools", None)
    levels.set("promptdock.tools", None)
    assert levels.levels() == {"promptdock.turn": "debug"}
    assert logging.getLogger("promptdock.turn").level == logging.DEBUG
    assert logging.getLogger("promptdock.tools").level == logging.NOTSET


def test_a_closed_host_leaves_levels_as_they_were() -> None:
    before = logging.getLogger().level
    levels = LogLevels({"root": "debug", "uvicorn.access": "warning"})
    assert logging.getLogger().level == logging.DEBUG
    levels.set("promptdock_builtin.weather", "debug")
    levels.close()
    assert logging.getLogger().level == before
    assert logging.getLogger("uvicorn.access").level == logging.NOTSET
    assert logging.getLogger("promptdock_builtin.weather").level == logging.NOTSET
    assert levels.levels() == {}


@pytest.mark.parametrize("level", ["error", "critical", "off", "", "10"])
def test_warnings_cannot_be_switched_off(levels: LogLevels, level: str) -> None:
    with pytest.raises(ConfigurationError, match=r"level\.promptdock\.turn: there is no level .* always shown"):
        levels.set("promptdock.turn", level)
    assert levels.levels() == {"promptdock.turn": "debug"}


@pytest.mark.parametrize("component", ["", "sqlalchemy", "promptdockx", "promptdock.", "promptdock..x",
                                       "promptdock.a b", "promptdock\n", f"promptdock.{'x' * 200}"])  # fmt: skip
def test_only_our_components_have_levels(component: str) -> None:
    """A mistyped one is found at start, and nothing is changed by then."""
    with pytest.raises(ConfigurationError, match=r"log_levels: .* is no component with a log"):
        LogLevels({"promptdock.judge": "debug", component: "debug"})
    assert logging.getLogger("promptdock.judge").level == logging.NOTSET
