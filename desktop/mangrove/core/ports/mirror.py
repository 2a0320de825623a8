"""What mirrors need from a vault, as small protocols."""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from mangrove.core.backup import BackupId
from mangrove.core.ports.backup import Contents
from mangrove.core.ports.storage import Passing, as_they_come
from mangrove.core.ports.vault import Vault
from mangrove.core.vaults.mirror import Mended, MirrorSpec, MirrorState, ReadFrom
from mangrove.core.vaults.vault import VaultSpec


class Mirror(Protocol):
    """One mirror of one vault."""

    @property
    def spec(self) -> MirrorSpec:
        """Return what we know of it."""
        ...

    def require_source(self) -> None:
        """Make sure that there is a vault to copy from.

        Raises:
            StorageUnavailableError: If it cannot be reached, or is not where it should be.
        """
        ...

    def greet(self) -> None:
        """Read what says whose mirror it is: a sign of life, before more is asked of it.

        Raises:
            VaultError: As its storage says, or if no vault is there any more.
        """
        ...

    def state(self) -> MirrorState:
        """Compare both listings; a mirror that does not answer is a state, too."""
        ...

    def total_bytes(self) -> int:
        """Return how much ``copy_all`` has to bring."""
        ...

    def copy_all(self, passing: Passing) -> Iterator[str]:
        """Copy what is missing, read each object back and compare it; signatures come last.

        Yields the name of each backup, and of each other object, once it is whole there.

        Raises:
            BlobMismatchError: If the vault does not hold what it signed; the backup concerned
                does not appear in the mirror.
            VaultError: As one of the two storages says. What is whole stays.
        """
        ...

    def copy_below(self, prefix: str, passing: Passing = as_they_come) -> None:
        """Copy what lies below a prefix and is missing there; signatures come last.

        For objects of no backup, such as slices; quick, for nothing else is listed.

        Raises:
            VaultError: As one of the two storages says. What is whole stays.
        """
        ...

    def copy_evidence(self, backup: BackupId) -> None:
        """Copy the evidence of a backup that is missing there; signatures come last.

        A backup that is not there yet is left to ``copy_all``, which brings its evidence, too.

        Raises:
            VaultError: As one of the two storages says. What is whole stays.
        """
        ...

    def as_vault(self) -> Vault:
        """Return it as a vault of its own, for listing and for removing."""
        ...

    def abort(self) -> None:
        """End transfers that block in other threads."""


@runtime_checkable
class ManyCopies(Protocol):
    """Contents that come from several copies of a vault."""

    def read_from(self) -> ReadFrom:
        """Say which copies were read so far, and why another than one would expect."""
        ...


class Mender(Protocol):
    """Brings back into a vault what it lacks; the caller holds the vault's exclusive lock."""

    @property
    def sources(self) -> tuple[str, ...]:
        """What the copies are called that things may come from; empty when there is none."""
        ...

    def mend(self, backup: BackupId, passing: Passing, *, compares: bool = False) -> Mended:
        """Bring back what a backup lacks.

        Args:
            backup: Which one; it may be gone altogether.
            passing: What bytes go through, to be counted or ended.
            compares: Whether the content of what is there is read, too.

        Raises:
            VaultError: The vault's own storage failed us. What was good stays.
        """
        ...

    def mend_slices(self, passing: Passing) -> Mended:
        """Bring back oplog slices whose signature is there without them."""
        ...

    def abort(self) -> None:
        """End transfers that block in other threads."""


class MirrorKeeper(Protocol):
    """Makes and opens mirrors, and reads from the nearest good copy."""

    def create_mirror(self, spec: VaultSpec, mirror: MirrorSpec) -> MirrorSpec:
        """Put ``vault.json`` into an empty storage, or accept a copy of this very vault.

        Returns:
            The mirror, with what its storage says of versions and locks.

        Raises:
            BlobExistsError: If something else is there.
        """
        ...

    def open_mirror(self, spec: VaultSpec, mirror: MirrorSpec) -> Mirror:
        """Open a mirror; secrets are fetched when they are first needed."""
        ...

    def open_mender(self, spec: VaultSpec) -> Mender:
        """Open everything that lost objects may come back from: mirrors, earlier versions."""
        ...

    def open_nearest(self, spec: VaultSpec) -> Contents:
        """Open a vault for reading: from whichever copy is nearest and good."""
        ...
