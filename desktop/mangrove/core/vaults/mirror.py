"""Mirrors: more copies of a vault, each in a place of its own, and what is known of each."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from mangrove.core.backup import BackupId
from mangrove.core.secret import SecretRef
from mangrove.core.vaults.object_lock import Keeping, ObjectLock
from mangrove.core.wording import counted, is_or_are


@dataclass(frozen=True, slots=True)
class MirrorSpec:
    """One more copy of a vault, as this workstation knows it; it holds what the vault holds.

    Attributes:
        mirror_id: Names its keyring entry.
        url: As the person gave it, without keys.
        access_key, has_storage_secret, object_lock, keeping: As in ``VaultSpec``.
    """

    mirror_id: str
    name: str
    url: str
    access_key: str = ""
    has_storage_secret: bool = False
    object_lock: ObjectLock | None = None
    keeping: Keeping | None = None


@dataclass(frozen=True, slots=True)
class MirrorState:
    """What a comparison of a mirror with its vault found; only listings were read.

    Attributes:
        problem: Why it could not be compared; then nothing else is known.
        backups: Signed ones that are whole there.
        late: Signed in the vault, and missing or not whole in the mirror.
        late_objects: Other objects that are missing there: oplog slices, statements.
        late_evidence: Files of evidence, signatures among them, that are missing there for
            backups that are whole.
        late_bytes: What a copy would bring there.
        surplus: Signed in the mirror and gone from the vault: pruned, or lost.
        lost: Signed in both, and the mirror has objects of them that the vault lacks.
    """

    name: str
    url: str
    problem: str = ""
    backups: int = 0
    late: tuple[BackupId, ...] = ()
    late_objects: int = 0
    late_evidence: int = 0
    late_bytes: int = 0
    surplus: tuple[BackupId, ...] = ()
    lost: tuple[BackupId, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether everything of the vault is there."""
        return not (self.problem or self.is_late or self.late_evidence)

    @property
    def is_late(self) -> bool:
        """Whether something is missing there that a recovery may need; evidence is not."""
        return bool(self.late or self.late_objects)

    @property
    def sentence(self) -> str:
        """How the mirror stands, in a few words."""
        if self.problem:
            return f"unknown: {self.problem}"
        if self.is_complete:
            return "holds everything"
        evidence = counted(self.late_evidence, "evidence file")
        if not self.is_late:
            verb = is_or_are(self.late_evidence)
            return f"holds every backup; {evidence} {verb} still to be copied"
        parts = (
            counted(len(self.late), "backup") if self.late else "",
            counted(self.late_objects, "other object") if self.late_objects else "",
            evidence if self.late_evidence else "",
        )
        said = [part for part in parts if part]
        lacking = len(self.late) + self.late_objects + self.late_evidence
        return f"LATE: {' and '.join(said)} {is_or_are(lacking)} missing"


def given_back(
    states: Iterable[MirrorState], missed: Collection[BackupId]
) -> dict[BackupId, tuple[str, ...]]:
    """Return the backups of which mirrors have what the vault lacks, newest first, and which do.

    Args:
        states: How the mirrors stand.
        missed: Backups that were seen in the vault, are gone altogether, and nobody deleted.
    """
    found: dict[BackupId, tuple[str, ...]] = {}
    for state in states:
        for backup in (*state.lost, *(b for b in state.surplus if b in missed)):
            found[backup] = (*found.get(backup, ()), state.name)
    return dict(sorted(found.items(), reverse=True))


@dataclass(frozen=True, slots=True)
class Mended:
    """What was brought back into a vault from its other copies.

    Attributes:
        sources: The copies it came from.
        problem: What could not be brought back; "" when nothing is missing any more.
    """

    objects: int = 0
    size_bytes: int = 0
    sources: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ReadFrom:
    """Where something was read from, where that was not simply the vault.

    Attributes:
        notes: Sentences for the log: another copy was nearer.
        warnings: Sentences for the result: a copy was away, or lacked or had damaged something.
    """

    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def mirror_key_ref(vault_id: str, mirror_id: str) -> SecretRef:
    """Name the keyring entry of what opens a mirror's storage."""
    return SecretRef(f"vault/{vault_id}/mirror/{mirror_id}/storage-key")
