"""Every error a person can be told, as one tree.

MangroveError                     a person can be told this
├── ConfigurationError           what was asked for makes no sense
│   ├── InvalidUriError · InvalidProfileError · InvalidVaultUrlError · InvalidSelectionError
│   ├── NameTakenError · DamagedStateError · InvalidKeyError · UnusableDumpError
│   ├── InvalidPolicyError · InvalidScheduleError · InvalidAssertionError
│   └── InvalidAtlasPolicyError · InvalidObjectiveError
├── AutostartError               the system does not start the agent by itself
├── StateUnavailableError        the file with profiles and history is busy, full or read-only
├── NotFoundError                a name leads nowhere
│   ├── ProfileNotFoundError · VaultNotFoundError · BackupNotFoundError · RunNotFoundError
│   ├── JobNotFoundError · SnapshotNotFoundError · AtlasNotFoundError
│   └── AlertNotFoundError · AssertionNotFoundError
├── SecretError
│   ├── SecretNotFoundError · KeyringLockedError · KeyringUnavailableError · KeyringLostSecretError
│   └── IdentityMissingError     below SecretNotFoundError: the key to open a vault is elsewhere
├── ConnectError                 could not reach or enter a server
│   ├── ServerUnreachableError · AuthenticationFailedError · TlsError · ConnectionLostError
│   ├── EmbeddedServerError · AtlasUnreachableError · AtlasSignInError
│   └── TunnelError              could not get through the SSH server before it
│       └── UnknownHostKeyError · ChangedHostKeyError
├── SourceError                  the server cannot give what was asked
│   ├── UnsupportedTopologyError · MissingPrivilegeError · NamespaceChangedError · SnapshotLostError
│   ├── OplogRolledOverError
├── VaultError
│   ├── StorageUnavailableError · StorageFullError · StorageDeniedError
│   │   └── UnknownStorageHostError · ChangedStorageHostError
│   ├── BlobNotFoundError · BlobExistsError
│   ├── VaultLockedError · ChainTakenError · WrongIdentityError · UnknownFormatError
│   └── CorruptBackupError       what was read is not what was written
│       ├── ManifestCorruptError · SignatureInvalidError · HeaderMalformedError
│       ├── ChunkForgedError · BackupTruncatedError · BlobMismatchError
│       ├── MalformedBsonError · MalformedMetadataError · ContentMismatchError
│       └── MalformedDumpError
├── AtlasError                   Atlas does not do what was asked
│   ├── AtlasUnsupportedError · AtlasDeniedError · AtlasComplianceError
│   └── AtlasConflictError · AtlasBusyError · AtlasRequestError · AtlasWorkFailedError
├── RestoreError
│   ├── TargetNotEmptyError · NamespaceConflictError · ConfirmationMissingError · WriteRefusedError
│   └── PointNotReachableError · ReplayRefusedError · SelfCopyError
├── AlertError                   somebody could not be told, or not as asked
│   └── InvalidChannelError · DeliveryError
├── RetentionError               a backup may not go
│   └── BackupProtectedError
├── SnapshotError                a filesystem snapshot cannot be taken, read or removed
│   └── SnapshotLockError · SnapshotCommandError · SnapshotRefusedError
├── StalledError                 for too long no byte was read or written
└── RunError
    └── RunInterruptedError · RunHungError

RunCancelled(BaseException)       not an error: outside the tree, so `except Exception` lets it by
anything else                     our bug

All stand on this one long page: exit numbers, sentences and what may be retried are found by
walking the tree, so whoever knows its root has to know every leaf.
"""

from typing import ClassVar

Detail = str | int | float | None
COPY_AGAIN = "copy it again from where it came from, or use another dump"


class MangroveError(Exception):
    """Something a person can be told, with what to do about it.

    Attributes:
        code: Stable identifier; front ends choose sentence, action and exit code by it.
        retryable: Whether the same call may succeed later without anybody changing anything.
        hint: What to do next, in one sentence; may be empty.
        details: Named values (host, namespace, path) for reports; never a secret.
    """

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "", **details: Detail) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details


class RunCancelled(BaseException):
    """The person asked the run to stop; whoever catches it cleans up and raises it again."""


class ConfigurationError(MangroveError):
    """Raised when what was asked for makes no sense."""

    code = "configuration"


class InvalidUriError(ConfigurationError):
    """Raised when a connection string cannot be understood."""

    code = "invalid-uri"


class InvalidProfileError(ConfigurationError):
    """Raised when a profile's values contradict each other or are incomplete."""

    code = "invalid-profile"


class InvalidVaultUrlError(ConfigurationError):
    """Raised when a vault's address is of no kind we know or lacks a part."""

    code = "invalid-vault-url"


class InvalidSelectionError(ConfigurationError):
    """Raised when a selection of databases and collections selects nothing or is malformed."""

    code = "invalid-selection"


class NameTakenError(ConfigurationError):
    """Raised when a new profile or vault would take a name that is in use."""

    code = "name-taken"


class DamagedStateError(ConfigurationError):
    """Raised when the file with profiles and history cannot be read as we wrote it."""

    code = "damaged-state"


class InvalidKeyError(ConfigurationError):
    """Raised when a text that should be a recipient, an identity or a signing key is none."""

    code = "invalid-key"


class UnusableDumpError(ConfigurationError):
    """Raised when a path holds no dump we can read, or cannot take the dump we would write."""

    code = "unusable-dump"


class InvalidPolicyError(ConfigurationError):
    """Raised when what a vault shall keep contradicts itself or would keep nothing."""

    code = "invalid-policy"


class InvalidScheduleError(ConfigurationError):
    """Raised when a schedule is neither words nor cron, never comes, or its zone is unknown."""

    code = "invalid-schedule"


class InvalidObjectiveError(ConfigurationError):
    """Raised when an objective is no length of time, or is for what has none."""

    code = "invalid-objective"


class InvalidAssertionError(ConfigurationError):
    """Raised when an assertion asks nothing, or expects what no figure can be."""

    code = "invalid-assertion"


class InvalidAtlasPolicyError(ConfigurationError):
    """Raised when a backup schedule breaks a rule that Atlas enforces."""

    code = "invalid-atlas-policy"


class AutostartError(MangroveError):
    """Raised when the operating system does not take the agent as a service of the user."""

    code = "autostart"


class StateUnavailableError(MangroveError):
    """Raised when the file with profiles and history cannot be used now, though it is whole."""

    code = "state-unavailable"
    retryable = True


class NotFoundError(MangroveError):
    """Raised when a name leads nowhere."""

    code = "not-found"


class ProfileNotFoundError(NotFoundError):
    """Raised when there is no profile of that name."""

    code = "profile-not-found"


class VaultNotFoundError(NotFoundError):
    """Raised when there is no vault of that name, or none at that place."""

    code = "vault-not-found"


class BackupNotFoundError(NotFoundError):
    """Raised when no known vault holds a backup of that id."""

    code = "backup-not-found"


class RunNotFoundError(NotFoundError):
    """Raised when there is no run of that id."""

    code = "run-not-found"


class JobNotFoundError(NotFoundError):
    """Raised when there is no job of that name."""

    code = "job-not-found"


class SnapshotNotFoundError(NotFoundError):
    """Raised when there is no filesystem snapshot of that id."""

    code = "snapshot-not-found"


class AssertionNotFoundError(NotFoundError):
    """Raised when a profile has no assertion of that name."""

    code = "assertion-not-found"


class AtlasNotFoundError(NotFoundError):
    """Raised when Atlas, or we, know no account, project, cluster, snapshot or job so called."""

    code = "atlas-not-found"


class SecretError(MangroveError):
    """Raised when a secret cannot be stored or fetched."""

    code = "secret"


class SecretNotFoundError(SecretError):
    """Raised when the keyring works but does not hold the secret."""

    code = "secret-not-found"


class IdentityMissingError(SecretNotFoundError):
    """Raised when a vault's documents cannot be read here: the key to open it is elsewhere."""

    code = "identity-missing"


class KeyringLockedError(SecretError):
    """Raised when the keyring is locked and nobody could unlock it."""

    code = "keyring-locked"
    retryable = True


class KeyringUnavailableError(SecretError):
    """Raised when this machine offers no usable keyring."""

    code = "keyring-unavailable"


class KeyringLostSecretError(SecretError):
    """Raised when a keyring took a secret and did not give it back."""

    code = "keyring-lost-secret"


class ConnectError(MangroveError):
    """Raised when a server could not be reached or entered."""

    code = "connect"


class ServerUnreachableError(ConnectError):
    """Raised when no server answered at the address within the time limit."""

    code = "server-unreachable"
    retryable = True


class AuthenticationFailedError(ConnectError):
    """Raised when the server refused user name or password."""

    code = "authentication-failed"


class TlsError(ConnectError):
    """Raised when no trusted TLS connection could be made."""

    code = "tls"


class ConnectionLostError(ConnectError):
    """Raised when a server went away in the middle of work."""

    code = "connection-lost"
    retryable = True


class EmbeddedServerError(ConnectError):
    """Raised when the embedded mongod is missing or does not come up."""

    code = "embedded-server"


class AtlasUnreachableError(ConnectError):
    """Raised when Atlas does not answer, or answers that it cannot now."""

    code = "atlas-unreachable"
    retryable = True


class AtlasSignInError(ConnectError):
    """Raised when Atlas refuses the service account or API key, or the address we come from."""

    code = "atlas-sign-in"


class TunnelError(ConnectError):
    """Raised when the SSH tunnel to a server could not be opened."""

    code = "tunnel"


class UnknownHostKeyError(TunnelError):
    """Raised when nobody has said yet that the SSH server's key is the right one."""

    code = "unknown-host-key"


class ChangedHostKeyError(TunnelError):
    """Raised when the SSH server shows another key than the known one: possibly an attack."""

    code = "changed-host-key"


class SourceError(MangroveError):
    """Raised when the server cannot give what was asked."""

    code = "source"


class UnsupportedTopologyError(SourceError):
    """Raised when the deployment's kind does not allow what was asked."""

    code = "unsupported-topology"


class MissingPrivilegeError(SourceError):
    """Raised when the user may not do what the run needs; says which role is missing."""

    code = "missing-privilege"


class NamespaceChangedError(SourceError):
    """Raised when a collection was dropped, recreated or renamed while it was dumped."""

    code = "namespace-changed"
    retryable = True


class SnapshotLostError(SourceError):
    """Raised when the server no longer holds the cluster time that the dump reads at."""

    code = "snapshot-lost"
    retryable = True


class OplogRolledOverError(SourceError):
    """Raised when entries that a backup needs are no longer in the oplog, or never will be."""

    code = "oplog-rolled-over"
    retryable = True


class VaultError(MangroveError):
    """Raised when a vault cannot do what was asked."""

    code = "vault"


class StorageUnavailableError(VaultError):
    """Raised when a storage cannot be reached."""

    code = "storage-unavailable"
    retryable = True


class StorageFullError(VaultError):
    """Raised when a storage has no space left."""

    code = "storage-full"


class StorageDeniedError(VaultError):
    """Raised when a storage refuses us: wrong keys, no permission, a read-only folder."""

    code = "storage-denied"


class UnknownStorageHostError(StorageDeniedError):
    """Raised when nobody has said yet that the key of a vault's SFTP server is the right one."""

    code = "unknown-storage-host"


class ChangedStorageHostError(StorageDeniedError):
    """Raised when a vault's SFTP server shows another key than the known one: maybe an attack."""

    code = "changed-storage-host"


class BlobNotFoundError(VaultError):
    """Raised when a blob is not there."""

    code = "blob-not-found"


class BlobExistsError(VaultError):
    """Raised when a blob would be written over an existing one."""

    code = "blob-exists"


class VaultLockedError(VaultError):
    """Raised when another Mangrove is writing to the vault."""

    code = "vault-locked"
    retryable = True


class ChainTakenError(VaultError):
    """Raised when another capture of the same profile writes to the vault."""

    code = "chain-taken"


class WrongIdentityError(VaultError):
    """Raised when none of our identities opens what was read."""

    code = "wrong-identity"


class UnknownFormatError(VaultError):
    """Raised when a vault or manifest is of a format version we do not know."""

    code = "unknown-format"


class CorruptBackupError(VaultError):
    """Raised when what was read is not what was written."""

    code = "corrupt-backup"


class ManifestCorruptError(CorruptBackupError):
    """Raised when a manifest cannot be parsed or contradicts its place."""

    code = "manifest-corrupt"


class SignatureInvalidError(CorruptBackupError):
    """Raised when a signature does not fit the data, the key or the place."""

    code = "signature-invalid"


class HeaderMalformedError(CorruptBackupError):
    """Raised when an encrypted file's header or armor breaks the age format."""

    code = "header-malformed"


class ChunkForgedError(CorruptBackupError):
    """Raised when an encrypted chunk or header fails its authentication."""

    code = "chunk-forged"


class BackupTruncatedError(CorruptBackupError):
    """Raised when a blob ends before its content does."""

    code = "backup-truncated"


class BlobMismatchError(CorruptBackupError):
    """Raised when a blob's size or SHA-256 differs from the manifest."""

    code = "blob-mismatch"


class MalformedBsonError(CorruptBackupError):
    """Raised when bytes are not BSON; ``details["offset"]`` says where."""

    code = "malformed-bson"


class MalformedMetadataError(CorruptBackupError):
    """Raised when a collection's metadata document cannot be understood."""

    code = "malformed-metadata"


class ContentMismatchError(CorruptBackupError):
    """Raised when count or digest of the content differ from the manifest."""

    code = "content-mismatch"


class MalformedDumpError(CorruptBackupError):
    """Raised when a mongodump directory or archive breaks its format; details say where."""

    code = "malformed-dump"

    def __init__(self, message: str, *, hint: str = COPY_AGAIN, **details: Detail) -> None:
        super().__init__(message, hint=hint, **details)


class AtlasError(MangroveError):
    """Raised when Atlas does not do what was asked."""

    code = "atlas"


class AtlasUnsupportedError(AtlasError):
    """Raised when a cluster's tier or settings do not allow what was asked."""

    code = "atlas-unsupported"


class AtlasDeniedError(AtlasError):
    """Raised when the service account or API key lacks the role for what was asked."""

    code = "atlas-denied"


class AtlasComplianceError(AtlasError):
    """Raised when a backup compliance policy forbids what was asked."""

    code = "atlas-compliance"


class AtlasConflictError(AtlasError):
    """Raised when a cluster is busy with something that does not go with what was asked."""

    code = "atlas-conflict"
    retryable = True


class AtlasBusyError(AtlasError):
    """Raised when Atlas limits how often we may ask, for longer than we wait."""

    code = "atlas-busy"
    retryable = True


class AtlasRequestError(AtlasError):
    """Raised when Atlas calls a request malformed, or answers what we do not understand."""

    code = "atlas-request"


class AtlasWorkFailedError(AtlasError):
    """Raised when a snapshot, restore or download that Atlas had accepted came to nothing."""

    code = "atlas-work-failed"


class RestoreError(MangroveError):
    """Raised when a restore cannot be done as asked."""

    code = "restore"


class TargetNotEmptyError(RestoreError):
    """Raised when a restore would touch existing data and nobody said yes to that."""

    code = "target-not-empty"


class NamespaceConflictError(RestoreError):
    """Raised when two namespaces of a restore would land in one."""

    code = "namespace-conflict"


class ConfirmationMissingError(RestoreError):
    """Raised when a destructive choice lacks its typed confirmation."""

    code = "confirmation-missing"


class SelfCopyError(RestoreError):
    """Raised when collections would be replaced or filled up by a copy of themselves."""

    code = "self-copy"


class WriteRefusedError(RestoreError):
    """Raised when the target refuses a write that no other document could fare better with."""

    code = "write-refused"


class PointNotReachableError(RestoreError):
    """Raised when no backup and no chain of slices lead to the moment asked for."""

    code = "point-not-reachable"


class AlertError(MangroveError):
    """Raised when alerts cannot be told as asked."""

    code = "alert"


class InvalidChannelError(AlertError):
    """Raised when a URL leads to no service that takes messages, or a heartbeat's is none."""

    code = "invalid-channel"


class DeliveryError(AlertError):
    """Raised when a service did not take a message."""

    code = "delivery"
    retryable = True


class AlertNotFoundError(NotFoundError):
    """Raised when no alert or channel is called so."""

    code = "alert-not-found"


class RetentionError(MangroveError):
    """Raised when what retention is asked to do cannot be done."""

    code = "retention"


class BackupProtectedError(RetentionError):
    """Raised when a backup that must stay was to be deleted: a pin, the newest proven one, …."""

    code = "backup-protected"


class ReplayRefusedError(RestoreError):
    """Raised when an oplog cannot be replayed without a result that is wrong somewhere."""

    code = "replay-refused"


class SnapshotError(MangroveError):
    """Raised when a filesystem snapshot cannot be taken, read or removed."""

    code = "snapshot"


class SnapshotLockError(SnapshotError):
    """Raised when writes cannot be held back, or were not until the snapshot was there."""

    code = "snapshot-lock"


class SnapshotCommandError(SnapshotError):
    """Raised when a command of the file system failed or did not end in time."""

    code = "snapshot-command"


class SnapshotRefusedError(SnapshotError):
    """Raised when a snapshot would not hold what a person expects of it."""

    code = "snapshot-refused"


class StalledError(MangroveError):
    """Raised when a server or storage is reached but for too long not a byte came or went."""

    code = "stalled"
    retryable = True


class RunError(MangroveError):
    """Raised when a run as such cannot go on."""

    code = "run"


class RunHungError(RunError):
    """Raised when nothing moved in a run for so long that it was ended."""

    code = "run-hung"


class RunInterruptedError(RunError):
    """Raised when the process that did a run is gone."""

    code = "run-interrupted"
    retryable = True


def is_worth_retrying(code: str) -> bool:
    """Whether what failed with that code may succeed later without anybody changing anything."""
    kinds: list[type[MangroveError]] = [MangroveError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return any(kind.code == code and kind.retryable for kind in kinds)
