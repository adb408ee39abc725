"""The site of the documents: it is built, its links hold, and it needs no network to be read."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag

import pytest

from tests.support.environments import CHECKOUT, once, shared_root

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

NOT_IN_THE_SOURCE = {"changelog.md"}
"""What ``make docs`` writes before it builds."""


def built(folder: Path) -> subprocess.CompletedProcess[str]:
    """Build the site in a copy of the documents, as ``make docs`` does."""
    shutil.copytree(CHECKOUT / "docs", folder / "docs", dirs_exist_ok=True)
    shutil.copy(CHECKOUT / "zensical.toml", folder)
    text = (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")
    (folder / "docs" / "changelog.md").write_text(text.replace("](docs/", "]("), encoding="utf-8")
    return build_in(folder)


def build_in(folder: Path) -> subprocess.CompletedProcess[str]:
    """Build once more."""
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""

    def make(folder: Path) -> None:
        done = built(folder)
        assert done.returncode == 0, done.stdout + done.stderr

    return once(shared_root(tmp_path_factory), "site", make) / "site"


class Loads(HTMLParser):
    """What a page refers to: what a browser loads by itself, what a reader may follow, and its anchors."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element refers to."""
        have = {name: value for name, value in attrs if value}
        if tag == "a" or (tag == "link" and have.get("rel") in {"prev", "next", "canonical"}):
            self.links += [have["href"]] if "href" in have else []
        else:
            self.loads += [have[name] for name in ("src", "href", "srcset", "data", "poster", "action") if name in have]
        self.anchors |= {have[name] for name in ("id", "name") if name in have}


def nav_pages(entries: Any) -> Iterator[str]:
    """The files that the navigation leads to."""
    for entry in entries:
        for target in entry.values():
            yield from [target] if isinstance(target, str) else nav_pages(target)


def test_every_page_is_in_the_navigation_once() -> None:
    config = tomllib.loads((CHECKOUT / "zensical.toml").read_text(encoding="utf-8"))
    named = list(nav_pages(config["project"]["nav"]))
    there = {str(path.relative_to(CHECKOUT / "docs")) for path in (CHECKOUT / "docs").rglob("*.md")}
    assert set(named) == there | NOT_IN_THE_SOURCE
    assert len(named) == len(set(named))


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    """No script, style, font or picture: in no page, and in no style sheet."""
    pages = list(site.rglob("*.html"))
    foreign = [(page.name, load) for page in pages for load in Loads(page).loads if re.match(r"(https?:)?//", load)]
    assert foreign == []
    for sheet in site.rglob("*.css"):
        assert re.findall(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//", sheet.read_text(encoding="utf-8")) == []


def test_what_pages_refer_to_is_there_as_a_file(site: Path) -> None:
    """So they can be read from a disk: relative, down to the file, and to a heading that there is."""
    pages = {page: Loads(page) for page in site.rglob("*.html") if page.name != "404.html"}
    assert len(pages) > 15
    for page, found in pages.items():
        for reference in {*found.links, *found.loads}:
            if re.match(r"(https?|mailto|data):", reference):
                continue
            path, anchor = urldefrag(reference)
            target = (page.parent / unquote(path)).resolve() if path and path != "." else page
            assert target.is_file(), f"{page.name} refers to {reference}"
            if anchor and target in pages:
                assert unquote(anchor) in pages[target].anchors, f"{page.name} refers to {reference}"


def test_the_text_is_in_the_pages_themselves(site: Path) -> None:
    """No script has to run before there is something to read."""
    for page, words in {"index.html": "selection rules", "hooks.html": "approve_tool_call"}.items():
        assert words in (site / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("link", ["[x](nowhere.md)", "[x](plugins.md#nowhere)"])
def test_a_broken_link_fails_the_build(link: str, site: Path, tmp_path: Path) -> None:
    shutil.copytree(site.parent, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("site", ".cache"))
    with (tmp_path / "docs" / "index.md").open("a", encoding="utf-8") as page:
        page.write(f"\n{link}\n")
    done = build_in(tmp_path)
    assert done.returncode != 0
    assert "index.md" in done.stdout + done.stderr
