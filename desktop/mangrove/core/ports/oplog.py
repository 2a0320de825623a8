"""Where the oplog is read, and where its slices are kept."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from mangrove.core.deployment import ServerFacts
from mangrove.core.oplog import OplogExtent, OplogPosition, OplogTimestamp
from mangrove.core.pitr.slices import ChainBreak, NewSlice, OplogSlice
from mangrove.core.ports.storage import Passing
from mangrove.core.vaults.object_lock import Hidden


class OplogSource(Protocol):
    """The oplog of a deployment; only what a majority of the nodes holds is ever seen.

    Source: MongoDB manual, "Read Concern majority": what it returns cannot be rolled back.
    """

    def facts(self) -> ServerFacts:
        """Return what the server is."""
        ...

    def extent(self) -> OplogExtent:
        """Return the oldest and the newest entry.

        Raises:
            UnsupportedTopologyError: If the deployment has no oplog that can be read.
            MissingPrivilegeError: Naming the role.
        """
        ...

    def read(self, start: OplogTimestamp) -> Iterator[bytes]:
        """Yield all entries from a timestamp on, that one included, up to the newest.

        Shapes: chunks of whole BSON documents in oplog order, at most 16 MiB, maybe none.
        Errors: ConnectionLostError; also when entries roll out of the oplog while it is read.
        """
        ...

    def newest_before(self, end: OplogTimestamp, term: int | None = None) -> OplogPosition | None:
        """Return the newest entry that is not after a timestamp; None if none is left.

        Args:
            end: May itself be the entry.
            term: Only entries of this or an earlier term.
        """
        ...

    def reconnect(self) -> str:
        """Find the deployment again, as ``OpenDump.reconnect`` does."""
        ...

    def abort(self) -> None:
        """End calls that block in other threads, as ``DumpSource.abort`` does."""


class SliceShelf(Protocol):
    """The oplog slices of a vault. A slice's bytes are read with ``Vault.read(slice.blob)``."""

    def keep(self, piece: NewSlice, packed: Iterable[bytes]) -> OplogSlice:
        """Encrypt and store a slice, read it back, compare it, and sign it last.

        Args:
            piece: What is inside; the signature will say so.
            packed: The compressed entries.

        Raises:
            ChainTakenError: If somebody else already stored what follows the same entry.
        Errors: whatever ends it, no signed slice stays; what stays unsigned is debris.
        """
        ...

    def all(self, profile_slug: str = "") -> Iterator[OplogSlice]:
        """Yield every slice of a profile, or of all, by its signature; unusable ones as such."""
        ...

    def newest(self, profile_slug: str) -> OplogSlice | None:
        """Return the last slice of the youngest chain whose signature holds."""
        ...

    def survey(self, known: Iterable[OplogSlice]) -> Iterator[OplogSlice]:
        """Yield every slice as ``all`` does; only the unknown ones are read."""
        ...

    def remove(self, name: str) -> Hidden:
        """Remove a slice, its signature first; returns what the storage still holds of it."""
        ...

    def rewrap(self, piece: OplogSlice, passing: Passing) -> OplogSlice | None:
        """Give a slice to the present recipients and sign it with the present key.

        Returns:
            The slice as it is now; None if it was so already.

        Raises:
            IdentityMissingError, WrongIdentityError: It cannot be opened here; it is as it was.
            CorruptBackupError: It is damaged; it is as it was.
        """
        ...

    def keep_break(self, cut: ChainBreak) -> None:
        """Store a moment that no replay may cross, signed."""
        ...

    def breaks(self, profile_slug: str = "") -> Iterator[ChainBreak]:
        """Yield the breaks of a profile, or of all, whose signature holds."""
        ...
