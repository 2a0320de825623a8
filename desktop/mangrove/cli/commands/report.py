"""``mangrove report``: what was backed up and proven, signed, as a page and on paper."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from mangrove.cli.front import Desk, desk_of
from mangrove.cli.output import Facts
from mangrove.core.pitr.moments import Edge
from mangrove.services.bundle import Services
from mangrove.services.evidence_reports import ReportForm, WrittenReport

app = typer.Typer(
    help="Evidence reports: what was backed up and proven, signed, to show to others.",
    no_args_is_help=True,
)


class Form(StrEnum):
    """What is written."""

    HTML = "html"
    PDF = "pdf"
    BOTH = "both"


Out = Annotated[str, typer.Option("--out", metavar="FOLDER", help="Where the files go.")]
As = Annotated[Form, typer.Option("--as", help="What is written, each with its signature.")]
AsOf = Annotated[
    str,
    typer.Option(
        "--as-of",
        metavar="TIME",
        help="Leave out what came later: the same time gives the same report again.",
    ),
]
_FORMS = {
    Form.HTML: (ReportForm.HTML,),
    Form.PDF: (ReportForm.PDF,),
    Form.BOTH: tuple(ReportForm),
}


@app.command()
def backup(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="BACKUP", help="Its id, or latest.")],
    *,
    out: Out = ".",
    form: As = Form.BOTH,
) -> None:
    """Report on one backup: what is in it, what is not, and how that is known."""
    desk = desk_of(context)
    with desk.services() as services:
        signed = services.evidence_reports.of_backup(name)
        _tell(desk, services.evidence_reports.write(signed, out, _FORMS[form]))


@app.command()
def profile(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="PROFILE", help="Whose backups.")],
    *,
    out: Out = ".",
    form: As = Form.BOTH,
    as_of: AsOf = "",
) -> None:
    """Report on a profile, from its first backup on."""
    desk = desk_of(context)
    with desk.services() as services:
        signed = services.evidence_reports.of_profile(name, _moment(services, as_of))
        _tell(desk, services.evidence_reports.write(signed, out, _FORMS[form]))


@app.command()
def month(
    context: typer.Context,
    when: Annotated[str, typer.Argument(metavar="YYYY-MM", help="The month, in UTC.")],
    *,
    of: Annotated[str, typer.Option("--profile", metavar="PROFILE", help="Of this one only.")] = "",
    out: Out = ".",
    form: As = Form.BOTH,
    as_of: AsOf = "",
) -> None:
    """Report on one month, of one profile or of all."""
    desk = desk_of(context)
    with desk.services() as services:
        signed = services.evidence_reports.of_month(when, of, _moment(services, as_of))
        _tell(desk, services.evidence_reports.write(signed, out, _FORMS[form]))


@app.command()
def check(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A report; its .minisig beside it.")],
) -> None:
    """Check a report's signature with the keys of the vaults known here."""
    desk = desk_of(context)
    with desk.services() as services:
        said = services.evidence_reports.check(file)
    desk.output.give({"file": file, "signed": said}, said)


def _moment(services: Services, text: str) -> datetime | None:
    return services.points.moment(text, Edge.BEFORE).limit.at if text else None


def _tell(desk: Desk, written: WrittenReport) -> None:
    document = {
        "title": written.report.title,
        "as_of": written.report.as_of,
        "files": [str(path) for path in written.files],
        "vault": written.vault,
        "public_key": written.public_key,
    }
    pairs = [
        ("report", written.report.title),
        ("as of", f"{written.report.as_of:%Y-%m-%d %H:%M:%S} UTC"),
        *(("written", str(path)) for path in written.files),
        ("signed by", f"the key of the vault {written.vault}; each signature lies beside its file"),
        *(("to check", command) for command in written.commands),
    ]
    desk.output.give(document, Facts(tuple(pairs)))
