"""Asks for a place to store in: its kind, the fields of that kind, and a trial of it."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from mangrove.core.errors import InvalidVaultUrlError, MangroveError
from mangrove.core.ports.steps import StepListener
from mangrove.core.secret import Secret
from mangrove.core.vaults.object_lock import ObjectLock
from mangrove.core.vaults.url import StorageKind, parse_vault_url
from mangrove.core.vaults.vault import PlaceReport
from mangrove.ui import text
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.step_relay import StepRelay
from mangrove.ui.dialogs.vaults.object_lock_part import ObjectLockPart
from mangrove.ui.dialogs.vaults.vault_fields import VaultPlace
from mangrove.ui.dialogs.vaults.vault_places import PlaceForm
from mangrove.ui.theme.style import set_icon
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.banner import Banner, BannerKind
from mangrove.ui.widgets.fields.choice_list import ChoiceList, Option
from mangrove.ui.widgets.step_list import StepList

Try = Callable[[StepListener], PlaceReport]


class PlacePart(QWidget):
    """A kind of place with its fields; the trial's button is laid out by the dialog.

    Signals:
        changed(): Something is different now.
        outcome_shown(): A trial ended, and what it found is shown.
    """

    changed = Signal()
    outcome_shown = Signal()

    def __init__(self, calls: Calls, trial: Callable[[], Try]) -> None:
        super().__init__()
        self._calls, self._trial = calls, trial
        self._test_number = 0
        self._relay = StepRelay(self)
        self.kind = ChoiceList(self._kinds())
        self.forms = {kind: PlaceForm(kind) for kind in StorageKind}
        self.object_lock = ObjectLockPart()
        self.steps, self.outcome = StepList(), Banner()
        self.test = QPushButton(self.tr("&Test this place"))
        set_icon(self.test, "plug")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.M)
        column.addWidget(self.kind)
        for form in self.forms.values():
            column.addWidget(form)
            form.changed.connect(self._on_changed)
        for part in (self.object_lock, self.steps, self.outcome):
            column.addWidget(part)
        self.steps.hide()
        self.kind.chosen.connect(self._on_changed)
        self.test.clicked.connect(self._on_test_clicked)
        self._relay.step_reported.connect(
            self._on_step_reported, Qt.ConnectionType.QueuedConnection
        )
        self._on_changed()

    @property
    def form(self) -> PlaceForm:
        """The fields of the chosen kind."""
        return self.forms[self.kind.value]

    def place(self) -> VaultPlace:
        """Return the place as the fields stand."""
        return self.form.place()

    def access_key(self) -> str:
        """Return the name of the key, where the kind has one."""
        return self.form.access_key()

    def secret(self) -> Secret | None:
        """Return what was typed to open the storage."""
        return self.form.secret()

    def lock(self) -> ObjectLock | None:
        """Return what is asked of a bucket."""
        return self.object_lock.value() if self._can_lock else None

    def show_again(
        self, place: VaultPlace, access_key: str, secret: Secret | None, lock: ObjectLock | None
    ) -> None:
        """Put in what was typed before."""
        self.kind.choose(place.kind)
        self.form.show_place(place)
        self.form.show_secret(access_key, secret)
        self.object_lock.show_value(lock)

    def problem(self) -> str:
        """Say what is wrong with the place; "" when nothing is."""
        try:
            parse_vault_url(self.place().url())
        except InvalidVaultUrlError as error:
            return text.sentence(error.message)
        return ""

    @property
    def _can_lock(self) -> bool:
        return self.kind.value is StorageKind.S3

    @Slot()
    def _on_changed(self) -> None:
        for kind, form in self.forms.items():
            form.setVisible(kind is self.kind.value)
        self.object_lock.setVisible(self._can_lock)
        problem = self.problem()
        self.form.first_row.set_error(problem if self.form.is_begun() else "")
        self.test.setEnabled(not problem)
        self.changed.emit()

    @Slot()
    def _on_test_clicked(self) -> None:
        self._test_number += 1
        number, trial, tell = self._test_number, self._trial(), self._relay.tell
        self.steps.clear()
        self.steps.show()
        self.outcome.clear()
        self.test.setEnabled(False)
        self._calls.run(
            self,
            lambda: trial(tell),
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
        words = self.tr("This place can be used.")
        if report.free_bytes is not None:
            words = self.tr("This place can be used; {size} are free.").format(
                size=text.size(report.free_bytes)
            )
        if report.keeping.sentence:
            words = f"{words} {self.tr('The storage says:')} {report.keeping.sentence}."
        self.outcome.show_message(BannerKind.GOOD, words)
        self.outcome_shown.emit()

    def _on_test_failed(self, number: int, error: MangroveError) -> None:
        if number == self._test_number:
            self.test.setEnabled(True)
            self.steps.fail()
            self.outcome.show_error(error)
            self.outcome_shown.emit()

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
