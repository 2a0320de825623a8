"""Asks where a snapshot's files shall go: into a vault, or into a folder."""

from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from mangrove.core.snapshots.snapshot import Snapshot
from mangrove.services.bundle import Services
from mangrove.ui import text
from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.dialogs.vault_choice import PlainVaultWarning, VaultBox
from mangrove.ui.theme.tokens import Size
from mangrove.ui.widgets.fields.form import Form
from mangrove.ui.widgets.fields.path_field import Browse, PathField


class CopySnapshotDialog(QuestionDialog):
    """One vault."""

    def __init__(self, parent: QWidget | None, services: Services, snapshot: Snapshot) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Copy a snapshot to a vault"))
        self.yes.setText(self.tr("&Copy to vault"))
        self._snapshot = snapshot
        self.vault, self.warning = VaultBox(services.vaults.all()), PlainVaultWarning()
        form = Form()
        form.add_row(
            self.tr("&Vault"),
            self.vault,
            self.tr("The server's files, encrypted, as a physical backup. An interrupted copy of"
                    " this snapshot is gone on with."),
        )  # fmt: skip
        self.body.addWidget(form)
        self.body.addWidget(self.warning)
        self.body.addStretch()
        self.vault.currentIndexChanged.connect(self._on_changed)
        self._on_changed()
        self.take_room(Size.DIALOG_WIDTH * 3 // 4, Size.DIALOG_HEIGHT // 2)

    @classmethod
    def ask(cls, parent: QWidget | None, services: Services, snapshot: Snapshot) -> str | None:
        """Ask, and return the vault's name; None when the person left."""
        dialog = cls(parent, services, snapshot)
        return asked(dialog, dialog.vault.currentText)

    @Slot()
    def _on_changed(self) -> None:
        spec = self.vault.spec
        self.warning.show_for(spec)
        self.yes.setEnabled(spec is not None)
        if spec is None:
            self.say(self.tr("There is no vault yet. Add one under Vaults."), is_error=True)
            return
        self.say(
            self.tr("Read {size} from the snapshot and keep it in {vault}.").format(
                size=text.size(self._snapshot.used_bytes), vault=spec.name
            )
        )


class RestoreSnapshotDialog(QuestionDialog):
    """One folder, empty or not there yet."""

    def __init__(self, parent: QWidget | None, what: str, size_bytes: int) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Restore files to a folder"))
        self.yes.setText(self.tr("&Restore files"))
        self._what, self._size_bytes = what, size_bytes
        browse = Browse(self.tr("&Browse…"), self._picked)
        self.folder = PathField(self.tr("Folder"), (browse,), self.tr("an empty or new folder"))
        form = Form()
        form.add_row(
            self.tr("&Folder"),
            self.folder,
            self.tr("A guide is put beside the files: how a server is made of them, step by step."),
        )
        self.body.addWidget(form)
        self.body.addStretch()
        self.folder.path_changed.connect(self._on_changed)
        self._on_changed()
        self.take_room(Size.DIALOG_WIDTH * 3 // 4, Size.DIALOG_HEIGHT // 2)

    @classmethod
    def ask(cls, parent: QWidget | None, what: str, size_bytes: int) -> str | None:
        """Ask, and return the folder; None when the person left."""
        dialog = cls(parent, what, size_bytes)
        return asked(dialog, lambda: dialog.folder.path)

    def _picked(self, begin: str) -> str:
        return QFileDialog.getExistingDirectory(self, self.tr("Folder"), begin or str(Path.home()))

    @Slot()
    def _on_changed(self) -> None:
        self.yes.setEnabled(bool(self.folder.path))
        if not self.folder.path:
            self.say(self.tr("Name a folder that is empty or not there yet."))
            return
        self.say(
            self.tr("Write {size} to {folder}. No deployment is touched.").format(
                size=text.size(self._size_bytes), folder=self.folder.path
            )
        )
