"""The fields that lead to a vault's place and open it, for each kind of storage a list of them."""

from dataclasses import dataclass, fields
from enum import Enum, auto

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QGridLayout, QLineEdit, QWidget

from mangrove.core.secret import Secret
from mangrove.core.vaults.url import StorageKind
from mangrove.ui.dialogs.profiles.profile_form import FileField
from mangrove.ui.dialogs.vaults.vault_fields import VaultPlace
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.fields.form import FormRow
from mangrove.ui.widgets.fields.lines_edit import LinesEdit
from mangrove.ui.widgets.fields.password_field import PasswordField
from mangrove.ui.widgets.fields.path_field import Browse, PathField

_SECTION_ROWS = 5
SECRET, ACCESS_KEY = "secret", "access_key"


class FieldShape(Enum):
    """How a field is typed into."""

    LINE = auto()
    FILE = auto()
    FOLDER = auto()
    SECRET = auto()
    LINES = auto()


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form.

    Attributes:
        name: Of ``VaultPlace``; ``access_key`` and ``secret`` are kept apart from the place.
        is_needed: Whether there is no place without it.
    """

    name: str
    label: str
    example: str = ""
    hint: str = ""
    shape: FieldShape = FieldShape.LINE
    is_needed: bool = False


Row = tuple[Field, ...]
Input = QLineEdit | LinesEdit
_OF_PLACE = frozenset(field.name for field in fields(VaultPlace)) - {"kind"}


class PlaceForm(QWidget):
    """The fields of one kind of storage.

    Signals:
        changed(): A field is different now.

    Attributes:
        inputs: What is typed into, by the name of its field.
        rows: The rows, by the name of their field.
    """

    changed = Signal()

    def __init__(self, kind: StorageKind) -> None:
        super().__init__()
        self.kind = kind
        self.inputs: dict[str, Input] = {}
        self.rows: dict[str, FormRow] = {}
        self._needed: list[str] = []
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(Space.M)
        grid.setVerticalSpacing(Space.S + Space.HALF)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        for number, row in enumerate(self._plan()):
            span = 1 if len(row) > 1 else 2
            for column, field in enumerate(row):
                part = self._made(field)
                grid.addWidget(part, number, column, 1, span, Qt.AlignmentFlag.AlignTop)

    @property
    def first_row(self) -> FormRow:
        """The row that errors about the place belong to."""
        return self.rows[self._needed[-1]]

    def is_begun(self) -> bool:
        """Whether everything that is needed was typed, so that an error is worth showing."""
        return all(self._text(name) for name in self._needed)

    def place(self) -> VaultPlace:
        """Return the place as the fields stand."""
        typed = {name: self._text(name) for name in self.inputs if name in _OF_PLACE}
        if self.kind is StorageKind.RCLONE:  # which writes its remotes with a colon
            typed["bucket"] = typed["bucket"].strip().rstrip(":")
        return VaultPlace(self.kind, **typed)

    def show_place(self, place: VaultPlace) -> None:
        """Put in what was typed before."""
        for name in _OF_PLACE & self.inputs.keys():
            self.type_in(name, getattr(place, name))

    def access_key(self) -> str:
        """Return the name of the key, where the kind has one."""
        return self._text(ACCESS_KEY).strip()

    def secret(self) -> Secret | None:
        """Return what was typed to open the storage."""
        typed = self._text(SECRET)
        if not typed.strip():
            return None
        return Secret(f"{typed}\n" if isinstance(self.inputs[SECRET], LinesEdit) else typed)

    def show_secret(self, access_key: str, secret: Secret | None) -> None:
        """Put in what was typed before."""
        self.type_in(ACCESS_KEY, access_key)
        if secret is not None:
            is_lines = isinstance(self.inputs.get(SECRET), LinesEdit)
            self.type_in(SECRET, secret.reveal().rstrip("\n") if is_lines else secret.reveal())

    def type_in(self, name: str, typed: str) -> None:
        """Put a text into a field; a form without that field is left as it is."""
        match self.inputs.get(name):
            case QLineEdit() as line:
                line.setText(typed)
            case LinesEdit() as lines:
                lines.setPlainText(typed)
            case _:
                pass

    def _text(self, name: str) -> str:
        match self.inputs.get(name):
            case QLineEdit() as line:
                return line.text()
            case LinesEdit() as lines:
                return lines.toPlainText()
            case _:
                return ""

    def _made(self, field: Field) -> FormRow:
        part, typed = self._shaped(field)
        if isinstance(typed, QLineEdit):
            typed.setPlaceholderText(field.example)
        typed.textChanged.connect(self.changed)
        row = FormRow(field.label, part, field.hint)
        self.inputs[field.name], self.rows[field.name] = typed, row
        if field.is_needed:
            self._needed.append(field.name)
        return row

    def _shaped(self, field: Field) -> tuple[QWidget, Input]:
        plain = field.label.replace("&", "")
        match field.shape:
            case FieldShape.FILE:
                chosen = FileField(plain)
                return chosen, chosen.line
            case FieldShape.FOLDER:
                ways = (Browse(self.tr("Br&owse…"), self._folder_picked),)
                folder = PathField(plain, ways, field.example)
                return folder, folder.line
            case FieldShape.SECRET:
                secret = PasswordField()
                return secret, secret
            case FieldShape.LINES:
                lines = LinesEdit(field.example)
                lines.fit_rows(_SECTION_ROWS)
                return lines, lines
            case _:
                line = QLineEdit()
                return line, line

    def _folder_picked(self, typed: str) -> str:
        return QFileDialog.getExistingDirectory(self, self.tr("Folder of the vault"), typed)

    def _plan(self) -> tuple[Row, ...]:
        match self.kind:
            case StorageKind.FOLDER:
                return self._folder()
            case StorageKind.S3:
                return self._bucket()
            case StorageKind.AZURE:
                return self._azure()
            case StorageKind.GOOGLE:
                return self._google()
            case StorageKind.SFTP:
                return self._sftp()
            case StorageKind.RCLONE:
                return self._rclone()

    def _folder(self) -> tuple[Row, ...]:
        return (
            (
                Field(
                    "folder",
                    self.tr("Folder &path"),
                    "/srv/backups/mongo",
                    self.tr("It is made if it does not exist."),
                    FieldShape.FOLDER,
                    is_needed=True,
                ),
            ),
        )

    def _bucket(self) -> tuple[Row, ...]:
        return (
            (Field("bucket", self.tr("B&ucket"), is_needed=True), self._inside()),
            (
                Field(
                    "endpoint",
                    self.tr("En&dpoint"),
                    "https://s3.example.net",
                    self.tr("Empty for Amazon S3."),
                ),
                Field("region", self.tr("&Region"), "eu-central-1"),
            ),
            (Field(ACCESS_KEY, self.tr("&Access key")), self._secret(self.tr("&Secret key"))),
        )

    def _azure(self) -> tuple[Row, ...]:
        key = self.tr("&Key of the account, or shared access signature")
        usual = self.tr("Empty for Azure itself.")
        return (
            (
                Field("account", self.tr("Storage &account"), "ourbackups", is_needed=True),
                Field("bucket", self.tr("C&ontainer"), is_needed=True),
            ),
            (self._inside(), Field("endpoint", self.tr("En&dpoint"), hint=usual)),
            (self._secret(key),),
        )

    def _google(self) -> tuple[Row, ...]:
        words = self.tr("Paste the content of its JSON file. It goes to the keyring only.")
        return (
            (Field("bucket", self.tr("B&ucket"), is_needed=True), self._inside()),
            (self._secret(self.tr("&Key of a service account"), words),),
        )

    def _sftp(self) -> tuple[Row, ...]:
        agent = self.tr("Empty for a password, or for the keys of the SSH agent.")
        trust = self.tr("Only servers whose key stands in it are trusted.")
        known, own = self.tr("Known hosts"), "~/.ssh/known_hosts"
        server, folder = "ann@nas.example.net:22", "/srv/backups/mongo"
        return (
            (
                Field("server", self.tr("Ser&ver, with the user"), server, is_needed=True),
                Field("folder", self.tr("&Folder on it"), folder, is_needed=True),
            ),
            (
                Field("key_file", self.tr("Private &key"), "", agent, FieldShape.FILE),
                self._secret(self.tr("&Password, or passphrase of the key")),
            ),
            (Field("known_hosts", known, own, trust, FieldShape.FILE),),
        )

    def _rclone(self) -> tuple[Row, ...]:
        words = self.tr(
            "Empty to use rclone's own configuration, which is right for remotes that you signed"
            " in to with a browser. What is pasted here goes to the keyring."
        )
        section = self.tr("Section of the &configuration")
        return (
            (
                Field("bucket", self.tr("&Remote"), "drive", is_needed=True),
                Field("prefix", self.tr("&Folder in it"), "backups/mongo"),
            ),
            (Field(SECRET, section, "[drive]\ntype = …", words, FieldShape.LINES),),
        )

    def _inside(self) -> Field:
        return Field("prefix", self.tr("Folder in it"), "mangrove")

    def _secret(self, label: str, hint: str = "") -> Field:
        words = hint or self.tr("Goes to the keyring and nowhere else.")
        return Field(SECRET, label, "", words, FieldShape.SECRET)
