"""The fields that lead to a vault's place and open it: one small form per kind of storage."""

from abc import abstractmethod

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QWidget,
)
from typing_extensions import override

from mangrove.core.secret import Secret
from mangrove.core.vault import StorageKind
from mangrove.ui.dialogs.profile_form import FileField
from mangrove.ui.dialogs.vault_fields import VaultPlace
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.form import FormRow
from mangrove.ui.widgets.lines_edit import LinesEdit
from mangrove.ui.widgets.password_field import PasswordField

_SECTION_ROWS = 5


class PlaceForm(QWidget):
    """Fields of one kind of storage.

    Signals:
        changed(): A field is different now.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setHorizontalSpacing(Space.M)
        self.grid.setVerticalSpacing(Space.S + Space.HALF)
        self.grid.setColumnStretch(0, 1)
        self.grid.setColumnStretch(1, 1)
        self.secret_key = PasswordField()
        self.secret_key.textChanged.connect(self.changed)

    def do_without_secret_key(self) -> None:
        """Keep the field for one secret line out of sight: this kind needs none, or more lines."""
        self.secret_key.setParent(self)
        self.secret_key.hide()

    @property
    @abstractmethod
    def first_row(self) -> FormRow:
        """The row that errors about the place belong to."""

    @abstractmethod
    def is_begun(self) -> bool:
        """Whether something was typed, so that an error is worth showing."""

    @abstractmethod
    def place(self) -> VaultPlace:
        """Return the place as the fields stand."""

    @abstractmethod
    def show_place(self, place: VaultPlace) -> None:
        """Put in what was typed before."""

    def access_key(self) -> str:
        """Return the name of the key, where the kind has one."""
        return ""

    def secret(self) -> Secret | None:
        """Return what was typed to open the storage."""
        return self.secret_key.secret()

    def show_secret(self, access_key: str, secret: Secret | None) -> None:
        """Put in what was typed before."""
        del access_key
        if secret is not None:
            self.secret_key.setText(secret.reveal())

    def line(self, example: str = "") -> QLineEdit:
        """Make a field that tells of its changes."""
        made = QLineEdit()
        made.setPlaceholderText(example)
        made.textChanged.connect(self.changed)
        return made

    def lay_out(self, *rows: tuple[QWidget, ...]) -> None:
        """Put one or two parts in each row."""
        for number, parts in enumerate(rows):
            for column, part in enumerate(parts):
                span = 1 if len(parts) > 1 else 2
                self.grid.addWidget(part, number, column, 1, span, Qt.AlignmentFlag.AlignTop)

    def keyring_words(self) -> str:
        """Say where a secret goes."""
        return self.tr("Goes to the keyring and nowhere else.")


class FolderForm(PlaceForm):
    """A folder that can be typed or chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.field = QWidget()
        self.folder = self.line("/srv/backups/mongo")
        self.folder.setAccessibleName(self.tr("Folder"))
        self.button = QPushButton(self.tr("Br&owse…"))
        self.button.setAutoDefault(False)
        self.field.setFocusProxy(self.folder)
        row = QHBoxLayout(self.field)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.S)
        row.addWidget(self.folder, 1)
        row.addWidget(self.button)
        words = self.tr("It is made if it does not exist.")
        self.row = FormRow(self.tr("Folder &path"), self.field, words)
        self.lay_out((self.row,))
        self.do_without_secret_key()
        self.button.clicked.connect(self._on_button_clicked)

    @property
    @override
    def first_row(self) -> FormRow:
        return self.row

    @override
    def is_begun(self) -> bool:
        return bool(self.folder.text())

    @override
    def place(self) -> VaultPlace:
        return VaultPlace(StorageKind.FOLDER, folder=self.folder.text())

    @override
    def show_place(self, place: VaultPlace) -> None:
        self.folder.setText(place.folder)

    @override
    def secret(self) -> Secret | None:
        return None

    @Slot()
    def _on_button_clicked(self) -> None:
        title = self.tr("Folder of the vault")
        path = QFileDialog.getExistingDirectory(self, title, self.folder.text())
        if path:
            self.folder.setText(path)


class BucketForm(PlaceForm):
    """A bucket of Amazon S3 or of what speaks like it."""

    def __init__(self) -> None:
        super().__init__()
        self.bucket, self.prefix = self.line(), self.line("mangrove")
        self.endpoint = self.line("https://s3.example.net")
        self.region, self.key_name = self.line("eu-central-1"), self.line()
        self.bucket_row = FormRow(self.tr("B&ucket"), self.bucket)
        secret = FormRow(self.tr("&Secret key"), self.secret_key, self.keyring_words())
        endpoint = self.tr("Empty for Amazon S3.")
        self.lay_out(
            (self.bucket_row, FormRow(self.tr("Folder in it"), self.prefix)),
            (
                FormRow(self.tr("En&dpoint"), self.endpoint, endpoint),
                FormRow(self.tr("&Region"), self.region),
            ),
            (FormRow(self.tr("&Access key"), self.key_name), secret),
        )

    @property
    @override
    def first_row(self) -> FormRow:
        return self.bucket_row

    @override
    def is_begun(self) -> bool:
        return bool(self.bucket.text())

    @override
    def place(self) -> VaultPlace:
        return VaultPlace(
            StorageKind.S3,
            bucket=self.bucket.text(),
            prefix=self.prefix.text(),
            endpoint=self.endpoint.text(),
            region=self.region.text(),
        )

    @override
    def show_place(self, place: VaultPlace) -> None:
        self.bucket.setText(place.bucket)
        self.prefix.setText(place.prefix)
        self.endpoint.setText(place.endpoint)
        self.region.setText(place.region)

    @override
    def access_key(self) -> str:
        return self.key_name.text().strip()

    @override
    def show_secret(self, access_key: str, secret: Secret | None) -> None:
        self.key_name.setText(access_key)
        super().show_secret(access_key, secret)


class AzureForm(PlaceForm):
    """A container of Azure Blob storage."""

    def __init__(self) -> None:
        super().__init__()
        self.account, self.container = self.line("ourbackups"), self.line()
        self.prefix, self.endpoint = self.line("mangrove"), self.line()
        self.container_row = FormRow(self.tr("C&ontainer"), self.container)
        key = FormRow(
            self.tr("&Key of the account, or shared access signature"),
            self.secret_key,
            self.keyring_words(),
        )
        usual = self.tr("Empty for Azure itself.")
        self.lay_out(
            (FormRow(self.tr("Storage &account"), self.account), self.container_row),
            (
                FormRow(self.tr("Folder in it"), self.prefix),
                FormRow(self.tr("En&dpoint"), self.endpoint, usual),
            ),
            (key,),
        )

    @property
    @override
    def first_row(self) -> FormRow:
        return self.container_row

    @override
    def is_begun(self) -> bool:
        return bool(self.account.text() and self.container.text())

    @override
    def place(self) -> VaultPlace:
        return VaultPlace(
            StorageKind.AZURE,
            bucket=self.container.text(),
            prefix=self.prefix.text(),
            endpoint=self.endpoint.text(),
            account=self.account.text(),
        )

    @override
    def show_place(self, place: VaultPlace) -> None:
        self.account.setText(place.account)
        self.container.setText(place.bucket)
        self.prefix.setText(place.prefix)
        self.endpoint.setText(place.endpoint)


class GoogleForm(PlaceForm):
    """A bucket of Google Cloud Storage."""

    def __init__(self) -> None:
        super().__init__()
        self.bucket, self.prefix = self.line(), self.line("mangrove")
        self.bucket_row = FormRow(self.tr("B&ucket"), self.bucket)
        words = self.tr("Paste the content of its JSON file. It goes to the keyring only.")
        key = FormRow(self.tr("&Key of a service account"), self.secret_key, words)
        self.lay_out((self.bucket_row, FormRow(self.tr("Folder in it"), self.prefix)), (key,))

    @property
    @override
    def first_row(self) -> FormRow:
        return self.bucket_row

    @override
    def is_begun(self) -> bool:
        return bool(self.bucket.text())

    @override
    def place(self) -> VaultPlace:
        return VaultPlace(StorageKind.GOOGLE, bucket=self.bucket.text(), prefix=self.prefix.text())

    @override
    def show_place(self, place: VaultPlace) -> None:
        self.bucket.setText(place.bucket)
        self.prefix.setText(place.prefix)


class SftpForm(PlaceForm):
    """A folder on a server reached by SFTP."""

    def __init__(self) -> None:
        super().__init__()
        self.server = self.line("ann@nas.example.net:22")
        self.folder = self.line("/srv/backups/mongo")
        self.key_file = FileField(self.tr("Private key file"))
        self.known_hosts = FileField(self.tr("Known hosts file"))
        self.known_hosts.line.setPlaceholderText("~/.ssh/known_hosts")
        self.key_file.changed.connect(self.changed)
        self.known_hosts.changed.connect(self.changed)
        self.server_row = FormRow(self.tr("Ser&ver, with the user"), self.server)
        agent = self.tr("Empty for a password, or for the keys of the SSH agent.")
        trust = self.tr("Only servers whose key stands in it are trusted.")
        self.lay_out(
            (self.server_row, FormRow(self.tr("&Folder on it"), self.folder)),
            (
                FormRow(self.tr("Private &key"), self.key_file, agent),
                FormRow(
                    self.tr("&Password, or passphrase of the key"),
                    self.secret_key,
                    self.keyring_words(),
                ),
            ),
            (FormRow(self.tr("Known hosts"), self.known_hosts, trust),),
        )

    @property
    @override
    def first_row(self) -> FormRow:
        return self.server_row

    @override
    def is_begun(self) -> bool:
        return bool(self.server.text() and self.folder.text())

    @override
    def place(self) -> VaultPlace:
        return VaultPlace(
            StorageKind.SFTP,
            folder=self.folder.text(),
            server=self.server.text(),
            key_file=self.key_file.line.text(),
            known_hosts=self.known_hosts.line.text(),
        )

    @override
    def show_place(self, place: VaultPlace) -> None:
        self.server.setText(place.server)
        self.folder.setText(place.folder)
        self.key_file.line.setText(place.key_file)
        self.known_hosts.line.setText(place.known_hosts)


class RcloneForm(PlaceForm):
    """A remote of the rclone program."""

    def __init__(self) -> None:
        super().__init__()
        self.remote, self.path = self.line("drive"), self.line("backups/mongo")
        self.section = LinesEdit("[drive]\ntype = …")
        self.section.fit_rows(_SECTION_ROWS)
        self.section.textChanged.connect(self.changed)
        self.remote_row = FormRow(self.tr("&Remote"), self.remote)
        words = self.tr(
            "Empty to use rclone's own configuration, which is right for remotes that you signed"
            " in to with a browser. What is pasted here goes to the keyring."
        )
        section = FormRow(self.tr("Section of the &configuration"), self.section, words)
        self.lay_out((self.remote_row, FormRow(self.tr("&Folder in it"), self.path)), (section,))
        self.do_without_secret_key()

    @property
    @override
    def first_row(self) -> FormRow:
        return self.remote_row

    @override
    def is_begun(self) -> bool:
        return bool(self.remote.text())

    @override
    def place(self) -> VaultPlace:
        remote = self.remote.text().strip().rstrip(":")
        return VaultPlace(StorageKind.RCLONE, bucket=remote, prefix=self.path.text())

    @override
    def show_place(self, place: VaultPlace) -> None:
        self.remote.setText(place.bucket)
        self.path.setText(place.prefix)

    @override
    def secret(self) -> Secret | None:
        typed = self.section.toPlainText()
        return Secret(typed + "\n") if typed.strip() else None

    @override
    def show_secret(self, access_key: str, secret: Secret | None) -> None:
        if secret is not None:
            self.section.setPlainText(secret.reveal().rstrip("\n"))
