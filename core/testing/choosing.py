"""What the host of one test has: as its marker, the settings of pytest and its project say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ..errors import PromptdockError
from .project_plugins import find_project

if TYPE_CHECKING:
    from .host import Host

__all__ = ["opened_host", "plugins_of"]

_MARKER = "promptdock"
_NOTHING = """\
There is no plugin to test: no pyproject.toml from {start} up to {root} has [project.entry-points.promptdock].
Name one: @pytest.mark.promptdock(plugins=[...]), promptdock_plugins in pytest's settings, or a fixture of your own:
    @pytest.fixture
    def promptdock_plugins():
        return [...]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wishes:
    """What the markers of one test say together.

    Attributes:
        plugins: Plugins beside the project's own.
        settings: Settings of the host.
        network: Whether real traffic is allowed.
        cassette: The cassette to play.
    """

    plugins: tuple[Any, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    network: bool = False
    cassette: Path | None = None


def plugins_of(item: pytest.Item) -> Sequence[Any]:
    """The plugins of a test's host beside those that its markers name."""
    start, root = item.path, item.config.rootpath
    named: list[str] = item.config.getini("promptdock_plugins")
    if named:
        return tuple(root / name if name.endswith(".py") else name for name in named)
    try:
        project = find_project(start, root)
        if project is not None:
            missing = project.missing
            return tuple({name: project.load(name)} if name in missing else name for name in project.plugins)
    except PromptdockError as error:
        pytest.fail(str(error), pytrace=False)
    if not _wishes(item).plugins:
        pytest.fail(_NOTHING.format(start=start.parent, root=root), pytrace=False)
    return ()


@contextmanager
def opened_host(item: pytest.Item, plugins: Sequence[Any], settings: Mapping[str, Any]) -> Iterator[Host]:
    """Open the host of a test for the length of a block.

    Args:
        item: The test.
        plugins: What its fixture ``promptdock_plugins`` gave.
        settings: What its fixture ``promptdock_settings`` gave.
    """
    from .host import Host

    wishes = _wishes(item)
    network = wishes.network or bool(item.config.getoption("promptdock_network"))
    update = bool(item.config.getoption("promptdock_update"))
    both = _merged(settings, wishes.settings)
    with Host((*_listed(plugins), *wishes.plugins), settings=both, network=network, update=update) as host:
        if wishes.cassette is None:
            yield host
            return
        from .replaying import replay

        player = replay(host, wishes.cassette)
        yield host
        if player.misses:
            pytest.fail(str(player.misses[0]), pytrace=False)


def _wishes(item: pytest.Item) -> _Wishes:
    """Read the markers, from the module's to the test's own: lists grow, and what is nearer wins."""
    plugins: list[Any] = []
    settings: dict[str, Any] = {}
    network, cassette = False, None
    for mark in reversed(list(item.iter_markers(_MARKER))):
        given = dict(mark.kwargs)
        plugins += _listed(given.pop("plugins", ()))
        settings = _merged(settings, given.pop("settings", {}))
        network = given.pop("network", network)
        cassette = given.pop("cassette", cassette)
        if given or mark.args:
            named = ", ".join([*map(repr, mark.args), *given])
            pytest.fail(
                f"@pytest.mark.promptdock takes plugins, settings, network and cassette, by name; not {named}.",
                pytrace=False,
            )
    return _Wishes(
        plugins=tuple(plugins),
        settings=settings,
        network=network,
        cassette=None if cassette is None else item.path.parent / cassette,
    )


def _listed(plugins: Any) -> Sequence[Any]:
    return [plugins] if isinstance(plugins, (str, Path, Mapping)) else list(plugins)


def _merged(before: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(before)
    for name, value in more.items():
        old = merged.get(name)
        merged[name] = _merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged
