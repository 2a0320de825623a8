"""An evidence report as a PDF: A4, black on white, letters that every viewer has."""

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, TableCellFillMode, WrapMode, XPos, YPos
from fpdf.fonts import FontFace

from mangrove.core.reports.report import (
    Report,
    ReportSigner,
    ReportTable,
    Row,
    RowTone,
    Section,
    how_to_check,
    moment_words,
)

MARGIN = 15
WIDTH = 297 - 2 * MARGIN
NAME_WIDTH = 48
LINE = 4.6
_SIGNS = {RowTone.PLAIN: "", RowTone.GOOD: "ok", RowTone.OPEN: "open", RowTone.BAD: "bad"}
_INKS = {
    RowTone.PLAIN: (29, 35, 39),
    RowTone.GOOD: (31, 111, 84),
    RowTone.OPEN: (138, 90, 0),
    RowTone.BAD: (179, 38, 30),
}
_LEAST, _MOST = 9, 46
"""A column's share of the width goes by its longest text, within these bounds."""


def paper_of(report: Report, signer: ReportSigner, file_name: str) -> bytes:
    """Return the PDF; the same report always gives the same bytes.

    What has no sign in these letters (WinAnsi) is written as an escape; the page has it as it is.
    """
    paper = _Paper(report)
    for section in report.sections:
        paper.section(section)
    paper.check(signer, file_name)
    return paper.output()


class _Paper:
    """A document with a line at the foot of each page."""

    def __init__(self, report: Report) -> None:
        pdf = self._pdf = FPDF(orientation="L", unit="mm", format="A4")
        self._foot_words = f"{report.title}, as of {moment_words(report.as_of)}"
        pdf.set_margins(MARGIN, MARGIN, MARGIN)
        pdf.set_auto_page_break(auto=True, margin=MARGIN)
        pdf.set_title(_plain(report.title))
        pdf.set_creator("Mangrove")
        pdf.set_creation_date(report.as_of)
        pdf.add_page()
        self._line(report.title, 18, "B", 8)
        self._line(report.subtitle, 11, "", 5.5)
        as_of = moment_words(report.as_of)
        self._line(f"As of {as_of}. Nothing that came later is in it.", 9, "", 5)

    def output(self) -> bytes:
        """Return the finished document, its pages numbered."""
        pdf = self._pdf
        pdf.set_auto_page_break(auto=False)
        for number in range(1, pdf.pages_count + 1):
            pdf.page = number
            pdf.set_y(-11)
            pdf.set_font("Courier", size=7)  # another one first: each page names its font anew
            pdf.set_font("Helvetica", size=7)
            pdf.set_text_color(90)
            pdf.cell(0, 5, _plain(f"{self._foot_words}. Page {number}"), align="C")
        return bytes(pdf.output())

    def section(self, section: Section) -> None:
        """Add a section."""
        self._heading(section.heading)
        for words in section.words:
            self._line(words, 9, "", LINE)
            self._pdf.ln(0.8)
        for name, value in section.facts:
            self._fact(name, value)
        if section.table is not None:
            self._table(section.table)

    def check(self, signer: ReportSigner, file_name: str) -> None:
        """Add how to check the signature."""
        first, command, last = how_to_check(signer, file_name)
        self._heading("How to check this report")
        self._line(first, 9, "", LINE)
        self._pdf.set_font("Courier", size=8)
        self._pdf.set_fill_color(242)
        self._pdf.multi_cell(
            WIDTH,
            LINE,
            _plain(command),
            fill=True,
            align="L",
            wrapmode=WrapMode.CHAR,
            new_x=XPos.LMARGIN,
            new_y=YPos.NEXT,
        )
        self._line(last, 9, "", LINE)
        self._line(f"Made by Mangrove {signer.tool_version}.", 9, "", LINE)

    def _heading(self, text: str) -> None:
        if self._pdf.will_page_break(24):
            self._pdf.add_page()
        self._pdf.ln(3)
        self._line(text, 12, "B", 6.5)

    def _line(self, text: str, size: int, style: str, height: float) -> None:
        self._pdf.set_text_color(*_INKS[RowTone.PLAIN])
        self._pdf.set_font("Helvetica", style, size)
        self._pdf.multi_cell(
            WIDTH, height, _plain(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )

    def _fact(self, name: str, value: str) -> None:
        self._pdf.set_font("Helvetica", "B", 9)
        self._pdf.cell(NAME_WIDTH, LINE, _plain(name))
        self._pdf.set_font("Helvetica", "", 9)
        self._pdf.multi_cell(
            WIDTH - NAME_WIDTH,
            LINE,
            _plain(value),
            align="L",
            new_x=XPos.LMARGIN,
            new_y=YPos.NEXT,
        )

    def _table(self, table: ReportTable) -> None:
        if not table.rows:
            self._line(table.empty, 9, "I", LINE)
            return
        has_signs = any(row.tone for row in table.rows)
        columns = ("", *table.columns) if has_signs else table.columns
        rows = [((_SIGNS[r.tone], *r.cells) if has_signs else r.cells, r) for r in table.rows]
        texts = [columns, *(cells for cells, _ in rows)]
        self._pdf.set_font("Helvetica", "", 7)
        self._pdf.set_draw_color(200)
        with self._pdf.table(
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            cell_fill_mode=TableCellFillMode.NONE,
            col_widths=_widths(texts),
            headings_style=FontFace(emphasis="BOLD", color=_INKS[RowTone.PLAIN]),
            line_height=3.6,
            padding=(0.6, 1.2, 0.6, 0),
            text_align="L",
            width=WIDTH,
        ) as drawn:
            drawn.row([_plain(name) for name in columns])
            for cells, row in rows:
                self._draw(drawn.row(), cells, row, has_signs=has_signs)

    def _draw(self, drawn: object, cells: tuple[str, ...], row: Row, *, has_signs: bool) -> None:
        for number, cell in enumerate(cells):
            tone = row.tone if has_signs and not number else RowTone.PLAIN
            emphasis = "BOLD" if tone else None
            face = FontFace(emphasis=emphasis, color=_INKS[tone])
            drawn.cell(_plain(cell), style=face)  # type: ignore[attr-defined]  # fpdf has no types


def _widths(texts: list[tuple[str, ...]]) -> tuple[int, ...]:
    """Share the width by what the columns hold: long words need room, long sentences break."""
    longest = [max(len(text) for text in column) for column in zip(*texts, strict=True)]
    return tuple(min(max(length, _LEAST), _MOST) for length in longest)


def _plain(text: str) -> str:
    """Return the text in letters that the font has."""
    return text.encode("cp1252", "backslashreplace").decode("cp1252")
