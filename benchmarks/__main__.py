"""``python -m benchmarks``: measures promptdock beside others, and writes tables, JSON and charts."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from .works.work import Options

__all__ = ["folder_of", "main", "options_of"]


def parser() -> argparse.ArgumentParser:
    """What can be said on the command line."""
    made = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure promptdock beside others.")
    made.add_argument("--only", metavar="WORKS", default="", help="only these, separated by commas; see --list")
    made.add_argument("--subjects", metavar="NAMES", default="", help="of the peers only these, separated by commas")
    made.add_argument("--rounds", type=int, help="how often each subject is visited (7; quick: 2)")
    made.add_argument("--seconds", type=float, help="how long each visit is (4; quick: 1)")
    made.add_argument("--quick", action="store_true", help="two to three minutes: small counts, no peers")
    made.add_argument("--list", action="store_true", help="show the works and their subjects, and measure nothing")
    made.add_argument("--output", type=Path, help="the folder for what was measured")
    return made


def options_of(given: argparse.Namespace) -> Options:
    """How much is to be measured."""
    rounds, seconds = (2, 1.0) if given.quick else (7, 4.0)
    return Options(
        rounds=given.rounds or rounds,
        seconds=given.seconds or seconds,
        quick=given.quick,
        subjects=_names(given.subjects),
    )


def folder_of(given: argparse.Namespace) -> Path:
    """Where the results go: those of a whole run stay until the next whole one."""
    from .results import RESULTS

    if given.output is not None:
        return Path(given.output)
    return RESULTS / "partial" if given.quick or given.only or given.subjects else RESULTS


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run."""
    from promptdock.cli.open_files import allow_many_open_files

    from .machine import machine_facts
    from .progress import showing
    from .results import as_text, write_results
    from .runner import chosen, run_works
    from .stage import end_what_is_left
    from .works.everything import every_work

    given = parser().parse_args(arguments)
    options = options_of(given)
    try:
        every = [work for work in every_work() if not (options.quick and work.is_long)]
        works = chosen(every, _names(given.only))
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if given.list:
        for work in works:
            sys.stdout.write(f"{work.name:14} {work.title}\n")
            sys.stdout.writelines(f"{'':16}{subject.name}\n" for subject in work.subjects(options))
        return 0
    allow_many_open_files()  # here, and in what is started from here
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that all servers end then, too
    machine = machine_facts()
    try:
        with showing(works, options) as shown:
            outcomes, complete = run_works(works, options, shown)
    finally:
        end_what_is_left()
    sys.stdout.write(as_text(outcomes, options, machine) + "\n")
    sys.stdout.flush()
    files = write_results(outcomes, options, machine, folder_of(given))
    sys.stderr.write(f"written: {', '.join(str(path) for path in files)}\n")
    return 0 if complete and not any(outcome.failed for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
