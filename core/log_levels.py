"""Levels of log lines by component, which can be changed while a host runs."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from .errors import ConfigurationError

__all__ = ["LogLevels", "checked_level", "logger_of"]

_LEVELS: Final[Mapping[str, int]] = MappingProxyType(
    {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}
)
_ROOT: Final = "root"
_COMPONENT: Final = re.compile(r"(?:promptdock|promptdock_builtin|uvicorn)(?:\.[A-Za-z0-9_-]+)*|root")
_LONGEST: Final = 120


def checked_level(component: str, level: str, *, place: str = "log_levels") -> int:
    """The number of a level for a component.

    Args:
        component: A logger's name: ``promptdock`` and everything below it, e.g. ``promptdock.turn`` or
            ``promptdock.plugins.<id>``; likewise ``promptdock_builtin`` and ``uvicorn``; or ``root`` for all others.
        level: ``debug``, ``info`` or ``warning``, in any case. There is nothing above: warnings are always shown.
        place: Where both come from, for the error.

    Raises:
        ConfigurationError: There is no such component, or no such level.
    """
    if len(component) > _LONGEST or not _COMPONENT.fullmatch(component):
        raise ConfigurationError(
            f"{place}: {component[:_LONGEST]!r} is no component with a log.",
            hint="Name one such as promptdock.turn, promptdock.plugins.<id>, promptdock.access or root.",
        )
    number = _LEVELS.get(level.lower())
    if number is None:
        raise ConfigurationError(
            f"{place}.{component}: there is no level {level[:_LONGEST]!r}; warnings are always shown.",
            hint=f"Take one of {', '.join(_LEVELS)}.",
        )
    return number


def logger_of(component: str) -> logging.Logger:
    """The logger that a component's level is set on."""
    return logging.getLogger(None if component == _ROOT else component)


class LogLevels:
    """The levels of one host's components. Asking whether a line is shown costs no look-up beyond logging's own.

    Args:
        settings: Levels by component that hold from the start; changes at run time come on top of them.

    Raises:
        ConfigurationError: One of them does not exist; then none is applied.
    """

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        self._settings = {name: level.lower() for name, level in (settings or {}).items()}
        self._changed: dict[str, str] = {}
        self._before: dict[str, int] = {}
        self._lock = threading.Lock()
        numbers = {name: checked_level(name, level) for name, level in self._settings.items()}
        for name, number in numbers.items():
            self._apply(name, number)

    def levels(self) -> Mapping[str, str]:
        """The levels that are set, by component; all other components go by the one above them."""
        with self._lock:
            return MappingProxyType({**self._settings, **self._changed})

    def set(self, component: str, level: str | None) -> None:
        """Set a component's level, from the next line on.

        Args:
            component: See :func:`checked_level`.
            level: None takes back what was set at run time: what the settings say holds again, else what held before.

        Raises:
            ConfigurationError: There is no such component, or no such level.
        """
        number = checked_level(component, "info" if level is None else level, place="level")
        with self._lock:
            if level is not None:
                self._changed[component] = level.lower()
                self._apply(component, number)
            elif self._changed.pop(component, None) is not None:
                self._take_back(component)

    def close(self) -> None:
        """Make everything as it was before; once a host is closed, its levels are nobody's."""
        with self._lock:
            self._settings.clear()
            self._changed.clear()
            for component in list(self._before):
                self._take_back(component)

    def _apply(self, component: str, number: int) -> None:
        logger = logger_of(component)
        self._before.setdefault(component, logger.level)
        logger.setLevel(number)

    def _take_back(self, component: str) -> None:
        if component in self._settings:
            logger_of(component).setLevel(checked_level(component, self._settings[component]))
        else:
            logger_of(component).setLevel(self._before.pop(component))
