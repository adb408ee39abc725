"""Tables: on a terminal as wide as it is, with long texts on lines of their own; aligned columns everywhere else."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from rich.text import Text

from ..plaintext import one_line
from .console import Output

__all__ = ["show_table", "squeeze"]

_STYLES: Mapping[str, str] = MappingProxyType(
    {"loaded": "green", "quarantined": "bold red", "denied": "yellow", "yes": "green", "no": "yellow"}
)
_GAP: Final = 2
_NARROWEST: Final = 20
_NOTHING: Final = frozenset({"", "-"})


def show_table(
    output: Output,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    below: Collection[str] = (),
    squeezed: Collection[str] = (),
) -> None:
    """Write a table to stdout.

    Args:
        output: Where to write.
        header: The columns' names.
        rows: Cells as text; foreign text is made fit to show.
        below: Columns that a terminal gets on lines of their own, below the others of their row.
        squeezed: Columns whose cells lose their middle where the terminal is too narrow.
    """
    cells = [[one_line(cell) for cell in row] for row in rows]
    if output.out.is_terminal:
        _draw(output, header, cells, below, squeezed)
        return
    widths = _widths(header, cells)
    for row in ([name.upper() for name in header], *cells):
        padded = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        output.line("  ".join(padded).rstrip())


def squeeze(text: str, width: int) -> str:
    """Cut the middle out of a text that is too long, e.g. of a path: its ends tell the most."""
    if len(text) <= width:
        return text
    end = (width - 1) * 2 // 3
    return f"{text[: width - 1 - end]}…{text[len(text) - end :]}"


def _draw(
    output: Output,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    below: Collection[str],
    squeezed: Collection[str],
) -> None:
    beside = [number for number, name in enumerate(header) if name not in below]
    under = [number for number, name in enumerate(header) if name in below]
    names = [header[number] for number in beside]
    widths = _fitting(output.out.width, names, _widths(names, [[row[i] for i in beside] for row in rows]), squeezed)
    if widths is not None:
        output.out.print(Text("  ".join(f"{n:<{w}}" for n, w in zip(names, widths, strict=True)).rstrip(), "bold"))
    for row in rows:
        if widths is not None:
            output.out.print(_line([row[number] for number in beside], widths))
        else:
            _stack(output, names, [row[number] for number in beside], squeezed)
        for number in under:
            if row[number] not in _NOTHING:
                _indented(output, Text(row[number], "dim"))


def _indented(output: Output, text: Text) -> None:
    for line in text.wrap(output.out, max(1, output.out.width - _GAP)):
        output.line(Text.assemble(" " * _GAP, line))


def _widths(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(header, *rows, strict=True)]


def _fitting(room: int, names: Sequence[str], widths: Sequence[int], squeezed: Collection[str]) -> Sequence[int] | None:
    """The columns' widths, with those that may be narrower made so; None when they do not fit all the same."""
    fitting = list(widths)
    for number, name in enumerate(names):
        surplus = sum(fitting) + _GAP * (len(fitting) - 1) - room
        if name in squeezed and surplus > 0:
            fitting[number] = max(min(_NARROWEST, fitting[number]), fitting[number] - surplus)
    return fitting if sum(fitting) + _GAP * (len(fitting) - 1) <= room else None


def _line(cells: Sequence[str], widths: Sequence[int]) -> Text:
    line = Text(no_wrap=True)
    for number, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        shown = squeeze(cell, width)
        line.append(shown, _STYLES.get(cell, "cyan" if number == 0 else ""))
        line.append(" " * (width - len(shown) + _GAP))
    line.rstrip()
    return line


def _stack(output: Output, names: Sequence[str], cells: Sequence[str], squeezed: Collection[str]) -> None:
    """One row as a block: its first cell, then each other one beside its column's name."""
    unnamed = "".join(f"  {cell}" for name, cell in zip(names, cells, strict=True) if not name and cell)
    output.line(Text.assemble((cells[0], "cyan"), unnamed))
    width = max(map(len, names))
    room = max(_NARROWEST, output.out.width - width - 2 * _GAP)
    for name, cell in zip(names[1:], cells[1:], strict=True):
        if name and cell not in _NOTHING:
            shown = squeeze(cell, room) if name in squeezed else cell
            _indented(output, Text.assemble((f"{name:<{width}}  ", "dim"), (shown, _STYLES.get(cell, ""))))
