"""Asks for what recovery kits need: where to write one, its code, and which one to open."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QFileDialog, QLineEdit, QWidget

from mangrove.core.errors import InvalidKeyError, InvalidVaultUrlError, MangroveError
from mangrove.core.secret import Secret
from mangrove.core.vaults.kit import check_passphrase
from mangrove.core.vaults.url import parse_vault_url
from mangrove.core.vaults.vault import VaultSpec
from mangrove.ui import text
from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.banner import Banner
from mangrove.ui.widgets.fields.form import FormRow
from mangrove.ui.widgets.fields.password_field import PasswordField
from mangrove.ui.widgets.fields.path_field import Browse, PathField
from mangrove.ui.widgets.labels import SectionTitle, TextLabel


@dataclass(frozen=True, slots=True)
class KitWish:
    """Where a kit shall be written, and what seals it."""

    target: str
    passphrase: Secret
    with_storage_key: bool


@dataclass(frozen=True, slots=True)
class KitToOpen:
    """Which kit shall be opened, and what has changed since it was made.

    Attributes:
        url, name: "" for those in the kit.
    """

    path: str
    passphrase: Secret
    url: str = ""
    name: str = ""
    storage_key: Secret | None = None


class MakeKitDialog(QuestionDialog):
    """Where to write the sheet and the sealed file, and the passphrase of the latter."""

    def __init__(
        self, parent: QWidget | None, spec: VaultSpec, problem: MangroveError | None = None
    ) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Make a recovery kit"))
        self.yes.setText(self.tr("&Make kit"))
        self.banner = Banner()
        self.path = PathField(
            self.tr("File"), (Browse(self.tr("Br&owse…"), self._picked),), "mangrove-kit"
        )
        self.passphrase, self.again = PasswordField(), PasswordField()
        self.storage_key = QCheckBox(self.tr("Also put the storage's secret &key into it"))
        self._name = spec.name
        self._lay_out_kit(spec)
        self.path.line.setText(str(Path.home() / f"mangrove-kit-{spec.name.replace('/', '-')}"))
        if problem is not None:
            self.banner.show_error(problem)
        for field in (self.path.line, self.passphrase, self.again):
            field.textChanged.connect(self._on_changed)
        self._on_changed()

    @classmethod
    def ask(
        cls, parent: QWidget | None, spec: VaultSpec, problem: MangroveError | None = None
    ) -> KitWish | None:
        """Ask, and return the wish; None when the person left."""
        dialog = cls(parent, spec, problem)
        return asked(dialog, dialog.answer)

    def answer(self) -> KitWish:
        """Return the wish as the fields stand."""
        passphrase = self.passphrase.secret() or Secret("")
        return KitWish(self.path.path, passphrase, self.storage_key.isChecked())

    def _lay_out_kit(self, spec: VaultSpec) -> None:
        self.body.addWidget(self.banner)
        words = self.tr(
            "Two files are written: a PDF to print, which holds the key in the clear, and a sealed"
            " file, which brings everything back on another computer: the vault, its catalog, and"
            " the deployments without their passwords."
        )
        self.body.addWidget(TextLabel(words).wrapping())
        hint = self.tr(
            "Two files are written there: one that ends in .pdf, to print, and one in .age, sealed."
            " Nothing existing is touched."
        )
        self.path_row = FormRow(self.tr("Write &to"), self.path, hint)
        self.passphrase_row = FormRow(
            self.tr("&Passphrase of the sealed file"),
            self.passphrase,
            self.tr("Four or five random words. It is kept nowhere: write it down apart."),
        )
        self.again_row = FormRow(self.tr("The same &again"), self.again)
        for row in (self.path_row, self.passphrase_row, self.again_row):
            self.body.addWidget(row)
        self.storage_key.setVisible(bool(spec.access_key))
        self.body.addWidget(self.storage_key)
        self.body.addStretch()
        self.take_room(Size.DIALOG_WIDTH, Size.DIALOG_HEIGHT)

    def _picked(self, start: str) -> str:
        title = self.tr("Where to write the recovery kit")
        return QFileDialog.getSaveFileName(self, title, start)[0]

    @Slot()
    def _on_changed(self) -> None:
        weak = _weakness(self.passphrase.text())
        differs = self.again.text() != self.passphrase.text()
        self.passphrase_row.set_error(weak if self.passphrase.text() else "")
        self.again_row.set_error(
            self.tr("This is not the same.") if self.again.text() and differs else ""
        )
        is_ready = bool(self.path.path) and not weak and not differs
        self.yes.setEnabled(is_ready)
        words = self.tr("Make a recovery kit of {vault}; print the PDF and delete it then.")
        missing = self.tr("Choose a file, and type a passphrase twice.")
        self.say(words.format(vault=self._name) if is_ready else missing)


class ConfirmKitDialog(QuestionDialog):
    """Asks for the code that is printed on the kit: only who holds it can type it."""

    def __init__(
        self, parent: QWidget | None, spec: VaultSpec, problem: MangroveError | None = None
    ) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Confirm the recovery kit"))
        self.yes.setText(self.tr("&Confirm"))
        self.code = QLineEdit()
        self.code.setPlaceholderText("XXXX-XXXX-XXXX")
        self.banner = Banner()
        self.body.addWidget(self.banner)
        words = self.tr(
            "Is the sheet printed and put away, and the sealed file on another computer or disk?"
            " Then type the code from the top of the sheet."
        )
        self.body.addWidget(TextLabel(words).wrapping())
        self.body.addWidget(FormRow(self.tr("C&ode on the sheet"), self.code))
        self.body.addStretch()
        self.take_room(Size.DIALOG_WIDTH * 3 // 4, Size.DIALOG_HEIGHT // 2)
        self._name = spec.name
        if problem is not None:
            self.banner.show_error(problem)
        self.code.textChanged.connect(self._on_changed)
        self._on_changed()

    @classmethod
    def ask(
        cls, parent: QWidget | None, spec: VaultSpec, problem: MangroveError | None = None
    ) -> str | None:
        """Ask, and return the code; None when the person left."""
        dialog = cls(parent, spec, problem)
        return asked(dialog, dialog.code.text)

    @Slot()
    def _on_changed(self) -> None:
        is_ready = bool(self.code.text().strip())
        self.yes.setEnabled(is_ready)
        words = self.tr("The recovery kit of {vault} is stored.")
        self.say(words.format(vault=self._name) if is_ready else self.tr("Type the code."))


class OpenKitDialog(QuestionDialog):
    """Which kit, its passphrase, and what has changed since it was made."""

    def __init__(
        self,
        parent: QWidget | None,
        start: KitToOpen | None = None,
        problem: MangroveError | None = None,
    ) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Open a vault from its recovery kit"))
        self.yes.setText(self.tr("Open &vault"))
        self.banner = Banner()
        self.path = PathField(
            self.tr("Kit"), (Browse(self.tr("Br&owse…"), self._picked),), "mangrove-kit.age"
        )
        self.passphrase, self.storage_key = PasswordField(), PasswordField()
        self.url, self.name = QLineEdit(), QLineEdit()
        self._lay_out_kit()
        if start is not None:
            self._fill(start)
        if problem is not None:
            self.banner.show_error(problem)
        for field in (self.path.line, self.passphrase, self.url):
            field.textChanged.connect(self._on_changed)
        self._on_changed()

    @classmethod
    def ask(
        cls,
        parent: QWidget | None,
        start: KitToOpen | None = None,
        problem: MangroveError | None = None,
    ) -> KitToOpen | None:
        """Ask, and return the answer; None when the person left."""
        dialog = cls(parent, start, problem)
        return asked(dialog, dialog.answer)

    def answer(self) -> KitToOpen:
        """Return the answer as the fields stand."""
        return KitToOpen(
            self.path.path,
            self.passphrase.secret() or Secret(""),
            self.url.text().strip(),
            self.name.text().strip(),
            self.storage_key.secret(),
        )

    def _lay_out_kit(self) -> None:
        self.url.setPlaceholderText("file:///mnt/backups")
        self.body.addWidget(self.banner)
        self.body.addWidget(
            FormRow(self.tr("&Kit"), self.path, self.tr("The file that ends in .age, not the PDF."))
        )
        self.body.addWidget(FormRow(self.tr("&Passphrase"), self.passphrase))
        self.body.addWidget(SectionTitle(self.tr("If something has changed")))
        self.url_row = FormRow(
            self.tr("Where the vault is &now"), self.url, self.tr("Empty for where it was.")
        )
        self.body.addWidget(self.url_row)
        self.body.addWidget(
            FormRow(self.tr("What to &call it here"), self.name, self.tr("Empty for its old name."))
        )
        self.body.addWidget(
            FormRow(
                self.tr("&Secret key of the storage"),
                self.storage_key,
                self.tr("Only if the storage asks for one and the kit does not hold it."),
            )
        )
        self.body.addStretch()
        self.take_room(Size.DIALOG_WIDTH, Size.DIALOG_HEIGHT + Space.XXL)

    def _fill(self, start: KitToOpen) -> None:
        self.path.line.setText(start.path)
        self.passphrase.setText(start.passphrase.reveal())
        self.url.setText(start.url)
        self.name.setText(start.name)
        if start.storage_key is not None:
            self.storage_key.setText(start.storage_key.reveal())

    def _picked(self, start: str) -> str:
        title, kinds = self.tr("Recovery kit"), self.tr("Recovery kits (*.age);;All files (*)")
        return QFileDialog.getOpenFileName(self, title, start, kinds)[0]

    @Slot()
    def _on_changed(self) -> None:
        bad_url = ""
        if self.url.text().strip():
            try:
                parse_vault_url(self.url.text())
            except InvalidVaultUrlError as error:
                bad_url = text.sentence(error.message)
        self.url_row.set_error(bad_url)
        is_ready = bool(self.path.path and self.passphrase.text() and not bad_url)
        self.yes.setEnabled(is_ready)
        ready = self.tr("Bring back the vault, its catalog, and the deployments.")
        self.say(ready if is_ready else self.tr("Choose the kit and type its passphrase."))


def _weakness(passphrase: str) -> str:
    try:
        check_passphrase(Secret(passphrase))
    except InvalidKeyError as error:
        return text.sentence(error.message.partition(";")[0])
    return ""
