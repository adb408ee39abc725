"""The process that checks one plugin: nothing else runs in it, and nobody but the plugin can have touched it before."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ..hook_versions import PromptdockDeprecationWarning
from ..settings import Settings, load_settings
from .check import all_checks
from .guarding import end_without_asker
from .job import IMPORT, Job, Progress
from .loading import find_candidate, import_ms, measure_again, observe_loading
from .ownership import OwnFiles
from .report import CheckResult
from .running import run_checks
from .standing import tell_when_asked
from .subject import LoadFacts, Subject, alone, open_subject
from .waivers import marked, read_waivers

__all__ = ["main"]


def main(arguments: Sequence[str]) -> None:
    """Do a job, and end the process at once: threads and tasks that a plugin left behind are not waited for.

    Args:
        arguments: The job's file; ``--import`` before it only measures the import.
    """
    file = Path(arguments[-1])
    job = Job.read(file)
    measures = "--import" in arguments
    if not measures:  # one that only measures ends with the one that checks
        end_without_asker(job.timeout, file.parent)
        tell_when_asked(file.parent)
    # what is logged goes to those who listen; logging's last resort would write it to stderr
    logging.getLogger().addHandler(logging.NullHandler())
    warnings.filterwarnings("ignore", category=PromptdockDeprecationWarning)
    # in the job's folder, which whoever asked removes
    scratch = Path(tempfile.mkdtemp(prefix="scratch-", dir=file.parent))
    if measures:
        candidate = find_candidate(_settings(job, scratch), job.name, job.distribution)
        took = import_ms(candidate) if candidate is not None else float("inf")
        (file.parent / IMPORT).write_text(json.dumps(took), encoding="utf-8")
    else:
        _check(job, file, scratch)
    _leave()


def _check(job: Job, file: Path, scratch: Path) -> None:
    progress = Progress(file.parent)
    settings = _settings(job, scratch)
    candidate = find_candidate(settings, job.name, job.distribution)
    if candidate is None:
        progress.tell("missing")
        return
    progress.tell("loading", version=candidate.version)
    facts = observe_loading(
        candidate,
        settings,
        budget=job.import_budget_ms,
        again=partial(measure_again, file, job.timeout / 4),
    )
    asyncio.run(_run(job, progress, facts, scratch))


async def _run(job: Job, progress: Progress, facts: LoadFacts, scratch: Path) -> None:
    wanted = [check for check in all_checks() if check.id in job.checks]
    async with open_subject(
        load_settings(),
        job.name,
        job.distribution,
        scratch=scratch,
        facts=facts,
        import_budget_ms=job.import_budget_ms,
    ) as subject:
        # so that no relative path that native code may be given leads to what somebody needs
        os.chdir(scratch)
        progress.tell("loaded", notes=_notes(subject), own=OwnFiles.of(subject).beginnings)
        results: list[CheckResult] = []
        async for result in run_checks(subject, wanted, begun=lambda check: progress.tell("begun", id=check.id)):
            results.append(result)
            progress.tell("ended", result=result.as_json())
        waivers = marked(read_waivers(subject.plugin), results)
        progress.tell("done", waivers=[waiver.as_json() for waiver in waivers])
        _leave()


def _settings(job: Job, scratch: Path) -> Settings:
    return alone(load_settings(), job.name, job.distribution, home=scratch)


def _notes(subject: Subject) -> list[str]:
    notes = [f"{warning.what}. {warning.next}." for warning in subject.record.warnings]
    if subject.made_up:
        notes.append(f"Checked with a made-up secret for what it demands and nobody set: {', '.join(subject.made_up)}.")
    if subject.one_file is not None:
        notes.append("It is one file: what is asked of a distribution's metadata does not apply to it.")
    return notes


def _leave() -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)
