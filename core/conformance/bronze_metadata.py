"""Bronze: what the distribution says about itself, and the reasons that stand in for checks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import Any, Final

from ..hookmarkers import PROJECT
from ..plugins.selectors import normalise_distribution
from .check import Check, Finding, Grade, NotApplicable, all_checks
from .subject import Subject
from .waivers import waiver_faults

__all__ = ["CHECKS"]

_NAME: Final = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_QUOTED: Final = re.compile(r"\"[^\"]*\"|'[^']*'")
_NOTHING: Final = frozenset({"", "UNKNOWN", "Add your description here"})


async def _metadata_present(subject: Subject) -> Sequence[Finding]:
    found = _distribution(subject)
    metadata: Any = found.metadata
    missing = [
        ("summary", "Summary", 'description = "What the plugin does, in one line"'),
        ("version", "Version", 'version = "1.0"'),
        ("range of Python versions", "Requires-Python", 'requires-python = ">=3.11"'),
    ]
    findings = [
        Finding(
            text=f"The metadata of {subject.distribution} has no {what}.",
            remedy=f"Write into [project] of pyproject.toml: {line}",
            subject=field,
        )
        for what, field, line in missing
        if str(metadata[field] or "").strip() in _NOTHING
    ]
    own = normalise_distribution(subject.distribution) == PROJECT
    if not own and PROJECT not in _required(found):
        findings.append(
            Finding(
                text=f"{subject.distribution} does not say that it needs {PROJECT}.",
                remedy=f'Write into [project] of pyproject.toml: dependencies = ["{PROJECT}>=0.2"]',
                subject="Requires-Dist",
            )
        )
    return findings


async def _licence_present(subject: Subject) -> Sequence[Finding]:
    metadata: Any = _distribution(subject).metadata
    said = [metadata["License-Expression"], metadata["License"]]
    classifiers = [text for text in metadata.get_all("Classifier") or () if text.startswith("License ::")]
    if classifiers or any(str(text or "").strip() not in _NOTHING for text in said):
        return ()
    return (
        Finding(
            text=f"The metadata of {subject.distribution} names no licence: nobody may use it.",
            remedy='Write into [project] of pyproject.toml: license = "MIT", or the SPDX name of another one',
        ),
    )


async def _waivers_reasoned(subject: Subject) -> Sequence[Finding]:
    return tuple(waiver_faults(subject.plugin, all_checks()))


def _distribution(subject: Subject) -> Distribution:
    if subject.one_file is not None:
        raise NotApplicable("it is one file, which has no metadata; 'promptdock plugin promote' makes a package of it")
    if subject.extra:
        raise NotApplicable("it was given by code, which has no metadata")
    try:
        return distribution(subject.distribution)
    except PackageNotFoundError:
        raise NotApplicable("its distribution was not found") from None


def _required(found: Distribution) -> Iterator[str]:
    for line in found.requires or ():
        name = _NAME.match(line)
        # a marker about an extra names it outside of quotes, in whatever order and spacing
        marker = _QUOTED.sub("", line.partition(";")[2])
        if name is not None and not re.search(r"\bextra\b", marker):
            yield normalise_distribution(name[1])


CHECKS = (
    Check(
        id="metadata-present",
        grade=Grade.BRONZE,
        title="Its distribution has a summary, a version and Requires-Python, and depends on promptdock",
        remedy="Write them into `[project]` of `pyproject.toml`. Not applicable to one-file plugins.",
        run=_metadata_present,
        needs_load=False,
    ),
    Check(
        id="licence-present",
        grade=Grade.BRONZE,
        title="Its distribution names a licence",
        remedy='Write `license = "MIT"` into `[project]`, or another SPDX expression. Not applicable to one-file '
        "plugins.",
        run=_licence_present,
        needs_load=False,
    ),
    Check(
        id="waivers-reasoned",
        grade=Grade.BRONZE,
        title="Each of its waivers names a check that may be waived, and gives a reason",
        remedy="Correct `promptdock_waivers`: the id of a check, and why the plugin may do without it.",
        run=_waivers_reasoned,
        waivable=False,
        needs_load=False,
    ),
)
