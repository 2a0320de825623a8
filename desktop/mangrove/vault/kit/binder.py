"""Makes and opens recovery kits: a file sealed with a passphrase, and a sheet to print."""

from mangrove.core.errors import HeaderMalformedError, WrongIdentityError
from mangrove.core.secret import Secret
from mangrove.core.vaults.kit import RecoveryKit
from mangrove.vault.crypto.age import decrypt_bytes, encrypt_bytes
from mangrove.vault.crypto.recipients import (
    DEFAULT_WORK_FACTOR,
    ScryptIdentity,
    ScryptRecipient,
    X25519Identity,
    parse_identity_file,
)
from mangrove.vault.kit.by_hand import lines
from mangrove.vault.kit.kit_codec import decode_kit, encode_kit


class KitBinder:
    """Seals kits with a passphrase.

    Args:
        work_factor: How hard guessing is made, as in ``ScryptRecipient``.
    """

    def __init__(self, work_factor: int = DEFAULT_WORK_FACTOR) -> None:
        self._work_factor = work_factor

    def seal(self, kit: RecoveryKit, passphrase: Secret) -> bytes:
        """Return the kit's file; it takes a second and a quarter of a GiB of memory."""
        intro = (
            f"Recovery kit of the Mangrove vault '{kit.spec.name}'. Keep it secret.",
            "This is an age identity file: age -d -i THIS-FILE OBJECT opens what is stored.",
            "With Mangrove: mangrove vault open --kit THE-SEALED-FILE",
            "Without it:",
            "",
        )
        recipient = ScryptRecipient(passphrase.reveal(), self._work_factor)
        return encrypt_bytes(encode_kit(kit, (*intro, *lines(kit))), [recipient])

    def open(self, data: bytes, passphrase: Secret) -> RecoveryKit:
        """Return what a kit's file holds.

        Raises:
            WrongIdentityError: If the passphrase is another one.
            UnknownFormatError, CorruptBackupError: If it is no kit, or a damaged one.
        """
        try:
            text = decrypt_bytes(data, [ScryptIdentity(passphrase.reveal())])
        except WrongIdentityError as error:
            raise WrongIdentityError(
                "the passphrase does not open this recovery kit; nothing was changed",
                hint="mind capital letters and the keyboard's language; without the passphrase,"
                " the key on the printed sheet still opens the backups",
            ) from error
        except HeaderMalformedError as error:
            raise HeaderMalformedError(
                "this file is no recovery kit, or a damaged one; nothing was changed",
                hint="give the file that ends in .age, not the PDF",
            ) from error
        return decode_kit(text)

    def sheet(self, kit: RecoveryKit, code: str) -> bytes:
        """Return the sheet to print, as a PDF."""
        # Only now: laying out pages needs a library that takes a third of a second to load.
        from mangrove.vault.kit.sheet import sheet_of  # noqa: PLC0415

        return sheet_of(kit, code)

    def new_sealed_identity(self, passphrase: Secret) -> tuple[str, bytes]:
        """Make a key that a passphrase opens: its recipient, and its sealed file.

        A passphrase is always an age file's only recipient, so it cannot stand beside others in
        what is stored. A key pair whose secret half it seals can; ``age -d -i FILE`` asks for it.
        """
        identity = X25519Identity.generate()
        recipient = identity.recipient.to_text()
        text = f"# public key: {recipient}\n{identity.to_text()}\n"
        sealing = ScryptRecipient(passphrase.reveal(), self._work_factor)
        return recipient, encrypt_bytes(text.encode(), [sealing])

    def open_identity(self, data: bytes, passphrase: Secret) -> Secret:
        """Return the first key in a sealed file."""
        try:
            text = decrypt_bytes(data, [ScryptIdentity(passphrase.reveal())]).decode()
        except WrongIdentityError as error:
            raise WrongIdentityError(
                "the passphrase does not open this file; nothing was changed",
                hint="mind capital letters and the keyboard's language",
            ) from error
        return Secret(parse_identity_file(text)[0].to_text())
