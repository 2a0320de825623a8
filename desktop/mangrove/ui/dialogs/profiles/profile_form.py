"""The fields of a profile: a connection string and its parts, kept in step with each other."""

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from mangrove.core.errors import InvalidUriError
from mangrove.core.uri import MongoUri, ParsedUri, parse_uri
from mangrove.ui import text
from mangrove.ui.dialogs.profiles.uri_fields import READ_PREFERENCES, UriFields, fields_of, uri_of
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.banner import Banner, BannerKind
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.fields.form import FormRow
from mangrove.ui.widgets.fields.password_field import PasswordField


class FileField(QWidget):
    """A path that can be typed or chosen.

    Signals:
        changed(): The path is another.
    """

    changed = Signal()

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self.line = QLineEdit()
        self.line.setAccessibleName(title)
        self.button = QPushButton(self.tr("Choose…"))
        self.button.setAutoDefault(False)
        self.setFocusProxy(self.line)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.S)
        row.addWidget(self.line, 1)
        row.addWidget(self.button)
        self.line.textChanged.connect(self.changed)
        self.button.clicked.connect(self._on_button_clicked)

    @Slot()
    def _on_button_clicked(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, self._title, self.line.text())
        if path:
            self.line.setText(path)


class ProfileForm(QWidget):
    """Connection string on top, its parts below; an edit of either shows in the other at once.

    A password inside a pasted string moves into the password field and out of the string.

    Signals:
        changed(): Something is different now.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._uri: MongoUri | None = None
        self._last_good: MongoUri | None = None  # options without a field outlive a wrong host
        self.uri, self.hosts, self.user = QLineEdit(), QLineEdit(), QLineEdit()
        self.database, self.auth_source = QLineEdit(), QLineEdit()
        self.password, self.certificate_password = PasswordField(), PasswordField()
        self.srv = QCheckBox(self.tr("Hosts come from &DNS (mongodb+srv)"))
        self.direct = QCheckBox(self.tr("Direct connect&ion to this one node"))
        self.tls = QCheckBox(self.tr("Encrypt the connection with T&LS"))
        self.any_certificate = QCheckBox(self.tr("Allow any certificate"))
        self.any_host = QCheckBox(self.tr("Allow a certificate for another host name"))
        self.ca_file = FileField(self.tr("Certificate authority file"))
        self.certificate = FileField(self.tr("Client certificate file"))
        self.read_preference = ChoiceBox()
        self.tls_warning = Banner()
        self.tls_warning.keep_open()
        self._tls_part = QWidget()
        self._fill()
        self._lay_out()
        self._connect()
        self._show_tls()

    @property
    def parsed(self) -> MongoUri | None:
        """The connection string as understood; None while it is malformed."""
        return self._uri

    def show_uri(self, uri: MongoUri) -> None:
        """Put a connection string in."""
        self.uri.setText(uri.text())

    def _fill(self) -> None:
        self.uri.setPlaceholderText("mongodb://user:password@host:27017/?replicaSet=rs0")
        self.hosts.setPlaceholderText("host:27017")
        self.auth_source.setPlaceholderText("admin")
        for preference in READ_PREFERENCES:
            self.read_preference.addItem(preference or self.tr("primary (default)"), preference)

    def _lay_out(self) -> None:
        self.uri_row = FormRow(
            self.tr("&Connection string"),
            self.uri,
            self.tr("Paste anything that works elsewhere; a password in it moves below at once."),
        )
        self.hosts_row = FormRow(self.tr("&Hosts"), self.hosts)
        self.password_row = FormRow(self.tr("&Password"), self.password)
        grid = QGridLayout()
        grid.setHorizontalSpacing(Space.M)
        grid.setVerticalSpacing(Space.S + Space.HALF)
        grid.addWidget(self.hosts_row, 0, 0, 1, 2)
        grid.addWidget(FormRow(self.tr("&User"), self.user), 1, 0)
        grid.addWidget(self.password_row, 1, 1)
        grid.addWidget(FormRow(self.tr("Default data&base"), self.database), 2, 0)
        grid.addWidget(FormRow(self.tr("&Sign in at (authSource)"), self.auth_source), 2, 1)
        grid.addWidget(FormRow(self.tr("&Read from"), self.read_preference), 3, 0)
        flags = QVBoxLayout()
        flags.addStretch()
        flags.addWidget(self.srv)
        flags.addWidget(self.direct)
        grid.addLayout(flags, 3, 1)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.M)
        column.addWidget(self.uri_row)
        column.addLayout(grid)
        column.addWidget(self.tls)
        column.addWidget(self._tls_part)
        self._lay_out_tls()

    def _lay_out_tls(self) -> None:
        grid = QGridLayout(self._tls_part)
        grid.setContentsMargins(Space.L, 0, 0, 0)
        grid.setHorizontalSpacing(Space.M)
        grid.setVerticalSpacing(Space.S + Space.HALF)
        hint = self.tr("Only if the system does not know it already.")
        grid.addWidget(FormRow(self.tr("Certificate &authority"), self.ca_file, hint), 0, 0, 1, 2)
        grid.addWidget(FormRow(self.tr("Client certificate"), self.certificate), 1, 0)
        grid.addWidget(
            FormRow(self.tr("Password of the client key"), self.certificate_password), 1, 1
        )
        grid.addWidget(self.any_certificate, 2, 0)
        grid.addWidget(self.any_host, 2, 1)
        grid.addWidget(self.tls_warning, 3, 0, 1, 2)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)

    def _parts(self) -> tuple[QWidget, ...]:
        return (
            self.hosts,
            self.user,
            self.database,
            self.auth_source,
            self.srv,
            self.direct,
            self.tls,
            self.any_certificate,
            self.any_host,
            self.ca_file.line,
            self.certificate.line,
            self.read_preference,
        )

    def _connect(self) -> None:
        self.uri.textChanged.connect(self._on_uri_changed)
        for part in self._parts():
            match part:
                case QLineEdit():
                    part.textEdited.connect(self._on_part_changed)
                    part.textChanged.connect(self._on_part_text_changed)
                case QCheckBox():
                    part.toggled.connect(self._on_part_changed)
                case ChoiceBox():
                    part.currentIndexChanged.connect(self._on_part_changed)
                case _:
                    raise AssertionError(part)
        self.password.textChanged.connect(self.changed)
        self.certificate_password.textChanged.connect(self.changed)

    @Slot()
    def _on_uri_changed(self) -> None:
        try:
            parsed = parse_uri(self.uri.text())
        except InvalidUriError as error:
            self._uri = None
            self.uri_row.set_error(_in_place(error) if self.uri.text().strip() else "")
        else:
            self.uri_row.set_error("")
            self._take_secrets(parsed)
            self._uri = self._last_good = parsed.uri
            self._show_parts(fields_of(parsed.uri))
        self.hosts_row.set_error("")
        self.changed.emit()

    def _take_secrets(self, parsed: ParsedUri) -> None:
        if parsed.password is not None:
            self.password.setText(parsed.password.reveal())
        if parsed.certificate_password is not None:
            self.certificate_password.setText(parsed.certificate_password.reveal())
        if parsed.password is not None or parsed.certificate_password is not None:
            self._write_uri(parsed.uri)

    def _write_uri(self, uri: MongoUri) -> None:
        with QSignalBlocker(self.uri):
            self.uri.setText(uri.text())

    @Slot()
    def _on_part_text_changed(self) -> None:
        """A chosen file counts as typed; text that came from the string itself changes nothing."""
        if self.sender() in (self.ca_file.line, self.certificate.line):
            self._on_part_changed()

    @Slot()
    def _on_part_changed(self) -> None:
        try:
            uri = uri_of(self._fields(), self._last_good)
        except InvalidUriError as error:
            self._uri = None
            self.hosts_row.set_error(_in_place(error))
        else:
            self._uri = self._last_good = uri
            self.hosts_row.set_error("")
            self.uri_row.set_error("")
            self._write_uri(uri)
        self._show_tls()
        self.changed.emit()

    def _fields(self) -> UriFields:
        return UriFields(
            is_srv=self.srv.isChecked(),
            hosts=self.hosts.text(),
            user=self.user.text(),
            database=self.database.text(),
            auth_source=self.auth_source.text(),
            is_direct=self.direct.isChecked(),
            read_preference=str(self.read_preference.currentData()),
            has_tls=self.tls.isChecked(),
            ca_file=self.ca_file.line.text(),
            certificate_file=self.certificate.line.text(),
            allows_any_certificate=self.any_certificate.isChecked(),
            allows_any_host_name=self.any_host.isChecked(),
        )

    def _show_parts(self, fields: UriFields) -> None:
        blockers = [QSignalBlocker(part) for part in self._parts()]
        self.hosts.setText(fields.hosts)
        self.user.setText(fields.user)
        self.database.setText(fields.database)
        self.auth_source.setText(fields.auth_source)
        self.srv.setChecked(fields.is_srv)
        self.direct.setChecked(fields.is_direct)
        self.tls.setChecked(fields.has_tls)
        self.any_certificate.setChecked(fields.allows_any_certificate)
        self.any_host.setChecked(fields.allows_any_host_name)
        self.ca_file.line.setText(fields.ca_file)
        self.certificate.line.setText(fields.certificate_file)
        at = self.read_preference.findData(fields.read_preference)
        self.read_preference.setCurrentIndex(at)
        for blocker in blockers:
            blocker.unblock()
        self._show_tls()

    def _show_tls(self) -> None:
        self._tls_part.setVisible(self.tls.isChecked())
        if self.any_certificate.isChecked() or self.any_host.isChecked():
            words = self.tr(
                "Anyone between here and the server can read along: the server's"
                " identity is not checked fully."
            )
            self.tls_warning.show_message(BannerKind.WARNING, words)
        else:
            self.tls_warning.clear()


def _in_place(error: InvalidUriError) -> str:
    parts = [text.sentence(part) for part in (error.message, error.hint) if part]
    return " ".join(parts)
