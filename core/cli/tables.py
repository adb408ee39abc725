"""Tables: drawn on a terminal, aligned columns with two blanks between them everywhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from rich import box
from rich.table import Table
from rich.text import Text

from ..plaintext import one_line
from .console import Output

__all__ = ["show_table"]

_STYLES: Mapping[str, str] = MappingProxyType(
    {"loaded": "green", "quarantined": "bold red", "denied": "yellow", "yes": "green", "no": "yellow"}
)


def show_table(output: Output, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a table to stdout.

    Args:
        output: Where to write.
        header: The columns' names.
        rows: Cells as text; foreign text is made fit to show.
    """
    cells = [[one_line(cell) for cell in row] for row in rows]
    if output.out.is_terminal:
        output.out.print(_drawn(header, cells))
        return
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    for row in ([name.upper() for name in header], *cells):
        padded = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        output.line("  ".join(padded).rstrip())


def _drawn(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for number, name in enumerate(header):
        last = number == len(header) - 1
        table.add_column(name, no_wrap=not last, overflow="fold", style="cyan" if number == 0 else None)
    for row in rows:
        table.add_row(*(Text(cell, _STYLES.get(cell, "")) for cell in row))
    return table
