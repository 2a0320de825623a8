"""Asks what of another tool's dump goes where, without importing it first."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from mangrove.core.copy import DumpRestoreRequest
from mangrove.core.restores.plan import RestorePlan
from mangrove.core.shell_command import shell_command
from mangrove.services.bundle import Services
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.dump_part import DumpPart
from mangrove.ui.dialogs.plan_dialog import PlanDialog
from mangrove.ui.dialogs.question_dialog import asked
from mangrove.ui.dialogs.restore_choice import RestoreChoice
from mangrove.ui.dialogs.restore_parts import ReplacePart
from mangrove.ui.dialogs.what_part import WhatPart
from mangrove.ui.models.contents_model import rows_of_manifest
from mangrove.ui.models.namespace_rows import TreeColumn

_COLUMNS = (TreeColumn.NAME, TreeColumn.SIZE, TreeColumn.INDEXES, TreeColumn.KIND)


class RestoreDumpDialog(PlanDialog[DumpRestoreRequest]):
    """A dump in files as the source; its contents show once somebody looked into it."""

    def __init__(self, parent: QWidget | None, services: Services, calls: Calls) -> None:
        vaults = [spec.name for spec in services.vaults.all()]
        super().__init__(parent, services, calls, WhatPart(_COLUMNS), ReplacePart(vaults))
        self.setWindowTitle(self.tr("Restore a dump"))
        self.dump = DumpPart(services.dumps, calls)
        self.accounts.hide()
        self.fill_targets(lambda _profile: False)
        self.begin(self.dump)
        self.what.hide()  # nothing to choose from yet
        self.dump.changed.connect(self._on_dump_changed)

    @classmethod
    def ask(
        cls, parent: QWidget | None, services: Services, calls: Calls
    ) -> DumpRestoreRequest | None:
        """Ask, and return the request; None when the person left."""
        dialog = cls(parent, services, calls)
        return asked(dialog, dialog.answer)

    @override
    def answer(self) -> DumpRestoreRequest:
        return DumpRestoreRequest(
            path=self.dump.path,
            restore=self.choice().request(),
            database=self.dump.database,
            safety_vault=self.replace.vault_name,
        )

    @override
    def plan(self, request: DumpRestoreRequest) -> RestorePlan:
        return self._services.copies.preview_dump(request)

    @override
    def official(self, request: DumpRestoreRequest) -> str:
        return self._services.copies.official_of_dump(request).text

    @override
    def index_commands(self, request: DumpRestoreRequest) -> str:
        return "\n".join(map(shell_command, self._services.copies.index_commands_of_dump(request)))

    @override
    def what_is_missing(self, choice: RestoreChoice) -> str:
        if choice.profile and not self.dump.path:
            return self.tr("Choose the dump to restore.")
        if choice.profile and self.dump.problem:
            return self.tr("Choose another path.")
        if choice.profile and self.dump.found is None:
            return self.tr("The dump's contents are being read.")
        return super().what_is_missing(choice)

    @Slot()
    def _on_dump_changed(self) -> None:
        found = self.dump.found
        self.accounts.setVisible(found is not None and found.users_and_roles is not None)
        self.what.model.set_rows(rows_of_manifest(found) if found is not None else ())
        self.what.setVisible(found is not None)
