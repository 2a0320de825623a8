"""What makes and opens recovery kits."""

from typing import Protocol

from mangrove.core.secret import Secret
from mangrove.core.vaults.kit import RecoveryKit


class KitBinder(Protocol):
    """Makes and opens recovery kits."""

    def seal(self, kit: RecoveryKit, passphrase: Secret) -> bytes:
        """Return the kit's file, sealed; takes about a second."""
        ...

    def open(self, data: bytes, passphrase: Secret) -> RecoveryKit:
        """Return what a kit's file holds.

        Raises:
            WrongIdentityError: If the passphrase is another one.
            UnknownFormatError, CorruptBackupError: If it is no kit, or a damaged one.
        """
        ...

    def sheet(self, kit: RecoveryKit, code: str) -> bytes:
        """Return the sheet to print, as a PDF."""
        ...

    def new_sealed_identity(self, passphrase: Secret) -> tuple[str, bytes]:
        """Make a key that a passphrase opens: its recipient, and its sealed file."""
        ...

    def open_identity(self, data: bytes, passphrase: Secret) -> Secret:
        """Return the key in a sealed file.

        Raises:
            WrongIdentityError: If the passphrase is another one.
            InvalidKeyError, CorruptBackupError: If it is no such file, or a damaged one.
        """
        ...
