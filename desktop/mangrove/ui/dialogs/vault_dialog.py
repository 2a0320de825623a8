"""Asks where backups shall be kept, and who may open them."""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QCheckBox, QDialog, QLineEdit, QPlainTextEdit, QPushButton, QWidget

from mangrove.core.errors import InvalidProfileError, InvalidVaultUrlError, MangroveError
from mangrove.core.profile import checked_name
from mangrove.core.vault import PlaceReport, StorageKind, parse_vault_url
from mangrove.services.bundle import Services
from mangrove.services.vaults import VaultDraft
from mangrove.ui import text
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.object_lock_part import ObjectLockPart
from mangrove.ui.dialogs.question_dialog import QuestionDialog
from mangrove.ui.dialogs.step_relay import StepRelay
from mangrove.ui.dialogs.vault_choice import CompressionBox
from mangrove.ui.dialogs.vault_fields import VaultPlace, is_recipient, recipients_in
from mangrove.ui.dialogs.vault_places import (
    AzureForm,
    BucketForm,
    FolderForm,
    GoogleForm,
    PlaceForm,
    RcloneForm,
    SftpForm,
)
from mangrove.ui.theme.style import set_icon
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.banner import Banner, BannerKind
from mangrove.ui.widgets.choice_list import ChoiceList, Option
from mangrove.ui.widgets.form import FormRow
from mangrove.ui.widgets.labels import SectionTitle
from mangrove.ui.widgets.step_list import StepList


@dataclass(frozen=True, slots=True)
class VaultStart:
    """What was typed in an earlier round that could not be saved, and why it could not."""

    place: VaultPlace
    draft: VaultDraft
    problem: MangroveError


@dataclass(frozen=True, slots=True)
class VaultAnswer:
    """The draft, and the fields it was made of."""

    place: VaultPlace
    draft: VaultDraft


class VaultDialog(QuestionDialog):
    """Any kind of place; encrypted unless somebody turns it off, which is said plainly."""

    def __init__(
        self,
        parent: QWidget | None,
        services: Services,
        calls: Calls,
        start: VaultStart | None = None,
    ) -> None:
        super().__init__(parent, "", "")
        self._services, self._calls = services, calls
        self._test_number = 0
        self._relay = StepRelay(self)
        self.setWindowTitle(self.tr("Add a vault"))
        self.yes.setText(self.tr("Add vault"))
        self._taken = frozenset(v.name.casefold() for v in services.vaults.all())
        self.name = QLineEdit()
        self.banner, self.warning = Banner(), Banner()
        self.kind = ChoiceList(self._kinds())
        self.folder, self.bucket = FolderForm(), BucketForm()
        self.forms: dict[StorageKind, PlaceForm] = {
            StorageKind.FOLDER: self.folder,
            StorageKind.S3: self.bucket,
            StorageKind.AZURE: AzureForm(),
            StorageKind.GOOGLE: GoogleForm(),
            StorageKind.SFTP: SftpForm(),
            StorageKind.RCLONE: RcloneForm(),
        }
        self.object_lock = ObjectLockPart()
        self.steps, self.outcome = StepList(), Banner()
        self.test = QPushButton(self.tr("&Test this place"))
        self.encrypted = QCheckBox(self.tr("&Encrypt everything that is stored"))
        self.compression = CompressionBox()
        self.recipients = QPlainTextEdit()
        self.write_only = QCheckBox(self.tr("This computer &writes and cannot read"))
        self._fill(start)
        self._lay_out_parts()
        self._connect()
        self._on_changed()

    @classmethod
    def ask(
        cls,
        parent: QWidget | None,
        services: Services,
        calls: Calls,
        start: VaultStart | None = None,
    ) -> VaultAnswer | None:
        """Ask, and return the answer; None when the person left."""
        dialog = cls(parent, services, calls, start)
        accepted = dialog.exec() == QDialog.DialogCode.Accepted
        answer = dialog.answer() if accepted else None
        dialog.deleteLater()
        return answer

    def answer(self) -> VaultAnswer:
        """Return the draft as the fields stand."""
        place = self.form.place()
        draft = VaultDraft(
            name=self.name.text().strip(),
            url=place.url(),
            encrypted=self.encrypted.isChecked(),
            compression=self.compression.currentData(),
            extra_recipients=self._recipients(),
            write_only=self._is_write_only,
            access_key=self.form.access_key(),
            secret_key=self.form.secret(),
            object_lock=self.object_lock.value() if self._can_lock else None,
        )
        return VaultAnswer(place, draft)

    @property
    def form(self) -> PlaceForm:
        """The fields of the chosen kind."""
        return self.forms[self.kind.value]

    @property
    def _can_lock(self) -> bool:
        return self.kind.value is StorageKind.S3

    def _kinds(self) -> tuple[Option[StorageKind], ...]:
        return (
            Option(
                StorageKind.FOLDER,
                self.tr("&A folder"),
                self.tr("On this computer, an external disk, or a mounted network drive."),
            ),
            Option(
                StorageKind.S3,
                self.tr("An S&3-compatible bucket"),
                self.tr("Amazon S3, MinIO, Ceph, Backblaze B2, Wasabi and the like."),
            ),
            Option(
                StorageKind.AZURE,
                self.tr("A&zure Blob storage"),
                self.tr("A container of a storage account."),
            ),
            Option(
                StorageKind.GOOGLE,
                self.tr("&Google Cloud Storage"),
                self.tr("A bucket, opened with the key of a service account."),
            ),
            Option(
                StorageKind.SFTP,
                self.tr("An SFTP serve&r"),
                self.tr("A folder on any machine that takes SSH connections."),
            ),
            Option(
                StorageKind.RCLONE,
                self.tr("A remote of rc&lone"),
                self.tr("Google Drive, Dropbox, OneDrive, WebDAV and seventy more."),
            ),
        )

    @property
    def _is_write_only(self) -> bool:
        return self.encrypted.isChecked() and self.write_only.isChecked()

    def _recipients(self) -> tuple[str, ...]:
        is_on = self.encrypted.isChecked()
        return recipients_in(self.recipients.toPlainText()) if is_on else ()

    def _fill(self, start: VaultStart | None) -> None:
        self.name.setPlaceholderText(self.tr("office-nas"))
        self.encrypted.setChecked(True)
        self.recipients.setPlaceholderText("age1…")
        self.recipients.setTabChangesFocus(True)
        self.recipients.setFixedHeight(Space.XXL + Space.M)
        if start is not None:
            self._fill_again(start)

    def _fill_again(self, start: VaultStart) -> None:
        draft = start.draft
        self.name.setText(draft.name)
        self.kind.choose(start.place.kind)
        self.form.show_place(start.place)
        self.form.show_secret(draft.access_key, draft.secret_key)
        self.object_lock.show_value(draft.object_lock)
        self.encrypted.setChecked(draft.encrypted)
        self.compression.setCurrentIndex(self.compression.findData(draft.compression))
        self.recipients.setPlainText("\n".join(draft.extra_recipients))
        self.write_only.setChecked(draft.write_only)
        self.banner.show_error(start.problem)

    def _lay_out_parts(self) -> None:
        self.warning.keep_open()
        self.name_row = FormRow(self.tr("&Name"), self.name)
        self.recipients_row = FormRow(
            self.tr("Also openable &by"),
            self.recipients,
            self.tr(
                "One age recipient per line, age1… or Name=age1…, besides this computer's key."
            ),
        )
        self.body.addWidget(self.banner)
        self.body.addWidget(self.name_row)
        self.body.addWidget(SectionTitle(self.tr("Where")))
        self.body.addWidget(self.kind)
        for form in self.forms.values():
            self.body.addWidget(form)
        self.body.addWidget(self.object_lock)
        self.body.addWidget(self.steps)
        self.body.addWidget(self.outcome)
        self.steps.hide()
        set_icon(self.test, "plug")
        self.add_lower_button(self.test)
        self.body.addWidget(SectionTitle(self.tr("How")))
        self.body.addWidget(self.encrypted)
        self.body.addWidget(self.warning)
        self.body.addWidget(self.recipients_row)
        self.body.addWidget(self.write_only)
        self.body.addWidget(FormRow(self.tr("&Compression"), self.compression))
        self.body.addStretch()
        self.take_room(Size.DIALOG_WIDTH, Size.DIALOG_HEIGHT + Space.XXL * 3)

    def _connect(self) -> None:
        self.name.textChanged.connect(self._on_changed)
        self.kind.chosen.connect(self._on_changed)
        for form in self.forms.values():
            form.changed.connect(self._on_changed)
        self.test.clicked.connect(self._on_test_clicked)
        self._relay.step_reported.connect(
            self._on_step_reported, Qt.ConnectionType.QueuedConnection
        )
        self.encrypted.toggled.connect(self._on_changed)
        self.recipients.textChanged.connect(self._on_changed)
        self.write_only.toggled.connect(self._on_changed)

    @Slot()
    def _on_changed(self) -> None:
        for kind, form in self.forms.items():
            form.setVisible(kind is self.kind.value)
        self.object_lock.setVisible(self._can_lock)
        self._show_encryption()
        name, place, recipients = (
            self._name_problem(),
            self._place_problem(),
            self._bad_recipients(),
        )
        self.name_row.set_error(name if self.name.text() else "")
        self.form.first_row.set_error(place if self.form.is_begun() else "")
        self.test.setEnabled(not place)
        self.recipients_row.set_error(recipients)
        is_ready = not (name or place or recipients)
        self.yes.setEnabled(is_ready)
        self.say(self._sentence() if is_ready else self.tr("Give a name and a place."))

    def _show_encryption(self) -> None:
        is_on = self.encrypted.isChecked()
        self.recipients_row.setVisible(is_on)
        self.write_only.setVisible(is_on)
        if is_on:
            self.warning.clear()
        else:
            words = self.tr(
                "Whoever can read this storage can read every document in it: administrators,"
                " thieves of the disk, anyone with the bucket's keys. This cannot be changed later."
            )
            self.warning.show_message(BannerKind.ERROR, words)

    def _name_problem(self) -> str:
        try:
            name = checked_name(self.name.text())
        except InvalidProfileError as error:
            return text.sentence(error.message.replace("profile", "vault"))
        if name.casefold() in self._taken:
            return self.tr("Another vault has this name.")
        return ""

    def _place_problem(self) -> str:
        try:
            parse_vault_url(self.form.place().url())
        except InvalidVaultUrlError as error:
            return text.sentence(error.message)
        return ""

    def _bad_recipients(self) -> str:
        bad = [r for r in self._recipients() if not is_recipient(r.rpartition("=")[2].strip())]
        if not bad:
            is_nobody = self._is_write_only and not self._recipients()
            return self.tr("Name whoever shall be able to read.") if is_nobody else ""
        return self.tr("This is not an age recipient: {text}").format(text=bad[0][:40])

    def _sentence(self) -> str:
        if self.encrypted.isChecked():
            words = self.tr(
                "Make the vault {name} with keys of its own, which go to this computer's keyring."
            )
        else:
            words = self.tr("Make the vault {name}, not encrypted.")
        return words.format(name=self.name.text().strip())

    @Slot()
    def _on_test_clicked(self) -> None:
        self._test_number += 1
        number, draft, tell = self._test_number, self.answer().draft, self._relay.tell
        self.steps.clear()
        self.steps.show()
        self.outcome.clear()
        self.test.setEnabled(False)
        self._calls.run(
            self,
            lambda: self._services.vaults.test(draft, tell),
            lambda report: self._on_tested(number, report),
            lambda error: self._on_test_failed(number, error),
        )

    @Slot(str, str)
    def _on_step_reported(self, step: str, result: str) -> None:
        self.steps.show_step(step, result)

    def _on_tested(self, number: int, report: PlaceReport) -> None:
        if number != self._test_number:
            return
        self.test.setEnabled(True)
        words = self.tr("A vault can be made here.")
        if report.free_bytes is not None:
            words = self.tr("A vault can be made here; {size} are free.").format(
                size=text.size(report.free_bytes)
            )
        if report.keeping.sentence:
            words = f"{words} {self.tr('The storage says:')} {report.keeping.sentence}."
        self.outcome.show_message(BannerKind.GOOD, words)
        self.bring_into_view(self.outcome)

    def _on_test_failed(self, number: int, error: MangroveError) -> None:
        if number == self._test_number:
            self.test.setEnabled(True)
            self.steps.fail()
            self.outcome.show_error(error)
            self.bring_into_view(self.outcome)
