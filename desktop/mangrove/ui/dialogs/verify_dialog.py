"""Asks how deep a backup shall be verified, and where a trial restore may go."""

from collections.abc import Sequence

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from mangrove.core.backup_record import BackupRecord
from mangrove.core.verification import EMBEDDED, Level, VerifyRequest
from mangrove.services.bundle import Services
from mangrove.ui import text
from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.dialogs.scratch_choice import ScratchBox
from mangrove.ui.widgets.fields.choice_list import ChoiceList, Option
from mangrove.ui.widgets.fields.form import FormRow
from mangrove.ui.wording import counted


class VerifyDialog(QuestionDialog):
    """Three levels, each with what it proves; a target for the deepest."""

    def __init__(self, parent: QWidget | None, services: Services, record: BackupRecord) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Verify a backup"))
        self.yes.setText(self.tr("&Verify"))
        self._record = record
        self.level = ChoiceList(self._levels())
        self.level.choose(Level.RESTORED)
        self.target = ScratchBox(services, record.profile_slug, only_here=record.is_physical)
        self._target_row = FormRow(
            self.tr("&Restore on trial to"),
            self.target,
            self.tr("It holds a server's files: only a throw-away server can open them.")
            if record.is_physical
            else self.tr("The trial goes into databases of its own, which are dropped afterwards."),
        )
        self.add_section(self.tr("How deep"), self.level)
        self.body.addWidget(self._target_row)
        self.body.addStretch()
        self.level.chosen.connect(self._on_changed)
        self.target.currentIndexChanged.connect(self._on_changed)
        self._on_changed()

    @classmethod
    def ask(
        cls, parent: QWidget | None, services: Services, record: BackupRecord
    ) -> VerifyRequest | None:
        """Ask, and return the request; None when the person left."""
        dialog = cls(parent, services, record)
        return asked(dialog, dialog.answer)

    def answer(self) -> VerifyRequest:
        """Return the request as the choices stand."""
        is_trial = self.level.value is Level.RESTORED
        target = self.target.target if is_trial else EMBEDDED
        return VerifyRequest(self._record.backup, self.level.value, target)

    def _levels(self) -> Sequence[Option[Level]]:
        if self._record.is_physical:
            return self._levels_of_files()
        return (
            self._stored_option(),
            Option(
                Level.DECODED,
                self.tr("&Decoded"),
                self.tr(
                    "Besides, everything is decrypted and unpacked, and documents are counted"
                    " and compared with the signed digest."
                ),
            ),
            Option(
                Level.RESTORED,
                self.tr("Restored on &trial"),
                self.tr(
                    "Besides, everything is restored to a server and compared there, with"
                    " indexes. Only this proves that the backup comes back, and measures how"
                    " long it takes."
                ),
            ),
        )

    def _stored_option(self) -> Option[Level]:
        return Option(
            Level.STORED,
            self.tr("&Stored"),
            self.tr("Every stored object is read again and compared with its signed checksum."),
        )

    def _levels_of_files(self) -> Sequence[Option[Level]]:
        return (
            self._stored_option(),
            Option(
                Level.DECODED,
                self.tr("&Decoded"),
                self.tr("Besides, every file is decrypted, unpacked and compared with its digest."),
            ),
            Option(
                Level.RESTORED,
                self.tr("Restored on &trial"),
                self.tr(
                    "Besides, a throw-away server opens the files, and validates every"
                    " collection. Only this proves that the backup comes back."
                ),
            ),
        )

    @Slot()
    def _on_changed(self) -> None:
        is_trial = self.level.value is Level.RESTORED
        self._target_row.setVisible(is_trial)
        self.say(self._sentence(is_trial=is_trial))

    def _sentence(self, *, is_trial: bool) -> str:
        record = self._record
        if is_trial and record.is_physical:
            words = self.tr(
                "Read {stored}, and open the files with {target} on trial. Nothing existing is"
                " changed."
            )
        elif is_trial:
            words = self.tr(
                "Read {stored}, and restore {documents} to {target} on"
                " trial. Nothing existing is changed."
            )
        else:
            words = self.tr("Read {stored} from the vault. Nothing is changed.")
        return words.format(
            stored=text.size(record.stored_bytes),
            documents=counted(record.documents, self.tr("document"), self.tr("documents")),
            target=self.target.target_words,
        )
