"""The code blocks of the documents, as a reader sees them.

>>> [block.language for block in blocks_of(Path("README.md"))]

A block is fenced and names its language, and may name the file that it is: ```` ```python title="dice.py" ````. A
comment right before it says what cannot be seen: ``<!-- not run: why -->``, or ``<!-- fails -->`` when its last command
is meant to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

__all__ = ["Block", "Step", "blocks_of", "steps_of"]

_TITLE = re.compile(r'title="([^"]+)"')
_NOT_RUN = re.compile(r"<!-- not run: (.+?) -->", re.DOTALL)
_INCOMPLETE_END = re.compile(r"(\\|\||&&|\|\|)\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One code block.

    Attributes:
        page: The document.
        line: Its first line, the fence.
        language: What it says it is; empty for an indented block, or a fence without a word.
        title: The file that it is, or empty.
        text: What it holds.
        not_run: Why it cannot be run; empty for all others.
        fails: Whether its last command is meant to fail.
    """

    page: Path
    line: int
    language: str
    title: str
    text: str
    not_run: str
    fails: bool

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"

    @property
    def is_script(self) -> bool:
        """Whether it is a program; other Python only defines things."""
        return "asyncio.run(" in self.text or "OpenAI(" in self.text

    @property
    def is_test(self) -> bool:
        """Whether pytest is to run it."""
        return re.search(r"^(async )?def test_", self.text, re.MULTILINE) is not None

    @property
    def is_plugin(self) -> bool:
        """Whether the host is to load it; a test that makes a plugin for itself is none."""
        return "@hookimpl" in self.text and not self.is_test


@dataclass(frozen=True, slots=True)
class Step:
    """One command, and what the page shows of its output; None when the page shows none."""

    command: str
    shown: str | None


def blocks_of(page: Path) -> list[Block]:
    """All code blocks of a document, in their order; also those that a rule of the house forbids."""
    found = []
    comment = ""
    for token in MarkdownIt().enable("table").parse(page.read_text(encoding="utf-8")):
        if token.type == "html_block":
            comment = token.content
            continue
        if token.type in {"fence", "code_block"}:
            assert token.map is not None
            reason, title = _NOT_RUN.search(comment), _TITLE.search(token.info)
            found.append(
                Block(
                    page=page,
                    line=token.map[0] + 1,
                    language=token.info.split(" ")[0],
                    title=title[1] if title else "",
                    text=token.content,
                    not_run=" ".join(reason[1].split()) if reason else "",
                    fails="<!-- fails -->" in comment,
                )
            )
        comment = ""
    return found


def steps_of(block: Block) -> list[Step]:
    """The commands of a ``bash`` or ``console`` block, one by one."""
    if block.language == "console":
        return list(_steps_of_transcript(block.text))
    return [Step(command, None) for command in _commands(block.text.splitlines())]


def _steps_of_transcript(text: str) -> Iterator[Step]:
    """``$`` begins a command and ``>`` goes on with it; all other lines are what it says."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *rest = part.splitlines()
        while rest and rest[0].startswith("> "):
            command += f"\n{rest.pop(0)[2:]}"
        yield Step(command, "\n".join(rest) if rest else None)


def _commands(lines: list[str]) -> Iterator[str]:
    """Whole commands: lines are put together until quotes, braces and continuations are closed."""
    so_far = ""
    for line in lines:
        so_far = f"{so_far}\n{line}" if so_far else line
        if _is_whole(so_far):
            if so_far.strip() and not so_far.lstrip().startswith("#"):
                yield so_far
            so_far = ""
    assert not so_far.strip(), f"a command has no end: {so_far}"


def _is_whole(text: str) -> bool:
    bare = re.sub(r"'[^']*'", "''", text)
    bare = re.sub(r'"(?:\\.|[^"\\])*"', '""', bare)
    if _INCOMPLETE_END.search(bare) or "'" in bare.replace("''", "") or '"' in bare.replace('""', ""):
        return False
    return bare.count("{") == bare.count("}") and bare.count("(") == bare.count(")")
