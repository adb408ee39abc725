"""Drawing from hypothesis as from a bag: a fixed number of values, the same ones each time, nothing on the disk."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["draw", "require_hypothesis"]

T = TypeVar("T")


def require_hypothesis() -> None:
    """Make sure that arguments can be generated.

    Raises:
        ConfigurationError: hypothesis is not installed.
    """
    try:
        import hypothesis  # noqa: F401
    except ImportError:
        raise ConfigurationError(
            "The silver checks draw arguments with hypothesis, which is not installed: promptdock[testing] brings it.",
            hint="Run: pip install 'promptdock[testing]'",
        ) from None


def draw(make: Callable[[], SearchStrategy[T]], count: int) -> tuple[T, ...]:
    """Draw values, always the same ones.

    Args:
        make: Makes the strategy.
        count: The most values.

    Returns:
        The values, simple ones first. Fewer than asked for when there are no more, none when the strategy finds none.
    """
    import hypothesis
    from hypothesis import HealthCheck, Phase

    found: list[T] = []

    def take(value: T) -> None:
        found.append(value)

    with _no_traces():
        bounded = hypothesis.settings(
            max_examples=count,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        with contextlib.suppress(hypothesis.errors.Unsatisfiable):
            bounded(hypothesis.given(make())(take))()
    return tuple(found)


@contextlib.contextmanager
def _no_traces() -> Iterator[None]:
    """Let hypothesis keep what it wants to keep in a folder that is gone afterwards, not in the author's project."""
    from hypothesis import configuration

    before = getattr(configuration, "__hypothesis_home_directory", None)
    with tempfile.TemporaryDirectory(prefix="promptdock-check-") as folder:
        configuration.set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            configuration.set_hypothesis_home_dir(before)
