"""Asks which dump of another tool shall become a backup, in which vault and under what name."""

from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from mangrove.core.dump import ImportRequest
from mangrove.core.errors import InvalidProfileError
from mangrove.core.profile import checked_name
from mangrove.services.bundle import Services
from mangrove.ui import text
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.accounts_part import AccountsPart
from mangrove.ui.dialogs.dump_part import DumpPart
from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.dialogs.vault_choice import CompressionBox, PlainVaultWarning, VaultBox
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.fields.form import FormRow

_NAME_LIMIT = 60  # what the service takes of the path's last part


class ImportDialog(QuestionDialog):
    """An archive may take long to look through, so nobody has to wait for that."""

    def __init__(self, parent: QWidget | None, services: Services, calls: Calls) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Import a dump"))
        self.yes.setText(self.tr("I&mport"))
        self.dump = DumpPart(services.dumps, calls)
        self.name = QLineEdit()
        self.vault, self.compression = VaultBox(services.vaults.all()), CompressionBox()
        self.compression.offer_vaults_own()
        self.warning = PlainVaultWarning()
        self.accounts = AccountsPart(
            self.tr(
                "Who may sign in and what they may do, with their password hashes: whoever opens"
                " the backup has those too."
            )
        )
        self.accounts.hide()
        self._lay_out_parts()
        self.dump.changed.connect(self._on_dump_changed)
        self.accounts.changed.connect(self._on_changed)
        self.name.textChanged.connect(self._on_changed)
        self.vault.currentIndexChanged.connect(self._on_changed)
        self._on_changed()

    @classmethod
    def ask(cls, parent: QWidget | None, services: Services, calls: Calls) -> ImportRequest | None:
        """Ask, and return the request; None when the person left."""
        dialog = cls(parent, services, calls)
        return asked(dialog, dialog.answer)

    def answer(self) -> ImportRequest:
        """Return the request as the fields stand."""
        return ImportRequest(
            path=self.dump.path,
            vault=self.vault.currentText(),
            database=self.dump.database,
            name=self._name(),
            compression=self.compression.currentData(),
            users_and_roles=self.accounts.choice,
            plain_credentials=self.accounts.plain_choice,
        )

    def _name(self) -> str:
        return self.name.text().strip() or self._usual_name()

    def _usual_name(self) -> str:
        return Path(self.dump.path).name[:_NAME_LIMIT]

    def _lay_out_parts(self) -> None:
        self.name_row = FormRow(
            self.tr("&Name"), self.name, self.tr("What the backup is said to be of.")
        )
        place = QHBoxLayout()
        place.setSpacing(Space.M)
        place.addWidget(FormRow(self.tr("Into &vault"), self.vault), 1)
        place.addWidget(FormRow(self.tr("&Compression"), self.compression), 1)
        self.body.addWidget(self.dump)
        self.add_section(self.tr("The backup"), self.name_row)
        self.body.addLayout(place)
        self.body.addWidget(self.warning)
        self.body.addWidget(self.accounts)
        self.body.addStretch()

    @Slot()
    def _on_dump_changed(self) -> None:
        found = self.dump.found
        self.accounts.setVisible(found is not None and found.users_and_roles is not None)
        self._on_changed()

    @Slot()
    def _on_changed(self) -> None:
        self.name.setPlaceholderText(self._usual_name())
        self.warning.show_for(self.vault.spec)
        spec = self.vault.spec
        self.accounts.turn_to(is_encrypted=spec is None or spec.is_encrypted)
        bad_name = self._name_problem()
        self.name_row.set_error(bad_name)
        missing = self._what_is_missing()
        self.yes.setEnabled(not (missing or bad_name))
        self.say(missing or self._sentence())

    def _name_problem(self) -> str:
        if not self.dump.path:
            return ""
        try:
            checked_name(self._name())
        except InvalidProfileError as error:
            return text.sentence(error.message.replace("profile", "backup"))
        return ""

    def _what_is_missing(self) -> str:
        if not self.vault.currentText():
            return self.tr("Add a vault first: there is no place to keep the backup.")
        if not self.dump.path:
            return self.tr("Choose the dump to import.")
        if self.dump.problem:
            return self.tr("Choose another path.")
        if self.accounts.lacks_word:
            return self.tr("Password hashes would lie open in this vault. Tick that you want it.")
        return ""

    def _sentence(self) -> str:
        words = self.tr(
            "Read {path} and keep it in the vault {vault} as a backup of {name}. The dump itself"
            " is not changed."
        )
        return words.format(path=self.dump.path, vault=self.vault.currentText(), name=self._name())
