"""What is drawn on a terminal: tables and the moving picture of a run. Loaded only there."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from mangrove.cli.picture import Picture
from mangrove.core.wording import without_middle

BAR_WIDTH = 40
GAP_WIDTH = 2
LEAST_NAME = 16


def drawn_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    out: TextIO,
    shortened: Sequence[int] = (),
) -> str:
    """Return a table fitted to the terminal; headings that begin with ``>`` are right-aligned.

    Args:
        columns: The headings.
        rows: Their cells.
        out: The terminal.
        shortened: Which columns hold names that lose their middle where there is no room.
    """
    console = Console(file=out, highlight=False)
    rows = _fitted(columns, rows, console.width, shortened)
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in columns:
        table.add_column(name.lstrip(">"), justify="right" if name.startswith(">") else "left")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def _fitted(
    columns: Sequence[str], rows: Sequence[Sequence[str]], width: int, shortened: Sequence[int]
) -> Sequence[Sequence[str]]:
    """Shorten names so that each row takes one line, if they can be short enough."""
    if not shortened:
        return rows
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    others = sum(w for n, w in enumerate(widths) if n not in shortened)
    room = width - others - GAP_WIDTH * len(columns)
    most = max(LEAST_NAME, room // len(shortened))
    return [
        [without_middle(c, most) if n in shortened else c for n, c in enumerate(row)]
        for row in rows
    ]


@contextmanager
def live_picture(err: TextIO) -> Iterator[Callable[[Picture], None]]:
    """Redraw a picture in place for as long as the block lasts, then leave nothing of it.

    Threads: what is yielded may be called from any thread.
    """
    console = Console(file=err, highlight=False)
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield lambda picture: live.update(_drawn(picture), refresh=True)


def _drawn(picture: Picture) -> Group:
    total = 1.0 if picture.fraction is not None else None
    bar = ProgressBar(
        total=total,
        completed=picture.fraction or 0,
        width=BAR_WIDTH,
        complete_style="green",
        finished_style="green",
        pulse_style="green",
    )
    line = Table.grid(padding=(0, 2))
    line.add_row(bar, Text(picture.figures))
    below = [Text(text) for text in picture.below]
    return Group(Text(picture.head, style="bold"), line, *below)
