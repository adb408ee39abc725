"""Reasons that authors write for what their plugin does not pass: ``promptdock_waivers`` on the plugin object."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from ..plugins.quarantine import describe_exception
from .check import Check, Finding
from .report import CheckResult, Reported, State, Waiver

__all__ = ["ATTRIBUTE", "apply_waivers", "marked", "read_waivers", "waiver_faults"]

ATTRIBUTE: Final = "promptdock_waivers"
_MOST: Final = 1_000
_FEWEST_WORDS: Final = 3
_FEWEST_CHARACTERS: Final = 20
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_REMEDY: Final = 'Write: promptdock_waivers = {"check-id": "why this plugin may do without it"}'


def read_waivers(plugin: object) -> tuple[Waiver, ...]:
    """Read the waivers of a plugin that can be used; :func:`waiver_faults` tells of the others."""
    return tuple(
        Waiver(key=key, reason=reason.strip()) for key, reason in _read(plugin)[0] if key and _is_reason(reason)
    )


def waiver_faults(plugin: object, checks: Collection[Check]) -> Iterator[Finding]:
    """Tell what is wrong with a plugin's waivers.

    Args:
        plugin: The plugin object.
        checks: All checks there are.

    Yields:
        What is wrong: no mapping, no reason, no such check, a check that nothing may stand in for.
    """
    entries, fault = _read(plugin)
    if fault:
        yield Finding(text=f"{ATTRIBUTE} {fault}.", remedy=_REMEDY)
    known = {check.id: check for check in checks}
    for key, reason in entries:
        check = known.get(key.partition(":")[0])
        if check is None:
            text = f"{ATTRIBUTE} names {key!r}, and there is no such check."
            yield Finding(text=text, remedy="Correct its id, or take it out.", subject=key)
        elif not check.waivable:
            text = f"{ATTRIBUTE} names {key!r}, which nothing can stand in for."
            yield Finding(text=text, remedy="Mend the plugin instead, and take it out.", subject=key)
        elif not _is_reason(reason):
            text = f"The waiver of {key!r} gives no reason."
            remedy = (
                f"Write why, in a sentence that the report can show: {_FEWEST_WORDS} words, "
                f"{_FEWEST_CHARACTERS} characters or more."
            )
            yield Finding(text=text, remedy=remedy, subject=key)


def apply_waivers(result: CheckResult, check: Check, waivers: Sequence[Waiver]) -> CheckResult:
    """Let reasons stand in for findings.

    Args:
        result: What the check found.
        check: The check.
        waivers: The plugin's waivers.

    Returns:
        The result; ``waived`` when there is a reason for each finding.
    """
    if result.state is not State.FAILED or not check.waivable:
        return result
    reasons = {waiver.key: waiver.reason for waiver in waivers}
    found = tuple(
        Reported(finding=item.finding, waived=reasons.get(f"{check.id}:{item.finding.subject}", reasons.get(check.id)))
        for item in result.findings
    )
    if any(item.waived is None for item in found):
        return replace(result, findings=found)
    reason = " ".join(dict.fromkeys(item.waived for item in found if item.waived is not None))
    return replace(result, findings=found, state=State.WAIVED, reason=reason)


def marked(waivers: Sequence[Waiver], results: Sequence[CheckResult]) -> Iterator[Waiver]:
    """Mark each waiver with whether one of the results needed it."""
    needed = set()
    for result in results:
        keys = [(f"{result.id}:{item.finding.subject}", item) for item in result.findings if item.waived is not None]
        own = {waiver.key for waiver in waivers}
        needed |= {key if key in own else result.id for key, _ in keys}
    for waiver in waivers:
        yield replace(waiver, used=waiver.key in needed)


def _read(plugin: object) -> tuple[Sequence[tuple[str, Any]], str]:
    """The entries, as plain texts where they are texts, and what is wrong with the whole; any of it may raise."""
    try:
        written = getattr(plugin, ATTRIBUTE, None)
        if written is None:
            return (), ""
        if not isinstance(written, Mapping):
            return (), f"is a {type(written).__name__}, not a mapping"
        entries = [(key, written[key]) for key in itertools.islice(written, _MOST)]
        plain = [
            (str.__str__(key).strip(), str.__str__(reason) if isinstance(reason, str) else None)
            for key, reason in entries
            if isinstance(key, str)
        ]
        others = [type(key).__name__ for key, _ in entries if not isinstance(key, str)]
        return plain, f"has a key that is no text but a {others[0]}" if others else ""
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  (an object of the plugin's, which may raise anything)
        return (), f"cannot be read: {describe_exception(error)}"


def _is_reason(reason: object) -> bool:
    """Whether it can be a reason: long enough, with words in it that are more than a letter."""
    if not isinstance(reason, str) or len(reason.strip()) < _FEWEST_CHARACTERS:
        return False
    return sum(_WORD.search(part) is not None for part in reason.split()) >= _FEWEST_WORDS
