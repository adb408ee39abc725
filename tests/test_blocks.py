"""Every code block of the documents is run: commands in a shell, plugins in a host, tests by pytest."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from promptdock import open_service
from promptdock.settings import Settings
from tests.support.blocks import Block, blocks_of
from tests.support.environments import CHECKOUT, Environment, shared_root
from tests.support.workshop import Workshop, reader_tools

PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]
NAMES = [str(page.relative_to(CHECKOUT)) for page in PAGES]
RUN_HERE = [page for page in PAGES if page.name != "tutorial.md"]  # that one has a test of its own
LANGUAGES = {"python", "bash", "console", "toml", "json"}
NOT_RUN = {
    "README.md": 3,
    "docs/architecture.md": 4,
    "docs/howto/publishing.md": 1,
    "docs/observability.md": 4,
    "docs/operating.md": 1,
    "docs/tutorial.md": 1,
}
"""How many blocks of a page only carry a reason; a page that is not named has none."""


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """What a reader has installed."""
    return reader_tools(shared_root(tmp_path_factory))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", RUN_HERE, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_a_page_does_what_it_says(page: Path, tools: Environment, tmp_path: Path) -> None:
    """From its first block to its last, each with what those before it left behind."""
    with Workshop.open(tools, tmp_path) as workshop:
        workshop.follow(page)


WRONG = {
    "another output": "```console\n$ echo 4\n5\n```",
    "half of it": "```console\n$ echo 4; echo 5\n4\n```",
    "a failing command": "```bash\nfalse\ntrue\n```",
    "a command that does not fail": "<!-- fails -->\n```bash\ntrue\n```",
    "an error as an answer": """```bash\necho '{"error": {"code": "not_found"}}'\n```""",
    "a failing program": "```python\nimport asyncio\n\nasyncio.run(None)\n```",
    "a failing test": "```python\ndef test_sum():\n    assert 1 + 1 == 3\n```",
    "a setting that there is not": '```toml title="promptdock.toml"\ndefault_providr = "x"\n```',
    "no package": '```toml title="pyproject.toml"\n[project]\nname = "x"\n```',
    "no JSON": "```json\n{1: 2}\n```",
    "a language that nobody runs": "```perl\nprint 1\n```",
    "no language": "    promptdock serve\n",
}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_a_page_that_is_wrong_fails(text: str, tools: Environment, tmp_path: Path) -> None:
    """Or the tests above would show nothing."""
    page = tmp_path / "wrong.md"
    page.write_text(f"# Wrong\n\n{text}\n", encoding="utf-8")
    with Workshop.open(tools, tmp_path / "workshop") as workshop, pytest.raises((AssertionError, ValueError, KeyError)):
        workshop.follow(page)


def plugins() -> list[Block]:
    """All blocks that are plugins."""
    return [block for page in PAGES for block in blocks_of(page) if block.language == "python" and block.is_plugin]


@pytest.mark.parametrize("block", plugins(), ids=str)
def test_a_plugin_of_a_page_is_loaded(block: Block, tmp_path: Path) -> None:
    """By a host that starts with no plugin in quarantine."""
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "shown.py").write_text(block.text, encoding="utf-8")

    async def look() -> list[str]:
        async with open_service(Settings(home=tmp_path, strict=True, plugins_allow=("shown", "offline"))) as service:
            return [plugin.name for plugin in service.catalog.plugins if plugin.state == "loaded"]

    assert "shown" in asyncio.run(look())


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_python_that_only_defines_things_is_run(page: Path) -> None:
    """Signatures, too: names in them are not looked up."""
    for block in blocks_of(page):
        if block.language == "python" and not (block.not_run or block.is_script or block.is_test):
            start = "" if "import " in block.text else "from __future__ import annotations\n"
            exec(compile(start + block.text, str(block), "exec"), {"__name__": f"block_{block.line}"})


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_block_says_what_it_is(page: Path) -> None:
    """So that none is passed over: a block without a language would be run by nobody."""
    for block in blocks_of(page):
        assert block.not_run or block.language in LANGUAGES, f"{block} is {block.language!r}"


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_what_is_not_run_is_counted(page: Path) -> None:
    """One more needs a look at the list above, and a reason that a reader understands."""
    left_out = [block for block in blocks_of(page) if block.not_run]
    assert [f"{block}: {block.not_run}" for block in left_out if len(block.not_run) < 15] == []
    assert len(left_out) == NOT_RUN.get(str(page.relative_to(CHECKOUT)), 0), [str(block) for block in left_out]
