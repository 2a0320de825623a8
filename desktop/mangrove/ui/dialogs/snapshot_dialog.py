"""Asks of which server a snapshot shall be taken and how, and shows what preflight found."""

from collections.abc import Sequence
from datetime import timedelta

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLineEdit, QPushButton, QSpinBox, QWidget

from mangrove.core.errors import MangroveError
from mangrove.core.profile import Profile
from mangrove.core.snapshots.preflight import Preflight
from mangrove.core.snapshots.snapshot import (
    DEFAULT_LOCK_LIMIT,
    MAX_LOCK_LIMIT,
    MIN_LOCK_LIMIT,
    LockUse,
    OwnCommands,
    SnapshotRequest,
)
from mangrove.core.tunnel import TunnelAuth, TunnelSpec, parse_server
from mangrove.services.bundle import Services
from mangrove.ui import text
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.newest_call import NewestCall
from mangrove.ui.problems import explain
from mangrove.ui.snapshot_words import WEIGHT_TONES
from mangrove.ui.theme.tokens import Size
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.fields.choice_list import ChoiceList, Option
from mangrove.ui.widgets.fields.form import Form
from mangrove.ui.widgets.fold import Fold
from mangrove.ui.widgets.labels import SectionTitle
from mangrove.ui.widgets.step_list import StepList


class SnapshotDialog(QuestionDialog):
    """Server, machine and lock; the button works once preflight found nothing against it."""

    def __init__(
        self, parent: QWidget | None, services: Services, calls: Calls, profile: str = ""
    ) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Take a filesystem snapshot"))
        self.yes.setText(self.tr("Take &snapshot"))
        self._services = services
        self._looking = NewestCall(calls, self)
        self._checked: Preflight | None = None
        self.check = QPushButton(self.tr("&Check again"))
        self.profile, self.machine, self.key = ChoiceBox(), QLineEdit(), QLineEdit()
        for found in services.profiles.all():
            if isinstance(found, Profile):
                self.profile.addItem(found.name)
        if profile:
            self.profile.setCurrentText(profile)
        self.lock = ChoiceList(self._locks())
        self.limit = QSpinBox()
        self.limit.setRange(*(int(t.total_seconds()) for t in (MIN_LOCK_LIMIT, MAX_LOCK_LIMIT)))
        self.limit.setValue(int(DEFAULT_LOCK_LIMIT.total_seconds()))
        self.limit.setSuffix(self.tr(" s"))
        self.take, self.remove, self.mount = QLineEdit(), QLineEdit(), QLineEdit()
        self.findings = StepList()
        self._fill()
        self._connect()
        self.take_room(Size.DIALOG_WIDTH, Size.DIALOG_HEIGHT + Size.DIALOG_HEIGHT // 4)
        self.look()

    @classmethod
    def ask(
        cls, parent: QWidget | None, services: Services, calls: Calls, profile: str = ""
    ) -> SnapshotRequest | None:
        """Ask, and return the request; None when the person left."""
        dialog = cls(parent, services, calls, profile)
        return asked(dialog, dialog.answer)

    def answer(self) -> SnapshotRequest:
        """Return the request as the fields stand.

        Raises:
            InvalidProfileError: If the machine's name is malformed.
        """
        return SnapshotRequest(
            profile=self.profile.currentText(),
            ssh=self._ssh(),
            lock=self.lock.value,
            lock_limit=timedelta(seconds=self.limit.value()),
            commands=OwnCommands(
                take=self.take.text().strip(),
                delete=self.remove.text().strip(),
                mount=self.mount.text().strip(),
            ),
        )

    @Slot()
    def look(self) -> None:
        """Run preflight with what is chosen; nothing is locked by it."""
        self._checked = None
        self.yes.setEnabled(False)
        self.findings.clear()
        if not self.profile.currentText():
            self.say(self.tr("Add a deployment first: a snapshot is of its server."))
            return
        try:
            request = self.answer()
        except MangroveError as error:
            self._on_failed(error)
            return
        self.say(self.tr("Looking at the server and at the machine with its files…"))
        self._looking.ask(
            lambda: self._services.snapshots.preflight(request), self._on_looked, self._on_failed
        )

    def _on_looked(self, checked: Preflight) -> None:
        self._checked = checked
        self.findings.clear()
        for finding in checked.findings:
            hint = "" if "--" in finding.hint else text.sentence(finding.hint)  # of commands
            words = f"{finding.text}. {hint}" if hint else finding.text
            name, tone = self._unique(finding.subject), WEIGHT_TONES[finding.weight]
            self.findings.show_state(name, words, tone)
        self.yes.setEnabled(not checked.stops)
        self.say(self._sentence(checked), is_error=bool(checked.stops))

    def _unique(self, subject: str) -> str:
        """Give each line a name of its own: several may be about the same thing."""
        taken = {name for name, _, _ in self.findings.texts()}
        while subject in taken:
            subject += "\u200b"
        return subject

    def _on_failed(self, error: MangroveError) -> None:
        self.findings.clear()
        self.yes.setEnabled(False)
        self.say(explain(error).text, is_error=True)

    def _sentence(self, checked: Preflight) -> str:
        if checked.stops:
            return self.tr("This would be refused: {reason}.").format(reason=checked.stops[0].text)
        what = self.tr("Take a {provider} snapshot of {node}.").format(
            provider=checked.provider, node=checked.node.node
        )
        if self.lock.value is LockUse.NO_LOCK:
            return self.tr("{what} No write has to wait.").format(what=what)
        return self.tr(
            "{what} Writes wait meanwhile, usually for less than a second; after {limit} s a"
            " watchdog lets them go on, whatever happens."
        ).format(what=what, limit=self.limit.value())

    def _ssh(self) -> TunnelSpec | None:
        if not self.machine.text().strip():
            return None
        user, host, port = parse_server(self.machine.text())
        key = self.key.text().strip()
        auth = TunnelAuth.KEY_FILE if key else TunnelAuth.AGENT
        return TunnelSpec(host, user, port, auth=auth, key_file=key)

    def _locks(self) -> Sequence[Option[LockUse]]:
        return (
            Option(
                LockUse.LOCK,
                self.tr("With the &lock"),
                self.tr(
                    "Writes wait while the snapshot is taken. It stands at one known entry of the"
                    " oplog, and may span several volumes."
                ),
            ),
            Option(
                LockUse.NO_LOCK,
                self.tr("&Without"),
                self.tr(
                    "Nobody waits. Good where the journal is on and one snapshot holds everything;"
                    " a replica set member's newest writes are then in its oplog only."
                ),
            ),
        )

    def _fill(self) -> None:
        form = Form()
        form.add_row(self.tr("&Deployment"), self.profile)
        form.add_row(
            self.tr("&Machine with the files"),
            self.machine,
            self.tr("user@host for one behind SSH; empty for this computer."),
        )
        limited = Form()
        limited.add_row(self.tr("&Unlock after at most"), self.limit)
        own = Form()
        own.add_row(
            self.tr("SSH &key file"), self.key, self.tr("Empty for the keys of the SSH agent.")
        )
        hint = self.tr("{id}, {dbpath}, {profile} and {taken} are filled in.")
        own.add_row(self.tr("&Take"), self.take, hint)
        own.add_row(
            self.tr("&Remove"), self.remove, self.tr("{reference}: what Take printed last.")
        )
        own.add_row(self.tr("M&ount"), self.mount, self.tr("Prints the folder with the files."))
        fold = Fold(self.tr("SSH key, and own commands for cloud volumes and storage arrays"))
        fold.column.addWidget(own)
        fold.heading.addStretch()
        found, held = SectionTitle(self.tr("Preflight")), SectionTitle(self.tr("Lock"))
        parts: tuple[QWidget, ...] = (form, found, self.findings, held, self.lock, limited, fold)
        for part in parts:
            self.body.addWidget(part)
        self.body.addStretch()
        self.add_lower_button(self.check)

    def _connect(self) -> None:
        self.check.clicked.connect(self.look)
        self.profile.currentIndexChanged.connect(self.look)
        self.lock.chosen.connect(self.look)
        self.limit.valueChanged.connect(self._on_limit_changed)
        for field in (self.machine, self.key, self.take):
            field.editingFinished.connect(self.look)

    @Slot()
    def _on_limit_changed(self) -> None:
        if self._checked is not None and not self._checked.stops:
            self.say(self._sentence(self._checked))
