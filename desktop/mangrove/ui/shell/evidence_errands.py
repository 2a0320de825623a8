"""Wishes about evidence: drills, assertions, and reports to show to others."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QUrl, Slot
from PySide6.QtGui import QDesktopServices

from mangrove.core.backup import BackupId
from mangrove.core.reports.report import ReportKind
from mangrove.services.bundle import Services
from mangrove.services.evidence_reports import SignedReport, WrittenReport
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.drill_dialog import DrillDialog
from mangrove.ui.dialogs.evidence_report_dialog import EvidenceReportDialog, ReportWish
from mangrove.ui.dialogs.profiles.assertions_dialog import AssertionsDialog
from mangrove.ui.navigation import Navigator
from mangrove.ui.shell.errand import Errand
from mangrove.ui.shell.main_window import MainWindow
from mangrove.ui.widgets.banner import BannerKind


class EvidenceErrands(Errand):
    """Opens the dialogs about evidence and carries out their answers."""

    def __init__(
        self, window: MainWindow, services: Services, calls: Calls, navigator: Navigator
    ) -> None:
        super().__init__(window, services, calls, navigator)
        navigator.drill_wanted.connect(self._on_drill_wanted)
        navigator.assertions_wanted.connect(self._on_assertions_wanted)
        navigator.report_wanted.connect(self._on_report_wanted)

    @Slot(str)
    def _on_drill_wanted(self, profile: str) -> None:
        request = DrillDialog.ask(self._window, self._services, self._calls, profile)
        if request is not None:
            self._begin(partial(self._services.drills.start, request))

    @Slot(str)
    def _on_assertions_wanted(self, profile: str) -> None:
        AssertionsDialog.show_for(self._window, self._services, self._calls, profile)

    @Slot(str, object)
    def _on_report_wanted(self, profile: str, backup: BackupId | None) -> None:
        wish = EvidenceReportDialog.ask(self._window, self._services, profile, backup)
        if wish is not None:
            self._calls.run(self, lambda: self._written(wish), self._on_written, self._on_failed)

    def _written(self, wish: ReportWish) -> WrittenReport:
        reports = self._services.evidence_reports
        return reports.write(self._gathered(wish), wish.folder, wish.forms)

    def _gathered(self, wish: ReportWish) -> SignedReport:
        reports = self._services.evidence_reports
        if wish.kind is ReportKind.BACKUP and wish.backup is not None:
            return reports.of_backup(wish.backup)
        if wish.kind is ReportKind.PROFILE:
            return reports.of_profile(wish.profile)
        return reports.of_month(wish.month, wish.profile)

    def _on_written(self, written: WrittenReport) -> None:
        names = ", ".join(path.name for path in written.files)
        words = self.tr(
            "{names} in {folder}, signed with the key of the vault {vault}. To check: {command}"
        )
        folder = written.files[0].parent
        said = words.format(
            names=names, folder=folder, vault=written.vault, command=written.commands[0]
        )
        self._window.notify(
            BannerKind.INFO, said, self.tr("Open folder"), partial(_open_folder, folder)
        )


def _open_folder(folder: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
