"""The window's sentences for what vaults refuse, and for what is damaged in them."""

from mangrove.ui.translating import QT_TRANSLATE_NOOP

VAULT_SENTENCES = {
    "invalid-vault-url": QT_TRANSLATE_NOOP(
        "Problems",
        "The address leads to no kind of vault that Mangrove knows. Nothing was stored."
        " Correct the address.",
    ),
    "invalid-key": QT_TRANSLATE_NOOP(
        "Problems",
        "A key or recipient is not written as it should be. Nothing was stored. Paste it again,"
        " whole.",
    ),
    "invalid-policy": QT_TRANSLATE_NOOP(
        "Problems",
        "These numbers do not say what to keep. Nothing was changed. Change them, or keep"
        " everything.",
    ),
    "unusable-dump": QT_TRANSLATE_NOOP(
        "Problems",
        "The file or folder cannot be used as a mongodump directory or archive. Nothing"
        " was changed. Choose another one.",
    ),
    "vault-not-found": QT_TRANSLATE_NOOP(
        "Problems",
        "There is no vault at this place or of this name. Nothing was changed. Check"
        " the address, or add the vault.",
    ),
    "backup-not-found": QT_TRANSLATE_NOOP(
        "Problems",
        "No known vault holds this backup. Nothing was changed. Rebuild the vault's"
        " catalog if the backup should be there.",
    ),
    "identity-missing": QT_TRANSLATE_NOOP(
        "Problems",
        "The key that opens this vault is not on this computer. Nothing was read and nothing was"
        " written. Open the vault from its recovery kit, or add the key under Keys.",
    ),
    "retention": QT_TRANSLATE_NOOP(
        "Problems",
        "What is kept could not be worked out. Nothing was deleted. Look at the vault, then try"
        " again.",
    ),
    "backup-protected": QT_TRANSLATE_NOOP(
        "Problems",
        "This backup has to stay. Nothing was deleted. The reason is named below.",
    ),
    "vault": QT_TRANSLATE_NOOP(
        "Problems",
        "The vault cannot do what was asked. Existing backups were not touched. Check the vault.",
    ),
    "storage-unavailable": QT_TRANSLATE_NOOP(
        "Problems",
        "The vault's storage cannot be reached. Existing backups were not touched."
        " Check the network or the disk, then try again.",
    ),
    "storage-full": QT_TRANSLATE_NOOP(
        "Problems",
        "The vault's storage is full. Existing backups were not touched. Make room,"
        " then try again.",
    ),
    "storage-denied": QT_TRANSLATE_NOOP(
        "Problems",
        "The vault's storage refuses access. Existing backups were not touched. Check"
        " its keys and permissions.",
    ),
    "unknown-storage-host": QT_TRANSLATE_NOOP(
        "Problems",
        "Nobody has confirmed the key of the vault's SFTP server yet. Nothing was sent to it."
        " Compare its fingerprint with the one its administrator knows, then accept it with ssh.",
    ),
    "changed-storage-host": QT_TRANSLATE_NOOP(
        "Problems",
        "The vault's SFTP server shows another key than before; somebody may be in between."
        " Nothing was sent to it. Ask its administrator before you connect again.",
    ),
    "blob-not-found": QT_TRANSLATE_NOOP(
        "Problems",
        "A part of a backup is missing in the storage. Nothing was changed. Verify the"
        " backup to see what is affected.",
    ),
    "blob-exists": QT_TRANSLATE_NOOP(
        "Problems",
        "The storage already holds an object of this name. It was not overwritten."
        " Check the vault.",
    ),
    "vault-locked": QT_TRANSLATE_NOOP(
        "Problems",
        "Another Mangrove is writing to this vault. Nothing was changed. Try again when"
        " it has finished.",
    ),
    "chain-taken": QT_TRANSLATE_NOOP(
        "Problems",
        "Another capture of this deployment writes to the same vault. Nothing of it was"
        " touched. Stop one of the two.",
    ),
    "wrong-identity": QT_TRANSLATE_NOOP(
        "Problems",
        "None of the keys on this computer opens this backup. Nothing was changed. Open"
        " the vault with its recovery kit.",
    ),
    "unknown-format": QT_TRANSLATE_NOOP(
        "Problems",
        "The vault was written by a newer version of Mangrove. Nothing was changed."
        " Update Mangrove and try again.",
    ),
    "corrupt-backup": QT_TRANSLATE_NOOP(
        "Problems",
        "What was read is not what was written. Nothing was restored from it. Use"
        " another backup, and verify this one.",
    ),
    "manifest-corrupt": QT_TRANSLATE_NOOP(
        "Problems",
        "The description of this backup is damaged. Nothing was restored from it. Use"
        " another backup.",
    ),
    "signature-invalid": QT_TRANSLATE_NOOP(
        "Problems",
        "The signature does not fit: the backup was changed, or made with another key."
        " Nothing was restored from it. Use another backup.",
    ),
    "header-malformed": QT_TRANSLATE_NOOP(
        "Problems",
        "An encrypted object of this backup is damaged at its start. Nothing was"
        " restored from it. Use another backup.",
    ),
    "chunk-forged": QT_TRANSLATE_NOOP(
        "Problems",
        "An encrypted object of this backup was changed after it was written. Its"
        " content was not used. Use another backup.",
    ),
    "backup-truncated": QT_TRANSLATE_NOOP(
        "Problems",
        "An object of this backup ends too early. Its content was not used. Use another backup.",
    ),
    "blob-mismatch": QT_TRANSLATE_NOOP(
        "Problems",
        "An object of this backup differs from what was signed. Its content was not"
        " used. Use another backup.",
    ),
    "malformed-bson": QT_TRANSLATE_NOOP(
        "Problems",
        "Documents could not be read: the bytes are not BSON. Nothing was guessed at."
        " Verify the backup to see what is affected.",
    ),
    "malformed-metadata": QT_TRANSLATE_NOOP(
        "Problems",
        "The description of a collection cannot be understood. Nothing was guessed at."
        " Verify the backup to see what is affected.",
    ),
    "malformed-dump": QT_TRANSLATE_NOOP(
        "Problems",
        "The dump is damaged or is not one. Nothing was guessed at. Use another dump, or"
        " copy this one again from where it came from.",
    ),
    "content-mismatch": QT_TRANSLATE_NOOP(
        "Problems",
        "The content does not have the count or digest that was signed. The backup"
        " itself was not changed. Use another backup.",
    ),
}
