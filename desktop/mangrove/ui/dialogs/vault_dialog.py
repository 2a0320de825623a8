"""Asks where backups shall be kept, and who may open them."""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QWidget,
)

from mangrove.core.errors import InvalidProfileError, InvalidVaultUrlError, MangroveError
from mangrove.core.profile import checked_name
from mangrove.core.vault import StorageKind, parse_vault_url
from mangrove.services.bundle import Services
from mangrove.services.vaults import VaultDraft
from mangrove.ui import text
from mangrove.ui.dialogs.question_dialog import QuestionDialog
from mangrove.ui.dialogs.vault_choice import CompressionBox
from mangrove.ui.dialogs.vault_fields import VaultPlace, is_recipient, recipients_in
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.banner import Banner, BannerKind
from mangrove.ui.widgets.choice_list import ChoiceList, Option
from mangrove.ui.widgets.form import FormRow
from mangrove.ui.widgets.labels import SectionTitle
from mangrove.ui.widgets.password_field import PasswordField


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
    """A folder or a bucket; encrypted unless somebody turns it off, which is said plainly."""

    def __init__(
        self, parent: QWidget | None, services: Services, start: VaultStart | None = None
    ) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Add a vault"))
        self.yes.setText(self.tr("Add vault"))
        self._taken = frozenset(v.name.casefold() for v in services.vaults.all())
        self.name = QLineEdit()
        self.banner, self.warning = Banner(), Banner()
        self.kind = ChoiceList(
            (
                Option(
                    StorageKind.FOLDER,
                    self.tr("A &folder"),
                    self.tr("On this computer, an external disk, or a mounted network drive."),
                ),
                Option(
                    StorageKind.S3,
                    self.tr("An S3-compatible &bucket"),
                    self.tr("Amazon S3, MinIO, Ceph, Backblaze B2, Wasabi and the like."),
                ),
            )
        )
        self.folder, self.bucket = _FolderField(), _BucketFields()
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
        cls, parent: QWidget | None, services: Services, start: VaultStart | None = None
    ) -> VaultAnswer | None:
        """Ask, and return the answer; None when the person left."""
        dialog = cls(parent, services, start)
        accepted = dialog.exec() == QDialog.DialogCode.Accepted
        answer = dialog.answer() if accepted else None
        dialog.deleteLater()
        return answer

    def answer(self) -> VaultAnswer:
        """Return the draft as the fields stand."""
        is_bucket = self.kind.value is StorageKind.S3
        draft = VaultDraft(
            name=self.name.text().strip(),
            url=self._place().url(),
            encrypted=self.encrypted.isChecked(),
            compression=self.compression.currentData(),
            extra_recipients=self._recipients(),
            access_key=self.bucket.access_key.text().strip() if is_bucket else "",
            write_only=self._is_write_only,
            secret_key=self.bucket.secret_key.secret() if is_bucket else None,
        )
        return VaultAnswer(self._place(), draft)

    def _place(self) -> VaultPlace:
        return VaultPlace(
            kind=self.kind.value,
            folder=self.folder.line.text(),
            bucket=self.bucket.bucket.text(),
            prefix=self.bucket.prefix.text(),
            endpoint=self.bucket.endpoint.text(),
            region=self.bucket.region.text(),
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
        self.folder.line.setText(start.place.folder)
        self.bucket.fill(start.place, draft)
        self.encrypted.setChecked(draft.encrypted)
        self.compression.setCurrentIndex(self.compression.findData(draft.compression))
        self.recipients.setPlainText("\n".join(draft.extra_recipients))
        self.write_only.setChecked(draft.write_only)
        self.banner.show_error(start.problem)

    def _lay_out_parts(self) -> None:
        self.warning.keep_open()
        self.name_row = FormRow(self.tr("&Name"), self.name)
        self.folder_row = FormRow(
            self.tr("Folder &path"), self.folder, self.tr("It is made if it does not exist.")
        )
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
        self.body.addWidget(self.folder_row)
        self.body.addWidget(self.bucket)
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
        self.folder.line.textChanged.connect(self._on_changed)
        self.bucket.changed.connect(self._on_changed)
        self.encrypted.toggled.connect(self._on_changed)
        self.recipients.textChanged.connect(self._on_changed)
        self.write_only.toggled.connect(self._on_changed)

    @Slot()
    def _on_changed(self) -> None:
        is_bucket = self.kind.value is StorageKind.S3
        self.folder_row.setVisible(not is_bucket)
        self.bucket.setVisible(is_bucket)
        self._show_encryption()
        name, place, recipients = (
            self._name_problem(),
            self._place_problem(),
            self._bad_recipients(),
        )
        self.name_row.set_error(name if self.name.text() else "")
        self.folder_row.set_error(place if self.folder.line.text() and not is_bucket else "")
        self.bucket.bucket_row.set_error(place if self.bucket.bucket.text() and is_bucket else "")
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
            parse_vault_url(self._place().url())
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


class _FolderField(QWidget):
    """A folder that can be typed or chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.line = QLineEdit()
        self.line.setPlaceholderText("/srv/backups/mongo")
        self.line.setAccessibleName(self.tr("Folder"))
        self.button = QPushButton(self.tr("Br&owse…"))
        self.button.setAutoDefault(False)
        self.setFocusProxy(self.line)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.S)
        row.addWidget(self.line, 1)
        row.addWidget(self.button)
        self.button.clicked.connect(self._on_button_clicked)

    @Slot()
    def _on_button_clicked(self) -> None:
        title = self.tr("Folder of the vault")
        path = QFileDialog.getExistingDirectory(self, title, self.line.text())
        if path:
            self.line.setText(path)


class _BucketFields(QWidget):
    """What leads to a bucket.

    Signals:
        changed(): A field is different now.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.bucket, self.prefix = QLineEdit(), QLineEdit()
        self.endpoint, self.region, self.access_key = QLineEdit(), QLineEdit(), QLineEdit()
        self.secret_key = PasswordField()
        self.prefix.setPlaceholderText("mangrove")
        self.endpoint.setPlaceholderText("https://s3.example.net")
        self.region.setPlaceholderText("eu-central-1")
        self.bucket_row = FormRow(self.tr("B&ucket"), self.bucket)
        rows = (
            (self.bucket_row, FormRow(self.tr("Folder in it"), self.prefix)),
            (
                FormRow(self.tr("En&dpoint"), self.endpoint, self.tr("Empty for Amazon S3.")),
                FormRow(self.tr("&Region"), self.region),
            ),
            (
                FormRow(self.tr("&Access key"), self.access_key),
                FormRow(
                    self.tr("&Secret key"),
                    self.secret_key,
                    self.tr("Goes to the keyring and nowhere else."),
                ),
            ),
        )
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(Space.M)
        grid.setVerticalSpacing(Space.S + Space.HALF)
        for line, pair in enumerate(rows):
            for column, row in enumerate(pair):
                grid.addWidget(row, line, column, Qt.AlignmentFlag.AlignTop)
                grid.setColumnStretch(column, 1)
        for part in (self.bucket, self.prefix, self.endpoint, self.region, self.access_key):
            part.textChanged.connect(self.changed)
        self.secret_key.textChanged.connect(self.changed)

    def fill(self, place: VaultPlace, draft: VaultDraft) -> None:
        """Put in what was typed before."""
        self.bucket.setText(place.bucket)
        self.prefix.setText(place.prefix)
        self.endpoint.setText(place.endpoint)
        self.region.setText(place.region)
        self.access_key.setText(draft.access_key)
        if draft.secret_key is not None:
            self.secret_key.setText(draft.secret_key.reveal())
