"""Asks in which form a backup shall leave its vault as a dump, and where to."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QWidget

from mangrove.core.backup_record import BackupRecord
from mangrove.core.dump import DumpForm, DumpPacking, ExportRequest, reading_command
from mangrove.core.errors import MangroveError
from mangrove.services.bundle import Services
from mangrove.ui import text
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.accounts_part import AccountsPart
from mangrove.ui.dialogs.dump_path import pick_new_dump
from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.newest_call import NewestCall
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.command_text import CommandText
from mangrove.ui.widgets.fields.choice_list import ChoiceList, Option
from mangrove.ui.widgets.fields.form import FormRow
from mangrove.ui.widgets.fields.path_field import Browse, PathField
from mangrove.ui.wording import counted


class ExportDialog(QuestionDialog):
    """Form, packing and path; the button is on once the path was found free."""

    def __init__(
        self, parent: QWidget | None, services: Services, calls: Calls, record: BackupRecord
    ) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Export a backup"))
        self.yes.setText(self.tr("E&xport"))
        self._services, self._record = services, record
        self._newest = NewestCall(calls, self)
        self.form = ChoiceList(self._forms())
        self.gzip = QCheckBox(self.tr("Pack with &gzip"))
        ways = (Browse(self.tr("Br&owse…"), self._picked),)
        self.path = PathField(self.tr("Path"), ways, f"/srv/dumps/{record.backup}")
        self.path_row = FormRow(
            self.tr("Write &to"), self.path, self.tr("A new path; nothing existing is touched.")
        )
        self.accounts = AccountsPart(
            self.tr(
                "Who may sign in and what they may do, with their password hashes: they lie open"
                " in the dump."
            )
        )
        self.accounts.hide()
        self.command = CommandText(self.tr("Equivalent mongorestore command"), calls, self._command)
        self._parts = (self.form, self.gzip, self.path_row, self.command)
        self.add_section(self.tr("Form"), self.form)
        self.body.addWidget(self.gzip)
        self.add_section(self.tr("Where"), self.path_row)
        self.body.addWidget(self.accounts)
        self.body.addWidget(self.command)
        self.body.addStretch()
        self.take_room(Size.DIALOG_WIDTH, Size.DIALOG_HEIGHT + Space.XXL)
        self.form.chosen.connect(self._on_changed)
        self.gzip.toggled.connect(self._on_changed)
        self.path.path_changed.connect(self._on_changed)
        self.accounts.changed.connect(self._on_changed)
        self._look_for_accounts(calls)
        self._on_changed()

    @classmethod
    def ask(
        cls, parent: QWidget | None, services: Services, calls: Calls, record: BackupRecord
    ) -> ExportRequest | None:
        """Ask, and return the request; None when the person left."""
        dialog = cls(parent, services, calls, record)
        return asked(dialog, dialog.answer)

    def answer(self) -> ExportRequest:
        """Return the request as the fields stand."""
        return ExportRequest(
            self._record.backup,
            self.path.path,
            self.form.value,
            self._packing,
            users_and_roles=self.accounts.choice,
        )

    @property
    def _packing(self) -> DumpPacking:
        return DumpPacking.GZIP if self.gzip.isChecked() else DumpPacking.PLAIN

    def _look_for_accounts(self, calls: Calls) -> None:
        """Offer users and roles where the backup holds any; its manifest says so."""
        backup = self._record.backup
        calls.run(
            self,
            lambda: self._services.backups.explain(backup),
            lambda found: self.accounts.setVisible(found.manifest.users_and_roles is not None),
            lambda _error: None,  # the export itself will say what is wrong with the vault
        )

    def _forms(self) -> Sequence[Option[DumpForm]]:
        return (
            Option(
                DumpForm.DIRECTORY,
                self.tr("A &directory"),
                self.tr("A folder for each database, two files for each collection."),
            ),
            Option(
                DumpForm.ARCHIVE,
                self.tr("One &archive file"),
                self.tr("Everything in one file, which is easier to send; written by one thread."),
            ),
        )

    def _picked(self, start: str) -> str:
        return pick_new_dump(self, start, self._record.backup, self.form.value, self._packing)

    def _command(self) -> Callable[[], str] | None:
        request = self.answer()
        if not request.path:
            return None
        return lambda: reading_command(request.path, request.form, request.packing).text

    @Slot()
    def _on_changed(self) -> None:
        self.yes.setEnabled(False)
        self.path_row.set_error("")
        self.command.refresh()
        if self._record.is_physical:
            for part in self._parts:
                part.setEnabled(False)
            words = self.tr(
                "It holds a server's files, not documents, so no dump can be made of it. Restore"
                " brings the files into a folder."
            )
            self.say(words, is_error=True)
            return
        request = self.answer()
        if not request.path:
            self._newest.forget()
            self.say(self.tr("Choose where to write the dump."))
            return
        self.say(self._sentence(request))
        self._newest.ask(
            lambda: self._services.dumps.checked_target(request.path, request.form),
            self._on_checked,
            self._on_check_failed,
        )

    def _on_checked(self, _path: object) -> None:
        self.yes.setEnabled(True)

    def _on_check_failed(self, error: MangroveError) -> None:
        self.path_row.set_error(text.sentence(error.message))
        self.say(self.tr("Choose another path."), is_error=True)

    def _sentence(self, request: ExportRequest) -> str:
        record = self._record
        words = self.tr(
            "Write {collections}, {size} of BSON, as a {form} to {path}; mongorestore reads it."
            " It is NOT encrypted."
        )
        return words.format(
            collections=counted(record.namespaces, self.tr("collection"), self.tr("collections")),
            size=text.size(record.plain_bytes),
            form=self._form_words(request),
            path=request.path,
        )

    def _form_words(self, request: ExportRequest) -> str:
        is_packed = request.packing is DumpPacking.GZIP
        if request.form is DumpForm.ARCHIVE:
            return self.tr("gzipped archive") if is_packed else self.tr("mongodump archive")
        return self.tr("gzipped directory") if is_packed else self.tr("mongodump directory")
