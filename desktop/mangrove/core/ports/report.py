"""What prints evidence reports."""

from typing import Protocol

from mangrove.core.reports.report import Report, ReportSigner


class ReportPrinter(Protocol):
    """Prints evidence reports; the same report gives the same bytes."""

    def page(self, report: Report, signer: ReportSigner, file_name: str) -> bytes:
        """Return a report as one HTML file that loads nothing."""
        ...

    def paper(self, report: Report, signer: ReportSigner, file_name: str) -> bytes:
        """Return a report as a PDF."""
        ...
