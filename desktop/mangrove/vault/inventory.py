"""What a listing of a vault's storage means: signed backups, evidence, and debris."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from mangrove.core.backup import BackupId
from mangrove.core.blobs import BlobInfo
from mangrove.core.ports.storage import Storage
from mangrove.core.vaults.vault import OPLOG_DEBRIS, Debris
from mangrove.vault.layout import SIGNATURE_SUFFIX, BackupFolder, is_manifest_signature, owner_of
from mangrove.vault.slices.layout import is_of_oplog, is_signature, slice_in


@runtime_checkable
class HasLeftovers(Protocol):
    """A storage whose interrupted writers leave temporary files."""

    def leftovers(self) -> Iterator[BlobInfo]:
        """Yield them; ``delete`` takes their names."""
        ...


@dataclass(slots=True)
class Shelf:
    """The blobs in one backup's folder."""

    profile_slug: str
    backup: BackupId
    is_signed: bool = False
    blobs: list[BlobInfo] = field(default_factory=list)
    leftovers: list[BlobInfo] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        """What the blobs take, without temporary files."""
        return sum(blob.size_bytes for blob in self.blobs)


@dataclass(slots=True)
class OplogShelf:
    """The slices and breaks of one profile, with what is signed told from what is not."""

    profile_slug: str
    blobs: dict[str, BlobInfo] = field(default_factory=dict)

    @property
    def slices(self) -> int:
        """How many signed slices."""
        return sum(is_signature(name) and slice_in(name) is not None for name in self.blobs)

    @property
    def signed_bytes(self) -> int:
        """What signed objects and their signatures take."""
        return sum(b.size_bytes for b in self.blobs.values()) - sum(
            b.size_bytes for b in self.loose
        )

    @property
    def loose(self) -> tuple[BlobInfo, ...]:
        """Objects without a signature beside them."""
        return tuple(
            info
            for name, info in self.blobs.items()
            if not is_signature(name) and name + SIGNATURE_SUFFIX not in self.blobs
        )


@dataclass(slots=True)
class Inventory:
    """Everything of ours in a storage.

    Attributes:
        shelves: One per folder that is named like a backup, newest id first.
        strays: Temporary files outside unsigned backup folders.
        oplog: The slices and breaks of each profile.
    """

    shelves: tuple[Shelf, ...]
    strays: tuple[BlobInfo, ...]
    oplog: tuple["OplogShelf", ...] = ()

    @property
    def signed(self) -> tuple[Shelf, ...]:
        """The folders that are backups."""
        return tuple(shelf for shelf in self.shelves if shelf.is_signed)

    @property
    def debris(self) -> tuple[Debris, ...]:
        """What belongs to no signed backup; objects that are not ours are not counted."""
        unsigned = [shelf for shelf in self.shelves if not shelf.is_signed]
        found = [_debris(s.profile_slug, s.backup, (*s.blobs, *s.leftovers)) for s in unsigned]
        loose = [_debris(s.profile_slug, OPLOG_DEBRIS, s.loose) for s in self.oplog if s.loose]
        return (*found, *loose, *([_debris("", "", self.strays)] if self.strays else ()))

    def pieces(self, debris: Debris) -> tuple[BlobInfo, ...]:
        """Return the objects that a piece of debris consists of now; none of a signed backup."""
        if not debris.backup:
            return self.strays
        if debris.backup == OPLOG_DEBRIS:
            own = (s for s in self.oplog if s.profile_slug == debris.profile_slug)
            return tuple(blob for s in own for blob in s.loose)
        shelves = [s for s in self.shelves if s.backup == debris.backup and not s.is_signed]
        return tuple(blob for s in shelves for blob in (*s.blobs, *s.leftovers))


def take_inventory(storage: Storage, listing: Iterable[BlobInfo] | None = None) -> Inventory:
    """List a storage, unless that was done already, and sort what is found."""
    shelves: dict[tuple[str, BackupId], Shelf] = {}
    oplog: dict[str, OplogShelf] = {}
    for info in storage.list() if listing is None else listing:
        if is_of_oplog(info.name):
            slug = info.name.partition("/")[0]
            oplog.setdefault(slug, OplogShelf(slug)).blobs[info.name] = info
        elif owner := owner_of(info.name):
            shelf = shelves.setdefault(owner, Shelf(*owner))
            shelf.blobs.append(info)
            shelf.is_signed = shelf.is_signed or is_manifest_signature(info.name)
    strays = _sort_leftovers(storage, shelves)
    newest_first = sorted(shelves.values(), key=lambda shelf: shelf.backup, reverse=True)
    return Inventory(tuple(newest_first), strays, tuple(oplog.values()))


def debris_in(storage: Storage, folder: BackupFolder) -> Debris | None:
    """Return what lies in the folder of one backup, if that is not signed; nothing else is listed.

    Temporary files of a folder on a disk are not among it: a check of the whole vault finds them.
    """
    found = tuple(storage.list(folder.path))
    if not found or any(is_manifest_signature(info.name) for info in found):
        return None
    return _debris(folder.path.partition("/")[0], folder.backup, found)


def _sort_leftovers(
    storage: Storage, shelves: dict[tuple[str, BackupId], Shelf]
) -> tuple[BlobInfo, ...]:
    strays: list[BlobInfo] = []
    for info in storage.leftovers() if isinstance(storage, HasLeftovers) else ():
        owner = owner_of(info.name)
        shelf = shelves.setdefault(owner, Shelf(*owner)) if owner else None
        if shelf is None or shelf.is_signed:
            strays.append(info)
        else:
            shelf.leftovers.append(info)
    return tuple(strays)


def _debris(slug: str, backup: str, blobs: Iterable[BlobInfo]) -> Debris:
    found = tuple(blobs)
    moments: list[datetime] = [b.modified_at for b in found if b.modified_at is not None]
    size = sum(blob.size_bytes for blob in found)
    return Debris(slug, backup, len(found), size, max(moments, default=None))
