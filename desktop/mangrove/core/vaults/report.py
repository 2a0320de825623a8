"""What a check of a whole vault found: what is missing, left over, or not as it should be."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mangrove.core.vaults.object_lock import NOTHING_HIDDEN, Hidden
from mangrove.core.wording import counted, is_or_are

SHOWN_NAMES = 3
BRING_BACK = "a repair brings back what a mirror or an earlier version has; else delete the backup"


class FindingKind(StrEnum):
    """What can be wrong with a vault; the first four cannot be repaired from here."""

    MISSING = "missing"
    CHANGED = "changed"
    UNREADABLE = "unreadable"
    NEWER = "newer version"
    ORPHAN = "orphan"
    DEBRIS = "debris"
    STATEMENT = "statement"
    LOCK = "stale lock"
    UNLISTED = "not in the catalog"
    GONE = "gone"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class VaultFinding:
    """One thing that is not as it should be.

    Attributes:
        subject: A backup, a profile or a blob.
        problem: What is wrong, in a sentence.
        remedy: What a repair does about it; what a person can do where it does nothing.
        names: The blobs concerned; what a repair removes.
    """

    kind: FindingKind
    subject: str
    problem: str
    remedy: str
    names: tuple[str, ...] = ()
    size_bytes: int = 0

    @property
    def is_harm(self) -> bool:
        """Whether a backup cannot be restored as it was."""
        return self.kind in _HARM

    @property
    def is_repairable(self) -> bool:
        """Whether a repair mends it."""
        return self.kind in _REPAIRABLE


_HARM = frozenset(
    {FindingKind.MISSING, FindingKind.CHANGED, FindingKind.UNREADABLE, FindingKind.NEWER}
)
_REPAIRABLE = frozenset(
    {
        FindingKind.ORPHAN,
        FindingKind.DEBRIS,
        FindingKind.STATEMENT,
        FindingKind.UNLISTED,
        FindingKind.GONE,
    }
)


@dataclass(frozen=True, slots=True)
class VaultReport:
    """What a check of a whole vault found.

    Attributes:
        tool_versions: By which Mangrove how many backups were written.
        hidden: Earlier versions that the storage keeps of what was removed or written over.
    """

    objects: int
    size_bytes: int
    backups: int
    slices: int
    findings: tuple[VaultFinding, ...]
    tool_versions: tuple[tuple[str, int], ...] = ()
    hidden: Hidden = NOTHING_HIDDEN

    @property
    def is_sound(self) -> bool:
        """Whether every backup has all it needs."""
        return not any(finding.is_harm for finding in self.findings)


def compare_folder(
    backup: str, expected: Mapping[str, int], found: Mapping[str, int], own: Iterable[str]
) -> list[VaultFinding]:
    """Compare what a manifest lists with what lies in its folder; both map names to sizes.

    Args:
        backup: Its id.
        expected: What the manifest lists.
        found: What the storage lists.
        own: Names that belong there though no manifest lists them.
    """
    missing = [name for name in expected if name not in found]
    changed = [n for n, size in expected.items() if found.get(n, size) != size]
    listed = frozenset(own)
    orphans = [name for name in found if name not in expected and name not in listed]
    findings = []
    if missing:
        findings.append(
            VaultFinding(
                FindingKind.MISSING,
                backup,
                f"{_objects(missing)} of it {is_or_are(len(missing))} not there: {_some(missing)}",
                BRING_BACK,
                tuple(missing),
                sum(expected[n] for n in missing),
            )
        )
    if changed:
        findings.append(
            VaultFinding(
                FindingKind.CHANGED,
                backup,
                f"{_objects(changed)} of it with another size than was written: {_some(changed)}",
                BRING_BACK,
                tuple(changed),
            )
        )
    if orphans:
        findings.append(
            VaultFinding(
                FindingKind.ORPHAN,
                backup,
                f"{_objects(orphans)} in its folder belong to no backup: {_some(orphans)}",
                "a repair removes them",
                tuple(orphans),
                sum(found[n] for n in orphans),
            )
        )
    return findings


def _objects(names: Sequence[str]) -> str:
    return counted(len(names), "object")


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(name.rpartition("/")[2] for name in names[:SHOWN_NAMES])
    return f"{shown}, …" if len(names) > SHOWN_NAMES else shown
