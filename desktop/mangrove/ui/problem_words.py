"""The window's sentence for every error code: what happened, what is safe, what to do next."""

from mangrove.ui.server_problem_words import SERVER_SENTENCES
from mangrove.ui.translating import QT_TRANSLATE_NOOP
from mangrove.ui.vault_problem_words import VAULT_SENTENCES

CONTEXT = "Problems"
BUG = QT_TRANSLATE_NOOP(
    "Problems",
    "This is a mistake in Mangrove itself. Finished backups are not affected. Copy the"
    " report and send it to us.",
)

SENTENCES = {
    **SERVER_SENTENCES,
    **VAULT_SENTENCES,
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
    "not-found": QT_TRANSLATE_NOOP(
        "Problems",
        "What was asked for is not there any more. Nothing was changed. Choose again"
        " from the list.",
    ),
    "profile-not-found": QT_TRANSLATE_NOOP(
        "Problems",
        "There is no profile of this name. Nothing was changed. Choose another profile, or add it.",
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
    "self-copy": QT_TRANSLATE_NOOP(
        "Problems",
        "Source and target are the same deployment, so collections would be replaced or"
        " filled by a copy of themselves. Nothing was changed. Give the copy another name.",
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
