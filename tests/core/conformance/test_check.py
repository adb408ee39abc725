"""The list of checks is an interface: its ids, its order, and the page that documents it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from promptdock.conformance.check import CONFORMANCE_VERSION, Check, Grade, all_checks
from promptdock.conformance.checking import checks_up_to
from promptdock.conformance.strict_subset import FORMATS, KEYWORDS

PAGE = (Path(__file__).parents[3] / "docs" / "conformance.md").read_text(encoding="utf-8")


def test_ids_are_stable_names_and_unique() -> None:
    ids = [check.id for check in all_checks()]
    assert len(set(ids)) == len(ids)
    assert [name for name in ids if not re.fullmatch(r"[a-z]+(-[a-z]+)*", name)] == []


def test_bronze_comes_first_and_gold_last() -> None:
    ranks = [check.grade.rank for check in all_checks()]
    assert ranks == sorted(ranks)
    assert set(ranks) == {0, 1, 2}
    assert all_checks()[0].id == "loads-alone"


@pytest.mark.parametrize("grade", Grade)
def test_a_grade_demands_the_checks_of_those_below(grade: Grade) -> None:
    chosen = checks_up_to(grade)
    assert {check.grade for check in chosen} == {other for other in Grade if other.rank <= grade.rank}
    assert chosen == all_checks()[: len(chosen)]


def test_the_version_is_a_whole_number() -> None:
    assert int(CONFORMANCE_VERSION) >= 1


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.id)
def test_every_check_stands_in_the_page_as_it_is(check: Check) -> None:
    assert f"\n| `{check.id}` | {check.grade} | {check.title} | {check.remedy} |\n" in PAGE


def test_the_page_has_no_other_checks() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (?:bronze|silver|gold) \|", PAGE, re.MULTILINE)
    assert rows == [check.id for check in all_checks()]


def test_the_page_has_the_whole_subset() -> None:
    for word in (
        *FORMATS,
        *(KEYWORDS - {"type", "enum", "const", "$ref", "$defs", "properties", "required", "pattern"}),
    ):
        assert word in PAGE or word.removeprefix("exclusive").lower() in PAGE, word
