"""The fields of an SSH tunnel, folded away until somebody needs one."""

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLineEdit, QVBoxLayout, QWidget

from mangrove.core.errors import InvalidProfileError
from mangrove.core.secret import Secret
from mangrove.core.tunnel import SSH_PORT, TunnelAuth, TunnelSpec, check_tunnel, parse_host
from mangrove.core.uri import MongoUri
from mangrove.ui import text
from mangrove.ui.dialogs.profiles.profile_form import FileField
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.banner import Banner, BannerKind
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.fields.form import FormRow
from mangrove.ui.widgets.fields.password_field import PasswordField


class TunnelForm(QWidget):
    """A tick opens the fields; what they lack is said beside them at once.

    Signals:
        changed(): Something is different now.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._uri: MongoUri | None = None
        self._stored: TunnelSpec | None = None
        self._problem = ""
        self.wanted = QCheckBox(self.tr("Reach it through an SSH tunn&el"))
        self.server, self.user, self.auth = QLineEdit(), QLineEdit(), ChoiceBox()
        self.key_file = FileField(self.tr("Private key file"))
        self.known_hosts = FileField(self.tr("Known hosts file"))
        self.secret_field = PasswordField()
        self.note = Banner()
        self.note.keep_open()
        self._part = QWidget()
        self._fill()
        self._lay_out()
        self._connect()
        self._show()

    @property
    def is_ready(self) -> bool:
        """Whether nothing is missing; also when no tunnel is wanted."""
        return not (self.wanted.isChecked() and self._problem)

    @property
    def problem(self) -> str:
        """What is missing, in a sentence; "" when nothing is."""
        return self._problem if self.wanted.isChecked() else ""

    def spec(self) -> TunnelSpec | None:
        """Return the tunnel as the fields stand; None without one, or while it is malformed."""
        if not self.wanted.isChecked():
            return None
        try:
            return self._read()
        except InvalidProfileError:
            return None

    def secret(self) -> Secret | None:
        """Return the typed password or passphrase; None when nothing was typed, or none is used."""
        uses_one = self.auth.currentData() is not TunnelAuth.AGENT
        return self.secret_field.secret() if self.wanted.isChecked() and uses_one else None

    def show_tunnel(self, spec: TunnelSpec | None, secret: Secret | None = None) -> None:
        """Put a tunnel in, the one of a stored profile or of an earlier round."""
        blockers = [QSignalBlocker(part) for part in self._parts()]
        self.wanted.setChecked(spec is not None)
        if spec is not None:
            host = f"[{spec.host}]" if ":" in spec.host else spec.host
            self.server.setText(host if spec.port == SSH_PORT else f"{host}:{spec.port}")
            self.user.setText(spec.user)
            self.auth.setCurrentIndex(self.auth.findData(spec.auth))
            self.key_file.line.setText(spec.key_file)
            self.known_hosts.line.setText(spec.known_hosts)
        if secret is not None:
            self.secret_field.setText(secret.reveal())
        for blocker in blockers:
            blocker.unblock()
        self._show()

    def remember_stored(self, spec: TunnelSpec | None) -> None:
        """Tell which tunnel's secret is stored already, so that it need not be typed again."""
        self._stored = spec if spec is not None and spec.secret is not None else None
        self._show()

    def lead_to(self, uri: MongoUri | None) -> None:
        """Tell where the connection is to lead; not everything can go through a tunnel."""
        self._uri = uri
        self._show()

    def _fill(self) -> None:
        self.server.setPlaceholderText("jump.example.net:22")
        self.known_hosts.line.setPlaceholderText("~/.ssh/known_hosts")
        for auth in TunnelAuth:
            self.auth.addItem(self._auth_word(auth), auth)

    def _lay_out(self) -> None:
        self.server_row = FormRow(self.tr("SSH ser&ver"), self.server)
        self.key_row = FormRow(self.tr("Private &key"), self.key_file)
        self.secret_row = FormRow(self.tr("Passphrase"), self.secret_field)
        trust = self.tr("Only servers whose key stands in it are trusted.")
        grid = QGridLayout(self._part)
        grid.setContentsMargins(Space.L, 0, 0, 0)
        grid.setHorizontalSpacing(Space.M)
        grid.setVerticalSpacing(Space.S + Space.HALF)
        grid.addWidget(self.server_row, 0, 0)
        grid.addWidget(FormRow(self.tr("SSH user"), self.user), 0, 1)
        grid.addWidget(FormRow(self.tr("Sign in with"), self.auth), 1, 0)
        grid.addWidget(self.secret_row, 1, 1)
        grid.addWidget(self.key_row, 2, 0, 1, 2)
        grid.addWidget(FormRow(self.tr("Known hosts"), self.known_hosts, trust), 3, 0, 1, 2)
        grid.addWidget(self.note, 4, 0, 1, 2)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.M)
        column.addWidget(self.wanted)
        column.addWidget(self._part)

    def _parts(self) -> tuple[QWidget, ...]:
        lines = (self.server, self.user, self.key_file.line, self.known_hosts.line)
        return (self.wanted, *lines, self.auth, self.secret_field)

    def _connect(self) -> None:
        self.wanted.toggled.connect(self._on_changed)
        self.auth.currentIndexChanged.connect(self._on_changed)
        for part in self._parts():
            if isinstance(part, QLineEdit):
                part.textChanged.connect(self._on_changed)

    @Slot()
    def _on_changed(self) -> None:
        self._show()
        self.changed.emit()

    def _read(self) -> TunnelSpec:
        host, port = parse_host(self.server.text())
        auth = TunnelAuth(self.auth.currentData())
        return TunnelSpec(
            host=host,
            user=self.user.text().strip(),
            port=port,
            auth=auth,
            key_file=self.key_file.line.text().strip() if auth is TunnelAuth.KEY_FILE else "",
            known_hosts=self.known_hosts.line.text().strip(),
        )

    def _show(self) -> None:
        """Fold, name the secret's field, and look at everything once more."""
        auth = TunnelAuth(self.auth.currentData())
        self._part.setVisible(self.wanted.isChecked())
        self.key_row.setVisible(auth is TunnelAuth.KEY_FILE)
        self.secret_row.setVisible(auth is not TunnelAuth.AGENT)
        is_key = auth is TunnelAuth.KEY_FILE
        self.secret_row.set_label(
            self.tr("Passphrase of the key") if is_key else self.tr("SSH password")
        )
        self._check()

    def _check(self) -> None:
        self.server_row.set_error("")
        try:
            spec = self._read()
        except InvalidProfileError as error:
            self._problem = _in_place(error)
            self.server_row.set_error(self._problem if self.server.text().strip() else "")
            self.note.clear()
            return
        self._hint_at_stored_secret(spec)
        self._problem = self._lack_of(spec)
        if self._problem:
            self.note.show_message(BannerKind.WARNING, self._problem)
        else:
            self.note.clear()

    def _lack_of(self, spec: TunnelSpec) -> str:
        try:
            if self._uri is not None:
                check_tunnel(replace(spec, user=spec.user or "-"), self._uri)
        except InvalidProfileError as error:
            return _in_place(error)
        return "" if spec.user else self.tr("The SSH tunnel lacks the user's name.")

    def _hint_at_stored_secret(self, spec: TunnelSpec) -> None:
        is_stored = self._stored is not None and spec.takes_same_secret(self._stored)
        self.secret_field.setPlaceholderText(
            self.tr("stored; leave empty to keep it") if is_stored else ""
        )

    def _auth_word(self, auth: TunnelAuth) -> str:
        match auth:
            case TunnelAuth.AGENT:
                return self.tr("Keys of the SSH agent")
            case TunnelAuth.KEY_FILE:
                return self.tr("A private key file")
            case TunnelAuth.PASSWORD:
                return self.tr("A password")


def _in_place(error: InvalidProfileError) -> str:
    return " ".join(text.sentence(part) for part in (error.message, error.hint) if part)
