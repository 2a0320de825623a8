"""The fields of a channel, for each of its kinds: a mailbox, a webhook, another service."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSpinBox, QWidget

from mangrove.core.alerts.address import MailAccount, MailSecurity, check_web_address, mail_url
from mangrove.core.errors import InvalidChannelError
from mangrove.core.secret import Secret
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.fields.form import Form
from mangrove.ui.widgets.fields.password_field import PasswordField

_HIGHEST_PORT = 65535
_SHORT = 8  # letters


class MailForm(Form):
    """A mailbox and the server that takes mail for it.

    Signals:
        changed(): A field is different now.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.to, self.mail_from, self.server = QLineEdit(), QLineEdit(), QLineEdit()
        self.user, self.password = QLineEdit(), PasswordField()
        self.port, self.security = QSpinBox(), ChoiceBox()
        self.to.setPlaceholderText("ann@example.org, bob@example.org")
        self.server.setPlaceholderText("mail.example.org")
        self.mail_from.setPlaceholderText(self.tr("the first recipient"))
        self.port.setRange(0, _HIGHEST_PORT)
        self.security.addItem("STARTTLS", MailSecurity.STARTTLS)
        self.security.addItem("TLS", MailSecurity.TLS)
        self.security.addItem(self.tr("none: everybody on the way can read it"), MailSecurity.NONE)
        # The longest of its lines must not make the whole dialog wide.
        self.security.setMinimumContentsLength(_SHORT)
        self.security.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.add_row(self.tr("&To"), self.to)
        self._beside((self.tr("Mail &server"), self.server), (self.tr("&Port"), self.port))
        self._beside((self.tr("&User"), self.user), (self.tr("Pass&word"), self.password))
        self._beside((self.tr("&Connection"), self.security), (self.tr("Se&nder"), self.mail_from))
        for line in (self.to, self.mail_from, self.server, self.user, self.password):
            line.textChanged.connect(self.changed)
        self.port.valueChanged.connect(self.changed)
        self.security.currentIndexChanged.connect(self._on_security_changed)
        self._on_security_changed()

    def url(self) -> Secret:
        """Return the address that the fields make.

        Raises:
            InvalidChannelError: Saying which field is wrong.
        """
        return mail_url(
            MailAccount(
                to=self.to.text(),
                server=self.server.text(),
                sender=self.mail_from.text(),
                port=self.port.value(),
                security=MailSecurity(self.security.currentData()),
                user=self.user.text().strip(),
                password=self.password.secret(),
            )
        )

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed yet."""
        return not (self.to.text() or self.server.text())

    def _beside(self, *pairs: tuple[str, QWidget]) -> None:
        row = QHBoxLayout()
        row.setSpacing(Space.M)
        for label, field in pairs:
            part = Form()
            part.add_row(label, field)
            row.addWidget(part, 1)
        self.column.addLayout(row)

    @Slot()
    def _on_security_changed(self) -> None:
        security = MailSecurity(self.security.currentData())
        self.port.setSpecialValueText(str(security.usual_port))
        self.changed.emit()


class AddressForm(Form):
    """One address.

    Args:
        label: What the field is called.
        hint: What belongs into it.
        example: Shown while it is empty.
        is_web: Whether only a web address will do; it is kept as that of a webhook.

    Signals:
        changed(): A field is different now.
    """

    changed = Signal()

    def __init__(self, label: str, hint: str, example: str, *, is_web: bool) -> None:
        super().__init__()
        self._is_web = is_web
        self.field = PasswordField(example)
        self.add_row(label, self.field, hint)
        self.field.textChanged.connect(self.changed)

    def url(self) -> Secret:
        """Return the address.

        Raises:
            InvalidChannelError: If there is none.
        """
        found = self.field.secret()
        if found is None:
            raise InvalidChannelError("the address is missing; nothing was saved")
        if self._is_web:
            check_web_address(found)
            return Secret(f"json{found.reveal().strip().removeprefix('http')}")
        return found

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed yet."""
        return not self.field.text()
