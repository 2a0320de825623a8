"""Shows a vault's keys, and asks for one change to them."""

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from mangrove.core.secret import Secret
from mangrove.core.vaults.key_changes import Holder, holders
from mangrove.core.vaults.vault import VaultSpec
from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.dialogs.vaults.vault_fields import is_recipient
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.fields.choice_list import ChoiceList, Option
from mangrove.ui.widgets.fields.form import FormRow
from mangrove.ui.widgets.fields.password_field import PasswordField
from mangrove.ui.widgets.key_value_grid import KeyValueGrid

_KEY_SHOWN = 16


class KeyChange(StrEnum):
    """What can be done to a vault's keys."""

    ADD = "add"
    REMOVE = "remove"
    REWRAP = "rewrap"
    ROTATE = "rotate"
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class KeyWish:
    """One change.

    Attributes:
        holder: Who is added or removed.
        identity: The key to import.
    """

    change: KeyChange
    holder: Holder = Holder("")  # noqa: RUF009 - a frozen value
    identity: Secret | None = None


class KeysDialog(QuestionDialog):
    """Who can open the vault and which key signs; below that, one change."""

    def __init__(self, parent: QWidget | None, spec: VaultSpec) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Keys of {vault}").format(vault=spec.name))
        self._spec = spec
        self.facts = KeyValueGrid()
        self.change = ChoiceList(self._changes())
        self.recipient, self.name = QLineEdit(), QLineEdit()
        self.who = ChoiceBox()
        self.identity = PasswordField()
        self._lay_out_keys()
        self.change.chosen.connect(self._on_changed)
        for field in (self.recipient, self.name, self.identity):
            field.textChanged.connect(self._on_changed)
        self.who.currentIndexChanged.connect(self._on_changed)
        self._on_changed()

    @classmethod
    def ask(cls, parent: QWidget | None, spec: VaultSpec) -> KeyWish | None:
        """Ask, and return the wish; None when the person left."""
        dialog = cls(parent, spec)
        return asked(dialog, dialog.answer)

    def answer(self) -> KeyWish:
        """Return the wish as the fields stand."""
        match self.change.value:
            case KeyChange.ADD:
                holder = Holder(self.recipient.text().strip(), self.name.text().strip())
                return KeyWish(KeyChange.ADD, holder)
            case KeyChange.REMOVE:
                return KeyWish(KeyChange.REMOVE, self.who.currentData())
            case KeyChange.IMPORT:
                return KeyWish(KeyChange.IMPORT, identity=self.identity.secret())
            case change:
                return KeyWish(change)

    def _changes(self) -> tuple[Option[KeyChange], ...]:
        rotate = Option(
            KeyChange.ROTATE,
            self.tr("&Sign with a new key"),
            self.tr("What the present key signed so far stays genuine. Make a new kit afterwards."),
        )
        if not self._spec.is_encrypted:
            return (rotate,)
        return (
            Option(
                KeyChange.ADD,
                self.tr("&Let somebody open future backups"),
                self.tr("A colleague, or a key that lies offline."),
            ),
            Option(
                KeyChange.REMOVE,
                self.tr("&Keep somebody from future backups"),
                self.tr("What that key can open already, it can open for good."),
            ),
            Option(
                KeyChange.REWRAP,
                self.tr("Give stored backups to the &present recipients"),
                self.tr("Their encrypted content stays as it is; only who can open it changes."),
            ),
            rotate,
            Option(
                KeyChange.IMPORT,
                self.tr("&Read the vault on this computer"),
                self.tr("With a key that somebody gives you."),
            ),
        )

    def _lay_out_keys(self) -> None:
        spec = self._spec
        rows: list[tuple[str, str] | tuple[str, str, str]] = [
            (h.name or self.tr("Opens with"), _short(h.recipient), h.recipient)
            for h in holders(spec)
        ]
        rows.append((self.tr("Signed with"), _short(spec.public_key), spec.public_key))
        words = self.tr("{key}, up to backup number {number}")
        rows += [
            (
                self.tr("Signed before"),
                words.format(key=_short(key.public_key), number=key.last_sequence),
                key.public_key,
            )
            for key in reversed(spec.retired_keys)
        ]
        self.facts.set_rows(rows)
        self.recipient.setPlaceholderText("age1…")
        self.name.setPlaceholderText(self.tr("Ana, offline key"))
        self.identity.setPlaceholderText("AGE-SECRET-KEY-1…")
        for holder in holders(spec):
            self.who.addItem(holder.shown, holder)
        self.recipient_row = FormRow(self.tr("Their age recipi&ent"), self.recipient)
        self.name_row = FormRow(self.tr("&Whose it is"), self.name)
        self.who_row = FormRow(self.tr("&Who"), self.who)
        self.identity_row = FormRow(
            self.tr("The ke&y"), self.identity, self.tr("Goes to the keyring and nowhere else.")
        )
        self.body.addWidget(self.facts)
        self.add_section(self.tr("Change"), self.change)
        for row in (self.recipient_row, self.name_row, self.who_row, self.identity_row):
            self.body.addWidget(row)
        self.body.addStretch()
        self.take_room(Size.DIALOG_WIDTH, Size.DIALOG_HEIGHT + Space.XXL * 2)

    @Slot()
    def _on_changed(self) -> None:
        change = self.change.value
        self.recipient_row.setVisible(change is KeyChange.ADD)
        self.name_row.setVisible(change is KeyChange.ADD)
        self.who_row.setVisible(change is KeyChange.REMOVE)
        self.identity_row.setVisible(change is KeyChange.IMPORT)
        verb, sentence, is_ready = self._verdict(change)
        typed = self.recipient.text().strip()
        is_wrong = bool(typed) and change is KeyChange.ADD and not is_recipient(typed)
        self.recipient_row.set_error(self.tr("This is not an age recipient.") if is_wrong else "")
        self.yes.setText(verb)
        self.yes.setEnabled(is_ready)
        self.say(sentence)

    def _verdict(self, change: KeyChange) -> tuple[str, str, bool]:
        """Return the button's verb, what will happen, and whether the answer is whole."""
        match change:
            case KeyChange.ADD:
                return (
                    self.tr("Add recipient"),
                    self.tr("Backups from now on open with this key, too."),
                    is_recipient(self.recipient.text().strip()),
                )
            case KeyChange.REMOVE:
                is_last = len(self._spec.recipients) == 1
                only = self.tr("This is the only recipient: add another one first.")
                gone = self.tr("Backups from now on do not open with this key.")
                return self.tr("Remove recipient"), only if is_last else gone, not is_last
            case KeyChange.REWRAP:
                words = self.tr("Every stored backup is written again, with progress.")
                return self.tr("Re-wrap backups"), words, True
            case KeyChange.ROTATE:
                words = self.tr("Make a new signing key; the recovery kit is outdated then.")
                return self.tr("Change signing key"), words, True
            case KeyChange.IMPORT:
                words = self.tr("Keep this key in the keyring and read the vault here.")
                return self.tr("Add key"), words, bool(self.identity.text())


def _short(key: str) -> str:
    """Return the beginning of a key, which is enough to tell it; the tip has all of it."""
    return f"{key[:_KEY_SHOWN]}…"
