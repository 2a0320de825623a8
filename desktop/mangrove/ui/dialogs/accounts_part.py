"""The part of a dialog that asks whether users and roles go along; nobody gets them unasked."""

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from mangrove.core.accounts import Account, AccountsPlan, PlainCredentials, UsersAndRoles
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.labels import TextLabel

_SHOWN = 12


class AccountsPart(QWidget):
    """A tick with a sentence, off by default; a second one where hashes would lie open.

    Signals:
        changed(): Something was ticked or taken back.
    """

    changed = Signal()

    def __init__(self, sentence: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.wanted = QCheckBox(self.tr("&Users and roles too"))
        self.plain = QCheckBox(self.tr("Store password &hashes in this vault unencrypted"))
        self.note = TextLabel(sentence, "small").wrapping()
        self.names = TextLabel("", "small").wrapping().selectable()
        for words in (self.note, self.names):
            words.setContentsMargins(Size.SMALL_ICON + Space.S + Space.HALF, 0, 0, 0)
        self.wanted.setAccessibleDescription(sentence)
        self._is_safe = True
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.HALF)
        for part in (self.wanted, self.note, self.plain, self.names):
            column.addWidget(part)
        self.plain.hide()
        self.names.hide()
        self.wanted.toggled.connect(self._on_toggled)
        self.plain.toggled.connect(self._on_toggled)

    def turn_to(self, *, is_encrypted: bool) -> None:
        """Ask for a second word where the chosen vault is not encrypted."""
        if self._is_safe != is_encrypted:
            self._is_safe = is_encrypted
            self.plain.setChecked(False)  # the word was said for another vault
        self._show()

    def show_plan(self, plan: AccountsPlan | None) -> None:
        """Name who would be added, and who is there already."""
        said = []
        if plan is not None and plan.added:
            said.append(self.tr("Added: {names}").format(names=_names(plan.added)))
        if plan is not None and plan.existing:
            said.append(self.tr("There already: {names}").format(names=_names(plan.existing)))
        self.names.setText("\n".join(said))
        self.names.setVisible(bool(said))

    @property
    def choice(self) -> UsersAndRoles:
        """Whether they go along."""
        is_wanted = self.wanted.isChecked() and not self.isHidden()
        return UsersAndRoles.INCLUDE if is_wanted else UsersAndRoles.LEAVE_OUT

    @property
    def plain_choice(self) -> PlainCredentials:
        """Whether their password hashes may lie open."""
        may = self.wanted.isChecked() and not self._is_safe and self.plain.isChecked()
        return PlainCredentials.ALLOW if may else PlainCredentials.REFUSE

    @property
    def lacks_word(self) -> bool:
        """Whether password hashes would lie open and nobody said yes to that."""
        is_wanted = self.choice is UsersAndRoles.INCLUDE
        return is_wanted and not self._is_safe and not self.plain.isChecked()

    def _show(self) -> None:
        self.plain.setVisible(self.wanted.isChecked() and not self._is_safe)

    @Slot()
    def _on_toggled(self) -> None:
        self._show()
        self.changed.emit()


def _names(accounts: Sequence[Account]) -> str:
    shown = ", ".join(map(str, accounts[:_SHOWN]))
    return shown if len(accounts) <= _SHOWN else f"{shown}, … ({len(accounts)})"
