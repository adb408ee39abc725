"""Metadata and licence of installed distributions, and the reasons that stand in for checks."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from promptdock.conformance.bronze_metadata import CHECKS
from promptdock.conformance.check import Finding, NotApplicable
from promptdock.conformance.subject import open_subject
from promptdock.settings import Settings
from tests.support.checking import PluginOf, check
from tests.support.distributions import write_distribution

GOOD = """\
Metadata-Version: 2.4
Name: promptdock-dice
Version: 1.0
Summary: Rolls dice
License-Expression: MIT
Requires-Python: >=3.11
Requires-Dist: PromptDock>=0.2
"""
MODULE = "from promptdock import hookimpl\n@hookimpl\ndef turn_started(event): ...\n"


def findings(site: Path, monkeypatch: pytest.MonkeyPatch, metadata: str, which: str) -> list[Finding]:
    """What one check finds of a distribution with this metadata."""
    monkeypatch.syspath_prepend(site)
    name = f"dice_{abs(hash(metadata))}"
    write_distribution(site, "promptdock-dice", plugins={"dice": name}, modules={name: MODULE}, metadata=metadata)
    (wanted,) = [one for one in CHECKS if one.id == which]

    async def main() -> list[Finding]:
        scratch = site / "scratch"
        scratch.mkdir()
        async with open_subject(Settings(home=site), "dice", "promptdock-dice", scratch=scratch) as subject:
            return list(await wanted.run(subject))

    return asyncio.run(main())


@pytest.mark.parametrize("which", [one.id for one in CHECKS])
def test_good_metadata_passes(which: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert findings(tmp_path, monkeypatch, GOOD, which) == []


@pytest.mark.parametrize(
    ("field", "subject"),
    [
        ("Summary: Rolls dice\n", "Summary"),
        ("Requires-Python: >=3.11\n", "Requires-Python"),
        ("Requires-Dist: PromptDock>=0.2\n", "Requires-Dist"),
    ],
)
def test_what_is_missing_is_named(field: str, subject: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = findings(tmp_path, monkeypatch, GOOD.replace(field, ""), "metadata-present")
    assert found.subject == subject
    assert "pyproject.toml" in found.remedy


@pytest.mark.parametrize(
    "marker", ['extra == "test"', "extra=='test'", "python_version > '3' and extra =='a'", "'test'==extra"]
)
def test_promptdock_as_an_extra_only_is_no_dependency(
    marker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = GOOD.replace("PromptDock>=0.2", f"promptdock; {marker}")
    (found,) = findings(tmp_path, monkeypatch, metadata, "metadata-present")
    assert found.subject == "Requires-Dist"


def test_other_markers_make_no_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    metadata = GOOD.replace("PromptDock>=0.2", 'promptdock[extra]; platform_version != "extra"')
    assert findings(tmp_path, monkeypatch, metadata, "metadata-present") == []


@pytest.mark.parametrize(
    "licence",
    ["License-Expression: MIT", "License: BSD", "Classifier: License :: OSI Approved :: MIT License"],
)
def test_a_licence_may_be_named_in_three_ways(licence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    metadata = GOOD.replace("License-Expression: MIT", licence)
    assert findings(tmp_path, monkeypatch, metadata, "licence-present") == []


@pytest.mark.parametrize("nothing", ["", "License: UNKNOWN\n"])
def test_no_licence_is_told(nothing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    metadata = GOOD.replace("License-Expression: MIT\n", nothing)
    (found,) = findings(tmp_path, monkeypatch, metadata, "licence-present")
    assert "names no licence" in found.text


@pytest.mark.parametrize("which", ["metadata-present", "licence-present"])
def test_an_object_has_no_metadata(which: str, tmp_path: Path) -> None:
    with pytest.raises(NotApplicable, match="given by code"):
        check(f"bronze_metadata:{which}", PluginOf(), tmp_path)


class Raising(dict[str, str]):
    """Lets nobody read it."""

    def items(self) -> Any:
        """Nothing."""
        raise SystemExit(3)

    def __iter__(self) -> Any:
        raise SystemExit(3)


class Waiving(PluginOf):
    """A plugin with waivers."""

    def __init__(self, waivers: Any) -> None:
        super().__init__()
        self.promptdock_waivers = waivers


@pytest.mark.parametrize(
    ("waivers", "words"),
    [
        ({"schemas-strickt": "the vendors that we use take it"}, "there is no such check"),
        ({"schemas-strict": ""}, "gives no reason"),
        ({"schemas-strict": "because"}, "gives no reason"),
        ({"schemas-strict:sample.go": None}, "gives no reason"),
        ({"loads-alone": "it needs the other one very much"}, "nothing can stand in for"),
        ({"schemas-strict": "x y z"}, "gives no reason"),
        ({"schemas-strict": "- - - - - - - - - - - -"}, "gives no reason"),
        ({"schemas-strict": "aaaaaaaaaaaaaa bbbbbbbbbbbbbbb"}, "gives no reason"),
        ({"schemas-strict": "1 2 3 4 5 6 7 8 9 10 11 12"}, "gives no reason"),
        (["schemas-strict"], "is a list, not a mapping"),
        ("schemas-strict", "is a str, not a mapping"),
        ({3: "the vendors that we use take it"}, "is no text but a int"),
        (Raising({"schemas-strict": "the vendors that we use take it"}), "cannot be read: SystemExit"),
    ],
)
def test_waivers_that_do_not_count_are_told(waivers: Any, words: str, tmp_path: Path) -> None:
    (found,) = check("bronze_metadata:waivers-reasoned", Waiving(waivers), tmp_path)
    assert words in found.text


def test_waivers_with_a_reason_pass(tmp_path: Path) -> None:
    waivers = {"schemas-strict:sample.go": "our vendor takes maps of any key"}
    assert check("bronze_metadata:waivers-reasoned", Waiving(waivers), tmp_path) == []
