"""Asks how to sign in to Atlas."""

from dataclasses import dataclass

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from mangrove.core.atlas.account import DEFAULT_URL, SignIn
from mangrove.core.errors import MangroveError
from mangrove.core.secret import Secret
from mangrove.services.atlas.accounts import AccountDraft
from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.theme.tokens import Size
from mangrove.ui.widgets.banner import Banner
from mangrove.ui.widgets.fields.choice_list import ChoiceList, Option
from mangrove.ui.widgets.fields.form import Form
from mangrove.ui.widgets.fields.password_field import PasswordField
from mangrove.ui.widgets.fold import Fold
from mangrove.ui.widgets.labels import TextLabel


@dataclass(frozen=True, slots=True)
class AccountStart:
    """What was typed in an earlier round, and why it did not sign in."""

    draft: AccountDraft
    problem: MangroveError


class AtlasAccountDialog(QuestionDialog):
    """A service account or an API key; it is stored only when it signs in."""

    def __init__(self, parent: QWidget | None, start: AccountStart | None = None) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Add an Atlas account"))
        self.yes.setText(self.tr("Sign in and add"))
        self.banner = Banner()
        self.name, self.user, self.secret = QLineEdit(), QLineEdit(), PasswordField()
        self.url = QLineEdit(DEFAULT_URL)
        self.kind = ChoiceList(
            [
                Option(
                    SignIn.SERVICE_ACCOUNT,
                    self.tr("&Service account"),
                    self.tr("Client id and client secret; tokens last an hour. The usual way."),
                ),
                Option(
                    SignIn.API_KEY,
                    self.tr("API &key"),
                    self.tr("Public and private key; the older way."),
                ),
            ]
        )
        self._build()
        if start is not None:
            self._fill_again(start)
        self.kind.chosen.connect(self._on_changed)
        for field in (self.name, self.user, self.secret, self.url):
            field.textChanged.connect(self._on_changed)
        self._on_changed()

    @classmethod
    def ask(cls, parent: QWidget | None, start: AccountStart | None = None) -> AccountDraft | None:
        """Ask; None when the person left."""
        dialog = cls(parent, start)
        return asked(dialog, dialog.answer)

    def answer(self) -> AccountDraft:
        """Return the draft as the fields stand."""
        return AccountDraft(
            name=self.name.text().strip(),
            sign_in=self.kind.value,
            user=self.user.text().strip(),
            secret=self.secret.secret() or Secret(""),
            url=self.url.text().strip() or DEFAULT_URL,
        )

    def _build(self) -> None:
        words = self.tr(
            "Give it the role Project Read Only to look, or Project Backup Manager to take and"
            " restore snapshots, and put this computer's public address on its access list."
        )
        form = Form()
        form.add_row(self.tr("&Name"), self.name, self.tr("What you call it here."))
        self._user_row = form.add_row(self.tr("Client &id"), self.user)
        self._secret_row = form.add_row(
            self.tr("Client se&cret"), self.secret, self.tr("Goes to this computer's keyring.")
        )
        other = Form()
        other.add_row(self.tr("&Address"), self.url, self.tr("Another one for government clouds."))
        more = Fold(self.tr("Another Atlas"))
        more.column.addWidget(other)
        more.heading.addStretch(1)
        self.body.addWidget(self.banner)
        self.body.addWidget(TextLabel(words, "muted").wrapping())
        self.body.addWidget(self.kind)
        self.body.addWidget(form)
        self.body.addWidget(more)
        self.body.addStretch()
        self.take_room(Size.DIALOG_WIDTH, Size.DIALOG_HEIGHT + 120)

    def _fill_again(self, start: AccountStart) -> None:
        draft = start.draft
        self.name.setText(draft.name)
        self.user.setText(draft.user)
        self.secret.setText(draft.secret.reveal())
        self.url.setText(draft.url)
        self.kind.choose(draft.sign_in)
        self.banner.show_error(start.problem)

    @Slot()
    def _on_changed(self) -> None:
        is_key = self.kind.value is SignIn.API_KEY
        self._user_row.set_label(self.tr("Public &key") if is_key else self.tr("Client &id"))
        self._secret_row.set_label(self.tr("Pri&vate key") if is_key else self.tr("Client se&cret"))
        is_whole = all(f.text().strip() for f in (self.name, self.user, self.secret))
        self.yes.setEnabled(is_whole)
        said = self.tr(
            "Nothing at Atlas changes: Mangrove signs in and looks which projects it sees."
        )
        self.say(said if is_whole else self.tr("Give a name, the id and the secret."))
