"""The window's sentences for what servers, the ways to them, and Atlas refuse."""

from mangrove.ui.translating import QT_TRANSLATE_NOOP

SERVER_SENTENCES = {
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
    "oplog-rolled-over": QT_TRANSLATE_NOOP(
        "Problems",
        "The server has written over oplog entries that this backup needs, so it was not kept."
        " Earlier backups are not affected. Make the oplog larger, or take less at once, then"
        " start the backup again.",
    ),
}
