"""The tutorial, from its first command to its last: in an empty folder, with the wheel and nothing of the checkout."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.blocks import blocks_of, steps_of
from tests.support.environments import CHECKOUT, shared_root
from tests.support.workshop import Workshop, reader_tools

PAGE = CHECKOUT / "docs" / "tutorial.md"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_whole_transcript_holds(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every command is run, and every output is what the page shows."""
    with Workshop.open(reader_tools(shared_root(tmp_path_factory)), tmp_path) as workshop:
        code, where = workshop.shell.run("ls -A; python -c 'import promptdock; print(promptdock.__file__)'")
        assert code == 0
        assert (CHECKOUT in Path(where.strip()).parents, "\n" in where.strip()) == (False, False)
        workshop.follow(PAGE)


def test_the_way_is_complete() -> None:
    """New, test, check, serve, call, a failing test, why: nothing of it is left out or not run."""
    blocks = [block for block in blocks_of(PAGE) if not block.not_run]
    commands = "\n".join(step.command for block in blocks if not block.title for step in steps_of(block))
    way = ["plugin new", "pip install", "pytest", "plugin check", "serve", "ask.py", "pytest", "why-not", "explain"]
    assert re.search(".*".join(re.escape(part) for part in way), commands, re.DOTALL)
    assert any("OpenAI(" in block.text for block in blocks)
    assert any("gold" in (step.shown or "") for block in blocks if not block.title for step in steps_of(block))
