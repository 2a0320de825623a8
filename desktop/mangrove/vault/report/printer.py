"""The port ``ReportPrinter``: a page for the screen, a PDF for the file."""

from typing_extensions import override

from mangrove.core.ports.report import ReportPrinter
from mangrove.core.reports.report import Report, ReportSigner
from mangrove.vault.report.page import page_of


class Printer(ReportPrinter):
    """Prints reports; the same report gives the same bytes."""

    @override
    def page(self, report: Report, signer: ReportSigner, file_name: str) -> bytes:
        return page_of(report, signer, file_name)

    @override
    def paper(self, report: Report, signer: ReportSigner, file_name: str) -> bytes:
        # Loaded only when a PDF is asked for: the library takes long to load.
        from mangrove.vault.report.paper import paper_of  # noqa: PLC0415

        return paper_of(report, signer, file_name)
