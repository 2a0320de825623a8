"""What mirrors need from a vault, as small protocols."""

from collections.abc import Iterator
from typing import Protocol

from mangrove.core.mirror import MirrorSpec, MirrorState
from mangrove.core.ports import Contents, Passing
from mangrove.core.vault import VaultSpec


class Mirror(Protocol):
    """One mirror of one vault."""

    @property
    def spec(self) -> MirrorSpec:
        """Return what we know of it."""
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

    def open_nearest(self, spec: VaultSpec) -> Contents:
        """Open a vault for reading: from whichever copy is nearest and good."""
        ...
