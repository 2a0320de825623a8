"""The place of a vault on the command line: its address, what opens it, and what a trial says."""

from mangrove.cli.front import Desk
from mangrove.cli.output import Facts
from mangrove.core.errors import InvalidKeyError
from mangrove.core.explain import size_text
from mangrove.core.ports.steps import StepListener
from mangrove.core.secret import Secret
from mangrove.core.vaults.object_lock import ObjectLock, ObjectLockMode, checked_object_lock
from mangrove.core.vaults.url import StorageKind, parse_vault_url
from mangrove.core.vaults.vault import PlaceReport

URL_HELP = (
    "file:///path, s3://bucket/prefix?endpoint=..., az://container/prefix?account=..., "
    "gs://bucket/prefix, sftp://user@host:port/path?key=FILE or rclone://remote/path"
)
OPENING_HELP = "Read what opens the storage from standard input: key, password, passphrase, file."
BREAK_LOCK_HELP = "First remove locks of Mangroves that are gone."
LOCK_DAYS_HELP = "Lock everything that is written for so many days; needs a bucket that locks."
LOCK_MODE_HELP = "Who may lift the lock early: governance, its owner; compliance, nobody."
_WHOLE = (StorageKind.GOOGLE, StorageKind.RCLONE)
_QUESTIONS = {
    StorageKind.AZURE: "Key of the account, or shared access signature (empty for none)",
    StorageKind.SFTP: "Password, or passphrase of the key (empty for the agent or none)",
}


def storage_secret(desk: Desk, url: str, access_key: str, *, from_input: bool) -> Secret | None:
    """Return what opens a storage: read from standard input, or asked for at a terminal.

    Raises:
        InvalidVaultUrlError: If the address makes no sense; nothing was read.
        InvalidKeyError: If an access key has no secret one.
    """
    kind = parse_vault_url(url).kind
    if from_input:
        text = desk.stdin.read() if kind in _WHOLE else desk.read_line()
        return _checked(Secret(text) if text else None, kind, access_key)
    if kind is StorageKind.S3 and access_key:
        asked = desk.ask_secret(f"Secret key of {access_key}") if desk.can_ask() else None
        return _checked(asked, kind, access_key)
    if kind in _QUESTIONS and desk.can_ask():
        return desk.ask_secret(_QUESTIONS[kind])
    return None


def _checked(secret: Secret | None, kind: StorageKind, access_key: str) -> Secret | None:
    """Refuse an access key without its secret one: nothing would be signed with it."""
    if kind is StorageKind.S3 and access_key and not (secret and secret.reveal()):
        raise InvalidKeyError(
            "an access key alone opens nothing: its secret key is missing; nothing was made",
            hint="give it on standard input: --secret-stdin",
        )
    return secret


def object_lock(days: int, mode: ObjectLockMode) -> ObjectLock | None:
    """Return the lock that was asked for; None for no days.

    Raises:
        InvalidPolicyError: If the days make no sense.
    """
    return checked_object_lock(ObjectLock(days, mode)) if days else None


def tell_step(desk: Desk) -> StepListener:
    """Return what says each step of a trial as it is done."""

    def tell(step: str, result: str) -> None:
        if result:
            desk.output.say(f"{step}: {result}")

    return tell


def give_place(desk: Desk, report: PlaceReport) -> None:
    """Give what a trial found."""
    free = size_text(report.free_bytes) if report.free_bytes is not None else "unknown"
    removal = "kept for a time by the storage" if report.keeps_what_is_removed else "gone"
    removal = report.keeping.sentence or removal
    facts = (("place", "usable; no vault was made"), ("free", free), ("what is removed", removal))
    desk.output.give({"place": report}, Facts(facts))
