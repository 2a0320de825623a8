"""Asks where backups shall be kept, and who may open them."""

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QLineEdit, QPlainTextEdit, QWidget

from mangrove.core.errors import InvalidProfileError, MangroveError
from mangrove.core.profile import checked_name
from mangrove.services.bundle import Services
from mangrove.services.vaults import VaultDraft
from mangrove.ui import text
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.dialogs.vault_choice import CompressionBox
from mangrove.ui.dialogs.vaults.place_part import PlacePart, Try
from mangrove.ui.dialogs.vaults.vault_fields import VaultPlace, is_recipient, recipients_in
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.banner import Banner, BannerKind
from mangrove.ui.widgets.fields.form import FormRow


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
        self._services = services
        self.setWindowTitle(self.tr("Add a vault"))
        self.yes.setText(self.tr("Add vault"))
        self._taken = frozenset(v.name.casefold() for v in services.vaults.all())
        self.name = QLineEdit()
        self.banner, self.warning = Banner(), Banner()
        self.where = PlacePart(calls, self._trial)
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
        return asked(dialog, dialog.answer)

    def answer(self) -> VaultAnswer:
        """Return the draft as the fields stand."""
        place = self.where.place()
        draft = VaultDraft(
            name=self.name.text().strip(),
            url=place.url(),
            encrypted=self.encrypted.isChecked(),
            compression=self.compression.currentData(),
            extra_recipients=self._recipients(),
            write_only=self._is_write_only,
            access_key=self.where.access_key(),
            secret_key=self.where.secret(),
            object_lock=self.where.lock(),
        )
        return VaultAnswer(place, draft)

    def _trial(self) -> Try:
        return partial(self._services.vaults.test, self.answer().draft)

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
        self.where.show_again(start.place, draft.access_key, draft.secret_key, draft.object_lock)
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
        self.add_section(self.tr("Where"), self.where)
        self.add_lower_button(self.where.test)
        self.add_section(self.tr("How"), self.encrypted)
        self.body.addWidget(self.warning)
        self.body.addWidget(self.recipients_row)
        self.body.addWidget(self.write_only)
        self.body.addWidget(FormRow(self.tr("&Compression"), self.compression))
        self.body.addStretch()
        self.take_room(Size.DIALOG_WIDTH, Size.DIALOG_HEIGHT + Space.XXL * 3)

    def _connect(self) -> None:
        self.name.textChanged.connect(self._on_changed)
        self.where.changed.connect(self._on_changed)
        self.where.outcome_shown.connect(self._on_outcome_shown)
        self.encrypted.toggled.connect(self._on_changed)
        self.recipients.textChanged.connect(self._on_changed)
        self.write_only.toggled.connect(self._on_changed)

    @Slot()
    def _on_changed(self) -> None:
        self._show_encryption()
        name, recipients = self._name_problem(), self._bad_recipients()
        self.name_row.set_error(name if self.name.text() else "")
        self.recipients_row.set_error(recipients)
        is_ready = not (name or self.where.problem() or recipients)
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
    def _on_outcome_shown(self) -> None:
        self.bring_into_view(self.where.outcome)
