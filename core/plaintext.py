"""Foreign text, made fit to show: what models, tools and plugins write must not drive the reader's terminal."""

from __future__ import annotations

import re

__all__ = ["one_line", "shorten", "visible"]

# C0 and C1 controls save tab and newline, marks that reverse text, odd line ends, and surrogates that cannot be written
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\ud800-\udfff]"
)


def visible(text: str) -> str:
    r"""Write control characters out, e.g. escape as ``\x1b``; newlines and tabs stay."""
    return _UNSAFE.sub(_written_out, text.replace("\r\n", "\n"))


def _written_out(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def one_line(text: str) -> str:
    """Like :func:`visible`, and all white space runs become one blank each."""
    return visible(" ".join(text.split()))


def shorten(text: str, longest: int) -> str:
    """Cut a text to a length, and say how much is missing."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]}… (+{len(text) - longest} characters)"
