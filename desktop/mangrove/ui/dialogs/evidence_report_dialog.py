"""Asks for an evidence report: about what, as what, and where its files go."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QFileDialog, QHBoxLayout, QWidget

from mangrove.core.backup import BackupId
from mangrove.core.reports.report import ReportKind
from mangrove.services.bundle import Services
from mangrove.services.evidence_reports import ReportForm
from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.fields.choice_list import ChoiceList, Option
from mangrove.ui.widgets.fields.form import FormRow
from mangrove.ui.widgets.fields.path_field import Browse, PathField

MONTHS = 24


@dataclass(frozen=True, slots=True)
class ReportWish:
    """What a person wants a report of.

    Attributes:
        month: As ``YYYY-MM``; of a ``MONTH`` report.
        profile: "" for all, in a ``MONTH`` report.
    """

    kind: ReportKind
    backup: BackupId | None
    profile: str
    month: str
    folder: str
    forms: tuple[ReportForm, ...]


class EvidenceReportDialog(QuestionDialog):
    """Subject, month, forms and folder."""

    def __init__(
        self,
        parent: QWidget | None,
        services: Services,
        profile: str = "",
        backup: BackupId | None = None,
    ) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Evidence report"))
        self.yes.setText(self.tr("&Write report"))
        self._profile, self._backup = profile, backup
        self.kind = ChoiceList(self._kinds())
        self.month = ChoiceBox()
        for month in _months(services.clock.now()):
            self.month.addItem(f"{month:%B %Y}", f"{month:%Y-%m}")
        self.html = QCheckBox(self.tr("&HTML page"))
        self.pdf = QCheckBox(self.tr("&PDF"))
        ways = (Browse(self.tr("Br&owse…"), self._picked),)
        self.folder = PathField(self.tr("Folder"), ways, str(Path.home()))
        self._month_row = FormRow(self.tr("&Month (UTC)"), self.month)
        self._lay_out_parts()
        self._connect()
        self._on_changed()

    @classmethod
    def ask(
        cls,
        parent: QWidget | None,
        services: Services,
        profile: str = "",
        backup: BackupId | None = None,
    ) -> ReportWish | None:
        """Ask, and return the wish; None when the person left."""
        dialog = cls(parent, services, profile, backup)
        return asked(dialog, dialog.answer)

    def answer(self) -> ReportWish:
        """Return the wish as the fields stand."""
        boxes = ((ReportForm.HTML, self.html), (ReportForm.PDF, self.pdf))
        return ReportWish(
            kind=self.kind.value,
            backup=self._backup,
            profile=self._profile,
            month=str(self.month.currentData()),
            folder=self.folder.path,
            forms=tuple(form for form, box in boxes if box.isChecked()),
        )

    def _kinds(self) -> tuple[Option[ReportKind], ...]:
        backup = Option(
            ReportKind.BACKUP,
            self.tr("This &backup"),
            self.tr("What is in it, what is not, and how that is known."),
        )
        whose = self._profile or self.tr("every deployment")
        profile = Option(
            ReportKind.PROFILE,
            self.tr("&All of {profile}").format(profile=whose),
            self.tr("Every backup, proof and drill since the first one, and every gap."),
        )
        month = Option(
            ReportKind.MONTH,
            self.tr("One mo&nth of {profile}").format(profile=whose),
            self.tr("For whoever asks every month whether backups work."),
        )
        found = [backup] if self._backup is not None else []
        if self._profile:
            found.append(profile)
        return (*found, month)

    def _lay_out_parts(self) -> None:
        self.html.setChecked(True)
        self.pdf.setChecked(True)
        forms = QHBoxLayout()
        forms.setSpacing(Space.L)
        forms.addWidget(self.html)
        forms.addWidget(self.pdf)
        forms.addStretch()
        folder_row = FormRow(
            self.tr("Into &folder"),
            self.folder,
            self.tr("Beside each file lies its signature; nothing existing is overwritten."),
        )
        self.folder.line.setText(str(Path.home()))
        self.add_section(self.tr("About what"), self.kind)
        self.body.addWidget(self._month_row)
        self.add_section(self.tr("As what"), forms)
        self.body.addWidget(folder_row)
        self.body.addStretch()
        self.take_room(Size.DIALOG_WIDTH, Size.DIALOG_HEIGHT)

    def _connect(self) -> None:
        self.kind.chosen.connect(self._on_changed)
        self.month.currentIndexChanged.connect(self._on_changed)
        self.html.toggled.connect(self._on_changed)
        self.pdf.toggled.connect(self._on_changed)
        self.folder.path_changed.connect(self._on_changed)

    def _picked(self, start: str) -> str:
        return QFileDialog.getExistingDirectory(self, self.tr("Folder for the report"), start)

    @Slot()
    def _on_changed(self) -> None:
        wish = self.answer()
        self._month_row.setVisible(wish.kind is ReportKind.MONTH)
        is_whole = bool(wish.forms and wish.folder)
        self.yes.setEnabled(is_whole)
        if not is_whole:
            self.say(self.tr("Choose a form and a folder."))
            return
        words = self.tr(
            "Write the report from what lies in the vault, and sign it with the vault's key."
            " Anybody can check it with the program minisign."
        )
        self.say(words)


def _months(now: datetime) -> list[datetime]:
    """Return the first moments of the last months, the present one first."""
    found = [now.replace(day=1)]
    while len(found) < MONTHS:
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return found
