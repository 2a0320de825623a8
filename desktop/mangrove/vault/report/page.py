"""An evidence report as one HTML file: nothing is loaded from anywhere, and it prints well."""

from html import escape

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

_SIGNS = {RowTone.PLAIN: "", RowTone.GOOD: "✓", RowTone.OPEN: "○", RowTone.BAD: "✗"}
_STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 2.5rem 2rem 4rem; background: #fff;
  color: #1d2327; font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
header { border-bottom: 3px solid #1f6f54; margin-bottom: 1.5rem; padding-bottom: 1rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .3rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; }
header p { margin: .1rem 0; color: #4a5560; }
table { border-collapse: collapse; width: 100%; font-size: .86rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0;
  border-bottom: 1px solid #dfe4e8; overflow-wrap: break-word; }
td { max-width: 26rem; }
th { font-weight: 600; color: #4a5560; border-bottom-width: 2px; white-space: nowrap; }
td.sign { width: 1.6rem; font-weight: 700; padding-left: .3rem; }
tr.good td.sign { color: #1f6f54; }
tr.open td.sign { color: #8a5a00; }
tr.bad td.sign { color: #b3261e; }
tr.bad td { background: #fdf1f0; }
dl { display: grid; grid-template-columns: minmax(9rem, max-content) 1fr; gap: .2rem 1.4rem;
  margin: 0; }
dt { color: #4a5560; }
dd { margin: 0; overflow-wrap: anywhere; }
.empty { color: #4a5560; font-style: italic; }
pre { background: #f3f5f7; padding: .7rem .9rem; white-space: pre-wrap; overflow-wrap: anywhere; }
footer { margin-top: 2.5rem; border-top: 1px solid #dfe4e8; font-size: .86rem; color: #4a5560; }
@media print {
  body { padding: 0; max-width: none; font-size: 9pt; }
  h2 { break-after: avoid; }
  tr, dl { break-inside: avoid; }
  thead { display: table-header-group; }
  @page { size: A4 landscape; margin: 14mm; }
}
"""


def page_of(report: Report, signer: ReportSigner, file_name: str) -> bytes:
    """Return the file; the same report always gives the same bytes."""
    body = "".join(_section(section) for section in report.sections)
    as_of = moment_words(report.as_of)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(report.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<header><h1>{escape(report.title)}</h1><p>{escape(report.subtitle)}</p>"
        f"<p>As of {as_of}. Nothing that came later is in it.</p></header>\n"
        f"<main>\n{body}</main>\n{_footer(signer, file_name)}</body>\n</html>\n"
    ).encode()


def _section(section: Section) -> str:
    parts = [f"<section><h2>{escape(section.heading)}</h2>\n"]
    parts += [f"<p>{escape(words)}</p>\n" for words in section.words]
    if section.facts:
        pairs = (f"<dt>{escape(n)}</dt><dd>{escape(v)}</dd>" for n, v in section.facts)
        parts.append(f"<dl>{''.join(pairs)}</dl>\n")
    if section.table is not None:
        parts.append(_table(section.table))
    return "".join([*parts, "</section>\n"])


def _table(table: ReportTable) -> str:
    if not table.rows:
        return f'<p class="empty">{escape(table.empty)}</p>\n'
    has_signs = any(row.tone for row in table.rows)
    first = '<th><span aria-hidden="true"></span></th>' if has_signs else ""
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.columns)
    rows = "".join(_row(row, has_signs=has_signs) for row in table.rows)
    return f"<table><thead><tr>{first}{heads}</tr></thead><tbody>{rows}</tbody></table>\n"


def _row(row: Row, *, has_signs: bool) -> str:
    word = row.tone.value
    label = f' title="{word}" aria-label="{word}"' if word else ""
    sign = f'<td class="sign"{label}>{_SIGNS[row.tone]}</td>' if has_signs else ""
    cells = "".join(f"<td>{escape(cell)}</td>" for cell in row.cells)
    return f'<tr class="{word}">{sign}{cells}</tr>\n'


def _footer(signer: ReportSigner, file_name: str) -> str:
    first, command, last = how_to_check(signer, file_name)
    made = f"Made by Mangrove {signer.tool_version}."
    return (
        f"<footer><h2>How to check this report</h2><p>{escape(first)}</p>"
        f"<pre>{escape(command)}</pre><p>{escape(last)}</p><p>{escape(made)}</p></footer>\n"
    )
