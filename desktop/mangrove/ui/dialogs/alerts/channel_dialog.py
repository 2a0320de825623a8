"""Asks for a channel: a mailbox, a webhook, or whatever else people read."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QLineEdit, QPushButton, QWidget

from mangrove.core.alerts.alert import Severity
from mangrove.core.alerts.policy import Channel, kind_of
from mangrove.core.errors import MangroveError
from mangrove.services.bundle import Services
from mangrove.services.channels import ChannelDraft
from mangrove.ui import text
from mangrove.ui.alert_words import least_words
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.alerts.channel_form import AddressForm, MailForm
from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.theme.tokens import Size
from mangrove.ui.widgets.banner import Banner, BannerKind
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.fields.form import Form

_ORDER = (Severity.WARNING, Severity.CRITICAL, Severity.NOTE)


class ChannelDialog(QuestionDialog):
    """Kind, address and name; a test message can be sent before anything is saved.

    Args:
        channel: The one to change; None for a new one. Its address is never shown again.
    """

    def __init__(
        self,
        parent: QWidget | None,
        services: Services,
        calls: Calls,
        channel: Channel | None = None,
    ) -> None:
        super().__init__(parent, "", "")
        is_new = channel is None
        self.setWindowTitle(self.tr("Add a channel") if is_new else self.tr("Edit a channel"))
        self.yes.setText(self.tr("&Add channel") if is_new else self.tr("&Save channel"))
        self._services, self._calls, self._channel = services, calls, channel
        self.kind, self.least, self.name = ChoiceBox(), ChoiceBox(), QLineEdit()
        self.is_on = QCheckBox(self.tr("S&witched on"))
        self.mail = MailForm()
        self.forms: tuple[MailForm | AddressForm, ...] = (self.mail, self._web(), self._other())
        self.banner = Banner()
        self.test = QPushButton(self.tr("Send a t&est"))
        self._fill()
        self._arrange()
        self._connect()
        self._on_changed()

    @classmethod
    def ask(
        cls,
        parent: QWidget | None,
        services: Services,
        calls: Calls,
        channel: Channel | None = None,
    ) -> ChannelDraft | None:
        """Ask, and return what was typed; None when the person left."""
        dialog = cls(parent, services, calls, channel)
        return asked(dialog, dialog.answer)

    @property
    def form(self) -> "MailForm | AddressForm":
        """The fields of the kind that is chosen."""
        return self.forms[self.kind.currentIndex()]

    def answer(self) -> ChannelDraft:
        """Return the draft as the fields stand.

        Raises:
            InvalidChannelError: Saying what is wrong with the address.
        """
        keeps_address = self._channel is not None and self.form.is_blank
        return ChannelDraft(
            name=self.name.text().strip(),
            url=None if keeps_address else self.form.url(),
            least=Severity(self.least.currentData()),
            is_on=self.is_on.isChecked(),
        )

    @Slot()
    def _on_kind_changed(self) -> None:
        self._show_form()
        self._on_changed()

    def _show_form(self) -> None:
        for form in self.forms:
            form.setVisible(form is self.form)

    @Slot()
    def _on_changed(self) -> None:
        try:
            draft = self.answer()
        except MangroveError as error:
            words = error.message.removesuffix("; nothing was saved")
            ask = self.tr("Say where messages shall go.")
            is_blank = self.form.is_blank
            self.say(ask if is_blank else text.sentence(words), is_error=not is_blank)
            self.yes.setEnabled(False)
            self.test.setEnabled(False)
            return
        self.test.setEnabled(draft.url is not None)
        self.yes.setEnabled(bool(draft.name))
        if not draft.name:
            self.say(self.tr("Give the channel a name."))
            return
        words = self.tr("{name} gets {what}. Its address goes to the keyring.")
        if draft.url is None:
            words = self.tr("{name} gets {what}. Its address stays as it is.")
        self.say(words.format(name=draft.name, what=least_words(draft.least)))

    @Slot()
    def _on_test_clicked(self) -> None:
        url = self.answer().url
        if url is None:
            return
        self.test.setEnabled(False)
        self.banner.show_message(BannerKind.INFO, self.tr("Sending a test message…"))
        self._calls.run(
            self,
            lambda: self._services.channels.try_url(url),
            self._on_tested,
            self._on_test_failed,
        )

    def _on_tested(self, service: str) -> None:
        self.test.setEnabled(True)
        words = self.tr("The test message was taken ({kind}). See whether it arrived.")
        self.banner.show_message(BannerKind.GOOD, words.format(kind=kind_of(service)))

    def _on_test_failed(self, error: MangroveError) -> None:
        self.test.setEnabled(True)
        kept = self.tr("Nothing was kept yet. Change the address and send the test again.")
        self.banner.show_message(BannerKind.ERROR, f"{text.sentence(error.message)} {kept}")
        self.bring_into_view(self.banner)

    def _fill(self) -> None:
        self.kind.addItems(
            [self.tr("E-mail"), self.tr("Webhook"), self.tr("Chat or another service")]
        )
        for severity in _ORDER:
            self.least.addItem(text.capital(least_words(severity)), severity)
        self.is_on.setChecked(True)
        if self._channel is not None:
            self.name.setText(self._channel.name)
            self.least.setCurrentIndex(_ORDER.index(self._channel.least))
            self.is_on.setChecked(self._channel.is_on)
            is_mail = self._channel.service == "E-Mail"
            is_web = self._channel.service in ("JSON", "XML")
            self.kind.setCurrentIndex(0 if is_mail else 1 if is_web else 2)

    def _arrange(self) -> None:
        upper, lower = Form(), Form()
        hint = self.tr("Leave its fields empty to keep the address that is in the keyring.")
        upper.add_row(self.tr("&Kind"), self.kind, hint if self._channel else "")
        lower.add_row(self.tr("&Gets"), self.least)
        lower.add_row(self.tr("Na&me"), self.name)
        self.body.addWidget(upper)
        for form in self.forms:
            self.body.addWidget(form)
        self._show_form()
        self.body.addWidget(lower)
        self.body.addWidget(self.is_on)
        self.is_on.setVisible(self._channel is not None)
        self.body.addWidget(self.banner)
        self.body.addStretch()
        self.add_lower_button(self.test)
        self.take_room(Size.DIALOG_WIDTH, Size.PROGRESS_HEIGHT)

    def _connect(self) -> None:
        self.kind.currentIndexChanged.connect(self._on_kind_changed)
        self.least.currentIndexChanged.connect(self._on_changed)
        self.name.textChanged.connect(self._on_changed)
        self.is_on.toggled.connect(self._on_changed)
        self.test.clicked.connect(self._on_test_clicked)
        for form in self.forms:
            form.changed.connect(self._on_changed)

    def _web(self) -> AddressForm:
        hint = self.tr("Gets a JSON document with title, message and type by POST.")
        return AddressForm(self.tr("A&ddress"), hint, "https://example.org/hook", is_web=True)

    def _other(self) -> AddressForm:
        hint = self.tr(
            "As Slack, Discord, Teams and others give it out, or any address that the apprise"
            " library knows: slack://…, tgram://…, matrix://…, ntfy://…"
        )
        return AddressForm(
            self.tr("A&ddress"), hint, "https://hooks.slack.com/services/…", is_web=False
        )
