"""Asks what of a backup goes where."""

from dataclasses import replace

from PySide6.QtWidgets import QWidget
from typing_extensions import override

from mangrove.core.backup import RestoreRequest
from mangrove.core.backup_record import BackupRecord
from mangrove.core.errors import MangroveError
from mangrove.core.manifest import Manifest
from mangrove.core.pitr.moments import Moment
from mangrove.core.pitr.planning import base_of
from mangrove.core.restores.plan import RestorePlan
from mangrove.core.shell_command import shell_command
from mangrove.services.backups import BackupExplanation
from mangrove.services.bundle import Services
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.moment_part import MomentPart
from mangrove.ui.dialogs.plan_dialog import PlanDialog
from mangrove.ui.dialogs.question_dialog import asked
from mangrove.ui.dialogs.restore_choice import RestoreChoice
from mangrove.ui.dialogs.restore_parts import ReplacePart
from mangrove.ui.dialogs.what_part import WhatPart
from mangrove.ui.widgets.banner import BannerKind, LastingBanner


class RestoreDialog(PlanDialog[RestoreRequest]):
    """What of a backup, where and how.

    Args:
        parent: The window.
        services: What is asked.
        calls: Runs what blocks.
        record: The backup, or the base of the moment.
        moment: Filled in when the dialog is about a moment between backups.
    """

    def __init__(
        self,
        parent: QWidget | None,
        services: Services,
        calls: Calls,
        record: BackupRecord,
        moment: Moment | None = None,
    ) -> None:
        super().__init__(parent, services, calls, WhatPart(), ReplacePart())
        self.setWindowTitle(
            self.tr("Restore a moment") if moment is not None else self.tr("Restore a backup")
        )
        self._record = record
        self.moment = MomentPart(services.points, moment)
        self.moment.setVisible(moment is not None or base_of(record).is_eligible)
        self.filtered = LastingBanner()
        self.fill_targets(lambda profile: profile.slug == record.profile_slug)
        self.accounts.hide()
        self.what.wait(self.tr("The backup's contents are being read."))
        self._load_manifest()
        self.begin(self.filtered, self.moment)
        self.moment.changed.connect(self._on_changed)

    @classmethod
    def ask(
        cls,
        parent: QWidget | None,
        services: Services,
        calls: Calls,
        record: BackupRecord,
        moment: Moment | None = None,
    ) -> RestoreRequest | None:
        """Ask, and return the request; None when the person left."""
        dialog = cls(parent, services, calls, record, moment)
        return asked(dialog, dialog.answer)

    @override
    def choice(self) -> RestoreChoice:
        return replace(
            super().choice(),
            backup=self._record.backup,
            rewind_to=self.moment.moment.limit if self.moment.moment else None,
        )

    @override
    def answer(self) -> RestoreRequest:
        return self.choice().request()

    @override
    def plan(self, request: RestoreRequest) -> RestorePlan:
        return self._services.restores.preview(request)

    @override
    def official(self, request: RestoreRequest) -> str:
        return self._services.restores.official(request).text

    @override
    def index_commands(self, request: RestoreRequest) -> str:
        return "\n".join(map(shell_command, self._services.restores.index_commands(request)))

    @override
    def what_is_missing(self, choice: RestoreChoice) -> str:
        if choice.profile and not self.what.model.rowCount():
            return self.tr("The backup's contents are being read.")
        if self.moment.problem:
            return self.moment.problem
        return super().what_is_missing(choice)

    def _load_manifest(self) -> None:
        backup = self._record.backup
        self._calls.run(
            self,
            lambda: self._services.backups.explain(backup),
            self._on_explained,
            self._on_explain_failed,
        )

    def _on_explained(self, explanation: BackupExplanation) -> None:
        self._show_manifest(explanation.manifest)

    def _on_explain_failed(self, error: MangroveError) -> None:
        self.what.wait("")
        self.banner.show_error(error)

    def _show_manifest(self, manifest: Manifest) -> None:
        self.what.show_manifest(manifest)
        if queries := manifest.selection.queries:
            words = self.tr("This backup is filtered: of {names} it holds only what a query chose.")
            names = ", ".join(str(query.namespace) for query in queries)
            self.filtered.show_message(BannerKind.WARNING, words.format(names=names))
        self.accounts.setVisible(manifest.users_and_roles is not None)
