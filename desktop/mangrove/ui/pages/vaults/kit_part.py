"""The part of a vault's card about its recovery kit: amber until somebody has stored it."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from mangrove.core.vaults.key_changes import kit_state
from mangrove.core.vaults.keys import KitState
from mangrove.core.vaults.vault import VaultSpec
from mangrove.ui.widgets.banner import Banner, BannerKind


class KitPart(Banner):
    """Says what is missing of the recovery kit, and offers the next step.

    Signals:
        make_wanted, confirm_wanted, keys_wanted: The vault's name.
    """

    make_wanted = Signal(str)
    confirm_wanted = Signal(str)
    keys_wanted = Signal(str)

    def __init__(self, spec: VaultSpec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._state = spec.name, kit_state(spec)
        self.make = QAction(self.tr("Make recovery &kit…"), self)
        self.confirm = QAction(self.tr("&Confirm kit…"), self)
        self.keys = QAction(self.tr("K&eys…"), self)
        self.confirm.setEnabled(self._state is KitState.UNCONFIRMED)
        self.keep_open()
        self.make.triggered.connect(self._on_make_triggered)
        self.confirm.triggered.connect(self._on_confirm_triggered)
        self.keys.triggered.connect(self._on_keys_triggered)
        self.action_triggered.connect(self._on_next_triggered)
        if words := self._words():
            is_made = self._state is KitState.UNCONFIRMED
            offer = self.tr("Confirm kit…") if is_made else self.tr("Make recovery kit…")
            self.show_message(BannerKind.WARNING, words, offer)

    @property
    def is_safe(self) -> bool:
        """Whether somebody said that the kit is stored."""
        return self._state.is_safe

    @property
    def offers(self) -> list[QAction]:
        """What the card's menu offers about keys."""
        return [self.make, self.confirm, self.keys]

    def _words(self) -> str:
        return {
            KitState.MISSING: self.tr(
                "There is no recovery kit: if this computer is lost, nothing opens these backups."
            ),
            KitState.UNCONFIRMED: self.tr(
                "The recovery kit was made, and nobody has said yet that it is stored."
            ),
            KitState.OUTDATED: self.tr(
                "The recovery kit is older than the vault's keys: make a new one."
            ),
            KitState.STORED: "",
        }[self._state]

    @Slot()
    def _on_make_triggered(self) -> None:
        self.make_wanted.emit(self._name)

    @Slot()
    def _on_confirm_triggered(self) -> None:
        self.confirm_wanted.emit(self._name)

    @Slot()
    def _on_keys_triggered(self) -> None:
        self.keys_wanted.emit(self._name)

    @Slot()
    def _on_next_triggered(self) -> None:
        if self._state is KitState.UNCONFIRMED:
            self.confirm_wanted.emit(self._name)
        else:
            self.make_wanted.emit(self._name)
