"""Runs works, one after the other, and keeps what they gave also when one fails."""

from __future__ import annotations

from collections.abc import Sequence

from .progress import Shown
from .stage import BenchmarkError
from .works.work import Options, Outcome, Work

__all__ = ["chosen", "run_works"]


def chosen(works: Sequence[Work], only: Sequence[str]) -> list[Work]:
    """The works that are named, in their order; all of them when none is.

    Raises:
        ValueError: There is no work of a name.
    """
    names = {work.name for work in works}
    unknown = [name for name in only if name not in names]
    if unknown:
        raise ValueError(f"There is no work {unknown[0]!r}: {', '.join(sorted(names))}.")
    return [work for work in works if not only or work.name in only]


def run_works(works: Sequence[Work], options: Options, shown: Shown) -> tuple[list[Outcome], bool]:
    """Run them.

    Args:
        works: In which order.
        options: How much is measured.
        shown: Told how far it is.

    Returns:
        What they gave, and whether all of them ran to their end; Ctrl-C keeps those that did.
    """
    outcomes: list[Outcome] = []
    for work in works:
        try:
            outcomes.append(work.run(options, shown.begin(work)))
        except BenchmarkError as error:
            outcome = Outcome(work.name, work.title, ())
            outcome.fail("the work", error)
            outcomes.append(outcome)
        except KeyboardInterrupt:
            return outcomes, False
    return outcomes, True
