"""Where commands write: tables for a terminal, aligned text for a pipe, or one JSON document."""

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

from mangrove.cli.json_value import json_value, problem_document
from mangrove.core.run import Problem

JSON = "--json"
GAP = "  "
PIPED_NAME = 60
WIDE_HELP = "Whole names, however long."


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings; headings that begin with ``>`` are right-aligned.

    Attributes:
        empty: What is said when there are no rows.
        names: Columns of stored names: on a terminal too long ones lack their middle.
        whole: Whether names are shown whole there too.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    empty: str = "nothing"
    names: tuple[str, ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with their values, one a line."""

    pairs: tuple[tuple[str, str], ...]


Block = str | Table | Facts


class Output:
    """Standard output and standard error of one call.

    Attributes:
        as_json: Whether standard output gets exactly one JSON document and nothing else.
    """

    def __init__(self, out: TextIO, err: TextIO, *, as_json: bool = False) -> None:
        self._out = out
        self._err = err
        self.as_json = as_json

    @property
    def is_live(self) -> bool:
        """Whether progress may be drawn: somebody looks at a terminal."""
        return not self.as_json and self._err.isatty()

    @property
    def err(self) -> TextIO:
        """Standard error, where progress goes."""
        return self._err

    def give(self, document: object, *blocks: Block) -> None:
        """Print the result of a command, as JSON or as text."""
        if self.as_json:
            json.dump(json_value(document), self._out, ensure_ascii=False, indent=2)
            self._out.write("\n")
        else:
            for block in blocks:
                self._out.write(_text_of(block, self._out))
        self._out.flush()

    def aside(self) -> "Output":
        """Return what prints results on standard error: standard output carries data."""
        return Output(self._err, self._err)

    def say(self, text: str) -> None:
        """Write a line beside the result: a warning, what is going on."""
        self._err.write(printable(text) + "\n")
        self._err.flush()

    def refuse(self, problem: Problem, **more: object) -> None:
        """Print why it did not work."""
        if self.as_json:
            self.give({"error": problem_document(problem), **more})
            return
        self.say(f"error: {problem.message}")
        if problem.hint:
            self.say(f"hint:  {problem.hint}")
        self.say(f"code:  {problem.code}")


def printable(text: str) -> str:
    """Replace control characters, so that no stored name can drive the terminal."""
    return "".join(
        c
        if c in "\n\t" or not unicodedata.category(c).startswith("C")
        else "\N{REPLACEMENT CHARACTER}"
        for c in text
    )


def cell(text: str) -> str:
    """Make a text fit one line of a table: what is no visible character is written as an escape."""
    if not any(unicodedata.category(c).startswith("C") for c in text):
        return text
    return "".join(_escaped(c) if unicodedata.category(c).startswith("C") else c for c in text)


def name_cell(name: str) -> str:
    """Make a stored name fit a table; one that begins or ends with a blank stands in quotes."""
    shown = cell(name)
    return shown if shown == shown.strip() else f'"{shown}"'


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def clipped(text: str, width: int) -> str:
    """Shorten a text that is wider than its column; what is left out is marked."""
    return text if len(text) <= width else text[: width - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _text_of(block: Block, out: TextIO) -> str:
    match block:
        case str():
            return printable(block) + "\n"
        case Facts():
            width = max((len(name) for name, _ in block.pairs), default=0)
            return "".join(f"{name:<{width}}{GAP}{printable(v)}\n" for name, v in block.pairs)
        case Table():
            if not block.rows:
                return block.empty + "\n"
            return _drawn(block, out) if out.isatty() else _aligned(block)


def _drawn(table: Table, out: TextIO) -> str:
    # Only now: loading rich would be a sixth of the time a piped command takes.
    from mangrove.cli.drawing import drawn_table  # noqa: PLC0415

    shortened = () if table.whole else _name_places(table)
    return drawn_table(table.columns, _cells(table), out, shortened)


def _name_places(table: Table) -> tuple[int, ...]:
    return tuple(n for n, column in enumerate(table.columns) if column in table.names)


def _cells(table: Table) -> list[tuple[str, ...]]:
    makers = [name_cell if column in table.names else cell for column in table.columns]
    return [tuple(make(c) for make, c in zip(makers, row, strict=True)) for row in table.rows]


def _aligned(table: Table) -> str:
    rows = _cells(table)
    heads = tuple(name.lstrip(">").upper() for name in table.columns)
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for place in _name_places(table):  # one endless name does not push all others aside
        widths[place] = min(widths[place], PIPED_NAME)
    return "".join(_line(row, table.columns, widths) for row in (heads, *rows))


def _line(row: Sequence[str], columns: Sequence[str], widths: Sequence[int]) -> str:
    cells = (
        f"{text:>{width}}" if name.startswith(">") else f"{text:<{width}}"
        for text, name, width in zip(row, columns, widths, strict=True)
    )
    return GAP.join(cells).rstrip() + "\n"
