"""The window's sentence for every error code: what happened, what is safe, what to do next."""

CONTEXT = "Problems"


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:  # noqa: N802 - the name lupdate looks for
    """Mark a text for translation; returns it as it is."""
    del context
    return text


BUG = QT_TRANSLATE_NOOP(
    "Problems",
    "This is a mistake in Mangrove itself. Finished backups are not affected. Copy the"
    " report and send it to us.",
)

SENTENCES = {
    "error": BUG,
    "configuration": QT_TRANSLATE_NOOP(
        "Problems",
        "This cannot be done as it was asked. Nothing was changed. Correct the entry"
        " and try again.",
    ),
    "invalid-uri": QT_TRANSLATE_NOOP(
        "Problems",
        "The connection string cannot be understood. Nothing was stored. Correct it, or"
        " paste it again.",
    ),
    "invalid-profile": QT_TRANSLATE_NOOP(
        "Problems",
        "The profile is incomplete. Nothing was stored. Correct the marked entry.",
    ),
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
    "invalid-assertion": QT_TRANSLATE_NOOP(
        "Problems",
        "This assertion asks nothing, or expects what no figure can be. Nothing was stored. Give"
        " it a figure and a range.",
    ),
    "invalid-objective": QT_TRANSLATE_NOOP(
        "Problems",
        "This is no length of time that a deployment can be held to. Nothing was changed. Write"
        " it like 15 min, 26h or 7 d.",
    ),
    "invalid-schedule": QT_TRANSLATE_NOOP(
        "Problems",
        "The schedule cannot be understood or never comes. Nothing was stored. Write it as in the"
        " examples.",
    ),
    "autostart": QT_TRANSLATE_NOOP(
        "Problems",
        "The system did not take the agent as a service of yours. Nothing was installed. Jobs run"
        " while this window is open, or with: mangrove agent",
    ),
    "assertion-not-found": QT_TRANSLATE_NOOP(
        "Problems",
        "This deployment has no assertion of that name. Nothing was changed. Look at its list of"
        " assertions.",
    ),
    "job-not-found": QT_TRANSLATE_NOOP(
        "Problems",
        "There is no job of that name. Nothing was changed. Look at the list of jobs.",
    ),
    "state-unavailable": QT_TRANSLATE_NOOP(
        "Problems",
        "Mangrove's own settings file cannot be used now. Backups in the vaults are not"
        " affected. Check the disk and the folder's permissions, then try again.",
    ),
    "invalid-selection": QT_TRANSLATE_NOOP(
        "Problems",
        "The selection does not name anything that can be taken. Nothing was changed."
        " Choose again.",
    ),
    "name-taken": QT_TRANSLATE_NOOP(
        "Problems",
        "The name is in use already. Nothing was stored. Choose another name.",
    ),
    "damaged-state": QT_TRANSLATE_NOOP(
        "Problems",
        "Mangrove's own settings file is damaged. Backups in the vaults are not"
        " affected. Put back a copy of the file, or set up profiles and vaults again.",
    ),
    "unusable-dump": QT_TRANSLATE_NOOP(
        "Problems",
        "The file or folder cannot be used as a mongodump directory or archive. Nothing"
        " was changed. Choose another one.",
    ),
    "invalid-atlas-policy": QT_TRANSLATE_NOOP(
        "Problems",
        "The schedule breaks a rule that Atlas enforces. Nothing was sent to Atlas. Change the"
        " marked entry.",
    ),
    "atlas-not-found": QT_TRANSLATE_NOOP(
        "Problems",
        "Atlas knows nothing of this name, or the account may not see it. Nothing was changed."
        " Choose again from the list.",
    ),
    "atlas-unreachable": QT_TRANSLATE_NOOP(
        "Problems",
        "Atlas does not answer now. Work that Atlas has accepted goes on there. Check the network,"
        " then try again.",
    ),
    "atlas-sign-in": QT_TRANSLATE_NOOP(
        "Problems",
        "Atlas refused the account. Nothing was changed there. Check the secret, and that this"
        " computer's address is on the account's access list.",
    ),
    "atlas": QT_TRANSLATE_NOOP(
        "Problems",
        "Atlas did not do what was asked. Backups in the vaults are not affected. See the details.",
    ),
    "atlas-unsupported": QT_TRANSLATE_NOOP(
        "Problems",
        "This cluster does not allow it. Nothing was asked of Atlas. A backup by Mangrove itself"
        " works on every tier.",
    ),
    "atlas-denied": QT_TRANSLATE_NOOP(
        "Problems",
        "The Atlas account lacks the role for this. Nothing was changed. Give it the role that the"
        " details name, in Atlas.",
    ),
    "atlas-compliance": QT_TRANSLATE_NOOP(
        "Problems",
        "The project's backup compliance policy forbids this. Nothing was changed. Only MongoDB's"
        " support can weaken such a policy.",
    ),
    "atlas-conflict": QT_TRANSLATE_NOOP(
        "Problems",
        "The cluster is busy with something that does not go with this. Nothing was changed. Wait"
        " until that has ended, then try again.",
    ),
    "atlas-busy": QT_TRANSLATE_NOOP(
        "Problems",
        "Atlas limits how often it may be asked. Nothing was changed. Try again in a while.",
    ),
    "atlas-request": QT_TRANSLATE_NOOP(
        "Problems",
        "Atlas and Mangrove did not understand each other. Nothing was changed. See the details,"
        " and send us the report.",
    ),
    "atlas-work-failed": QT_TRANSLATE_NOOP(
        "Problems",
        "Atlas began, and could not finish. Backups in the vaults are not affected. Look at the"
        " cluster in Atlas, then try again.",
    ),
    "not-found": QT_TRANSLATE_NOOP(
        "Problems",
        "What was asked for is not there any more. Nothing was changed. Choose again"
        " from the list.",
    ),
    "profile-not-found": QT_TRANSLATE_NOOP(
        "Problems",
        "There is no profile of this name. Nothing was changed. Choose another profile, or add it.",
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
    "run-not-found": QT_TRANSLATE_NOOP(
        "Problems",
        "There is no record of this run. Nothing was changed. Look at the activity page.",
    ),
    "secret": QT_TRANSLATE_NOOP(
        "Problems",
        "A password or key could not be stored or fetched. No data was touched. Check"
        " this computer's keyring and try again.",
    ),
    "secret-not-found": QT_TRANSLATE_NOOP(
        "Problems",
        "The keyring does not hold this password or key. No data was touched. Enter it again.",
    ),
    "identity-missing": QT_TRANSLATE_NOOP(
        "Problems",
        "The key that opens this vault is not on this computer. Nothing was read and nothing was"
        " written. Open the vault from its recovery kit, or add the key under Keys.",
    ),
    "keyring-locked": QT_TRANSLATE_NOOP(
        "Problems",
        "The keyring is locked. No data was touched. Unlock it and try again.",
    ),
    "keyring-unavailable": QT_TRANSLATE_NOOP(
        "Problems",
        "This computer offers no usable keyring. Nothing was stored. Start a keyring"
        " service, or enter secrets for this session only.",
    ),
    "keyring-lost-secret": QT_TRANSLATE_NOOP(
        "Problems",
        "The keyring took a secret and did not give it back. Nothing else was changed."
        " Repair the keyring before relying on it.",
    ),
    "connect": QT_TRANSLATE_NOOP(
        "Problems",
        "The server could not be reached or entered. Nothing was changed. Test the connection.",
    ),
    "server-unreachable": QT_TRANSLATE_NOOP(
        "Problems",
        "No server answered at this address. Nothing was changed. Check that it runs"
        " and can be reached from here, then try again.",
    ),
    "authentication-failed": QT_TRANSLATE_NOOP(
        "Problems",
        "The server refused the user name or password. Nothing was changed. Correct"
        " them in the profile.",
    ),
    "tls": QT_TRANSLATE_NOOP(
        "Problems",
        "No trusted encrypted connection could be made. Nothing was sent. Check the"
        " certificates in the profile.",
    ),
    "tunnel": QT_TRANSLATE_NOOP(
        "Problems",
        "The SSH tunnel could not be opened. Nothing was sent to the deployment. Check the"
        " tunnel in the profile.",
    ),
    "unknown-host-key": QT_TRANSLATE_NOOP(
        "Problems",
        "Nobody has confirmed this SSH server's key yet. Nothing was sent to it. Compare its"
        " fingerprint with the one its administrator knows, then accept it with ssh.",
    ),
    "changed-host-key": QT_TRANSLATE_NOOP(
        "Problems",
        "The SSH server shows another key than before; somebody may be in between. Nothing was"
        " sent to it. Ask its administrator before you connect again.",
    ),
    "connection-lost": QT_TRANSLATE_NOOP(
        "Problems",
        "The server went away in the middle of the work. Earlier backups are not"
        " affected. Try again when it is back.",
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
    "snapshot": QT_TRANSLATE_NOOP(
        "Problems",
        "The filesystem snapshot could not be taken or read. The deployment writes as before. See"
        " the details below.",
    ),
    "snapshot-lock": QT_TRANSLATE_NOOP(
        "Problems",
        "Writes could not be held back until the snapshot was there. No snapshot was registered,"
        " and the deployment is not locked. Look at the details, then try again.",
    ),
    "snapshot-command": QT_TRANSLATE_NOOP(
        "Problems",
        "A command of the file system failed. The deployment writes as before. Look at the"
        " command's own words below.",
    ),
    "snapshot-refused": QT_TRANSLATE_NOOP(
        "Problems",
        "A snapshot here would not hold what you expect of it. Nothing was locked and nothing was"
        " taken. The findings below say what to change.",
    ),
    "snapshot-not-found": QT_TRANSLATE_NOOP(
        "Problems",
        "There is no snapshot of this id. Nothing was changed. Choose again from the list.",
    ),
    "stalled": QT_TRANSLATE_NOOP(
        "Problems",
        "A server or storage stopped answering in the middle of the work. Earlier backups are"
        " not affected. Check that it runs and that the network holds, then try again.",
    ),
    "embedded-server": QT_TRANSLATE_NOOP(
        "Problems",
        "The embedded test server did not start. Backups and deployments are not"
        " affected. Verify on another deployment, or see the log.",
    ),
    "source": QT_TRANSLATE_NOOP(
        "Problems",
        "The server cannot give what was asked. Nothing was changed. See the details below.",
    ),
    "unsupported-topology": QT_TRANSLATE_NOOP(
        "Problems",
        "This kind of deployment does not allow what was asked. Nothing was changed."
        " Choose another consistency or deployment.",
    ),
    "missing-privilege": QT_TRANSLATE_NOOP(
        "Problems",
        "The user may not do this on the server. Nothing was changed. Grant the role"
        " named below, then try again.",
    ),
    "namespace-changed": QT_TRANSLATE_NOOP(
        "Problems",
        "A collection was dropped, recreated or renamed while it was read. Earlier"
        " backups are not affected. Try again.",
    ),
    "snapshot-lost": QT_TRANSLATE_NOOP(
        "Problems",
        "The server gave up the moment that the backup was reading. Earlier backups are"
        " not affected. Try again, or choose the oplog consistency.",
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
    "restore": QT_TRANSLATE_NOOP(
        "Problems",
        "The restore cannot be done as asked. Existing data was not replaced. See the"
        " details below.",
    ),
    "target-not-empty": QT_TRANSLATE_NOOP(
        "Problems",
        "There is data at the target already. It was not touched. Restore into a copy,"
        " or confirm what may be replaced.",
    ),
    "namespace-conflict": QT_TRANSLATE_NOOP(
        "Problems",
        "Two collections would land in the same place. Nothing was changed. Give one of"
        " them another name.",
    ),
    "point-not-reachable": QT_TRANSLATE_NOOP(
        "Problems",
        "No backup and no captured oplog lead to that moment. Nothing was touched. Choose a"
        " moment inside one of the windows.",
    ),
    "confirmation-missing": QT_TRANSLATE_NOOP(
        "Problems",
        "The typed confirmation is missing. Nothing was changed. Type the name of what"
        " is to be replaced.",
    ),
    "write-refused": QT_TRANSLATE_NOOP(
        "Problems",
        "The target refused to take documents. The backup is not affected. See the"
        " details below, then restore into a copy.",
    ),
    "oplog-rolled-over": QT_TRANSLATE_NOOP(
        "Problems",
        "The server has written over oplog entries that this backup needs, so it was not kept."
        " Earlier backups are not affected. Make the oplog larger, or take less at once, then"
        " start the backup again.",
    ),
    "replay-refused": QT_TRANSLATE_NOOP(
        "Problems",
        "The oplog cannot be replayed so that the result is right. The backup is not"
        " affected. See the details below, then choose another moment.",
    ),
    "alert": QT_TRANSLATE_NOOP(
        "Problems", "Alerts cannot be told like this. Backups go on. See the details below."
    ),
    "invalid-channel": QT_TRANSLATE_NOOP(
        "Problems", "This leads to no service that takes messages. Nothing was stored. Correct it."
    ),
    "delivery": QT_TRANSLATE_NOOP(
        "Problems", "The message did not arrive. Backups go on. See why below, then test again."
    ),
    "alert-not-found": QT_TRANSLATE_NOOP(
        "Problems", "There is no such alert or channel. Nothing was changed. Look at the list."
    ),
    "run": QT_TRANSLATE_NOOP(
        "Problems",
        "The run cannot go on. Earlier backups are not affected. See its log.",
    ),
    "run-interrupted": QT_TRANSLATE_NOOP(
        "Problems",
        "The program that did this run is gone. Earlier backups are not affected. Start"
        " the run again.",
    ),
    "run-hung": QT_TRANSLATE_NOOP(
        "Problems",
        "Nothing moved for too long, so the run was ended. Earlier backups are not affected."
        " See its log for where it stood still, then start it again.",
    ),
    "bug": BUG,
}
