"""One mirror of a vault: what is missing there, and how it gets there object by object.

What is stored is encrypted and signed already, so a copy is the same bytes under the same names.
A backup's signature is copied last, so the mirror never holds a backup that is not whole.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from mangrove.core.backup import BackupId
from mangrove.core.blobs import BlobInfo, BlobName
from mangrove.core.errors import (
    BlobNotFoundError,
    CorruptBackupError,
    MangroveError,
    StorageUnavailableError,
    VaultNotFoundError,
)
from mangrove.core.manifest import StoredBlob
from mangrove.core.ports.storage import Passing, Storage, as_they_come
from mangrove.core.ports.vault import Vault
from mangrove.core.vaults.mirror import MirrorSpec, MirrorState
from mangrove.core.vaults.vault import VaultSpec
from mangrove.vault.descriptor import read_descriptor, settle_descriptor
from mangrove.vault.inventory import Shelf, take_inventory
from mangrove.vault.layout import (
    DESCRIPTOR,
    LOCKS_PATH,
    NEXT_DESCRIPTOR,
    SEALED_SUFFIX,
    SEQUENCE_PATH,
    SIGNATURE_SUFFIX,
    folder_of,
    generation_of,
    in_generation,
    is_manifest_signature,
    is_of_evidence,
    owner_of,
)
from mangrove.vault.transfer import Meter, compare_blob

log = logging.getLogger(__name__)
_OF_ONE_COPY = (LOCKS_PATH, SEQUENCE_PATH)


@dataclass(frozen=True, slots=True)
class _Missing:
    """What a mirror lacks: backups with their objects in the order to copy, and the rest.

    Attributes:
        evidence: Evidence of backups that are whole but for it.
    """

    backups: dict[BackupId, tuple[BlobInfo, ...]]
    evidence: tuple[BlobInfo, ...]
    others: tuple[BlobInfo, ...]
    surplus: tuple[BackupId, ...]
    whole: int

    @property
    def size_bytes(self) -> int:
        """What all of it takes."""
        of_backups = (info for infos in self.backups.values() for info in infos)
        return sum(info.size_bytes for info in (*of_backups, *self.evidence, *self.others))


@dataclass(frozen=True, slots=True)
class _Listing:
    """What lies in a storage, and which backups in it are signed, newest first."""

    infos: tuple[BlobInfo, ...]
    signed: dict[BackupId, Shelf]


class StoredMirror:
    """A mirror in a storage, beside the vault it is of.

    Args:
        vault: What the vault is, and which keys are trusted.
        spec: The mirror.
        open_vault: Opens the vault, for its signed manifests.
        open_copy: Opens what lies in a storage as a vault of its own.
        open_storages: Opens the storage of the vault and that of the mirror.
    """

    def __init__(
        self,
        vault: VaultSpec,
        spec: MirrorSpec,
        open_vault: Callable[[], Vault],
        open_copy: Callable[[Callable[[], Storage]], Vault],
        open_storages: tuple[Callable[[], Storage], Callable[[], Storage]],
    ) -> None:
        self._vault_spec, self._spec = vault, spec
        self._open_vault, self._open_copy = open_vault, open_copy
        self._open_source, self._open_target = open_storages
        self._opened: dict[str, Storage] = {}
        self._found: _Missing | None = None

    @property
    def spec(self) -> MirrorSpec:
        """Return what we know of it."""
        return self._spec

    def abort(self) -> None:
        """End transfers that block in other threads."""
        for storage in tuple(self._opened.values()):
            storage.abort()

    def require_source(self) -> None:
        """Make sure that there is a vault to copy from."""
        try:
            read_descriptor(self._source())
        except (StorageUnavailableError, VaultNotFoundError) as error:
            raise StorageUnavailableError(
                f"the vault {self._vault_spec.name} cannot be read: {error.message}",
                hint=error.hint,
            ) from error

    def greet(self) -> None:
        """Read what says whose mirror it is: a sign of life, before more is asked of it."""
        read_descriptor(self._storages()[1])

    def state(self) -> MirrorState:
        """Compare both listings; a mirror that does not answer is a state, too."""
        try:
            here, there = self._listings()
            found = self._compared(here, there)
            lost = tuple(self._lost(here, there))
        except MangroveError as error:
            return MirrorState(self._spec.name, self._spec.url, problem=error.message)
        return MirrorState(
            name=self._spec.name,
            url=self._spec.url,
            backups=found.whole,
            late=tuple(found.backups),
            late_objects=len(found.others),
            late_evidence=len(found.evidence),
            late_bytes=found.size_bytes,
            surplus=found.surplus,
            lost=lost,
        )

    def _lost(self, here: _Listing, there: _Listing) -> Iterator[BackupId]:
        """Yield the backups of which the vault lacks objects that its mirror has."""
        names = {info.name for info in here.infos}
        passed = names | _former((info.name for info in there.infos), names).keys()
        for backup, shelf in there.signed.items():
            more = {i.name for i in shelf.blobs if i.name not in passed}
            more = {name for name in more if not is_of_evidence(name)}
            if more and backup in here.signed and self._needs(backup, more):
                yield backup

    def _needs(self, backup: BackupId, names: Collection[str]) -> bool:
        """Whether a backup lacks one of these: its manifest lists it, or cannot be read itself."""
        try:
            return any(blob.name in names for blob in self._open_vault().manifest(backup).blobs)
        except CorruptBackupError:
            return True

    def total_bytes(self) -> int:
        """Return how much ``copy_all`` has to bring."""
        self._found = self._missing()
        return self._found.size_bytes

    def copy_all(self, passing: Passing) -> Iterator[str]:
        """Copy what is missing, read each object back and compare it; signatures come last."""
        found = self._found or self._missing()
        self._found = None
        source, target = self._storages()
        settle_descriptor(target, self._vault_spec)
        damaged: CorruptBackupError | None = None
        for backup, infos in found.backups.items():
            try:
                listed = {b.name: b for b in self._open_vault().manifest(backup).blobs}
                for info in infos:
                    _copy(source, target, info, listed.get(info.name), passing)
            except CorruptBackupError as error:
                damaged = damaged or error  # it keeps no other from being copied
                continue
            log.info("backup mirrored backup=%s mirror=%s", backup, self._spec.mirror_id)
            yield backup
        for info in (*found.evidence, *found.others):
            _copy(source, target, info, None, passing)
            yield info.name
        if damaged is not None:
            raise damaged
        self._let_go_of_former()

    def _let_go_of_former(self) -> None:
        """Remove what a re-wrap has replaced in the vault: others could open it still.

        Only where the vault has a later generation that is signed; nobody else can make one.
        """
        source, target = self._storages()
        here = {info.name for info in source.list()}
        former = _former((info.name for info in target.list()), here)
        if not former:
            return
        vault, good = self._open_vault(), set[str]()
        for owner in {owner_of(name) for name in former} - {None}:
            if owner is not None:
                vault.manifest(owner[1])  # or nothing is removed
                good.add(f"{owner[0]}/{owner[1]}/")
        good |= {p.blob.name for p in vault.slices().all() if p.is_usable}
        for name, later in sorted(former.items(), key=lambda pair: -_rank(pair[0])):
            if later in good or any(later.startswith(folder) for folder in good):
                target.delete(BlobName(name))

    def copy_below(self, prefix: str, passing: Passing = as_they_come) -> None:
        """Copy what lies below a prefix and is missing there; signatures come last."""
        source, target = self._storages()
        there = {info.name: info.size_bytes for info in target.list(prefix)}
        for info in _lacking(list(source.list(prefix)), there):
            _copy(source, target, info, None, passing)

    def copy_evidence(self, backup: BackupId) -> None:
        """Copy the evidence of a backup that is missing there; signatures come last."""
        folder = folder_of(backup, sealed=self._vault_spec.is_encrypted)
        manifest = f"{folder.path}manifest"
        if any(is_manifest_signature(i.name) for i in self._storages()[1].list(manifest)):
            self.copy_below(folder.evidence_path)

    def as_vault(self) -> Vault:
        """Return it as a vault of its own, for listing and for removing."""
        return self._open_copy(lambda: self._storages()[1])

    def _storages(self) -> tuple[Storage, Storage]:
        return self._source(), self._once("target", self._open_target)

    def _source(self) -> Storage:
        return self._once("source", self._open_source)

    def _once(self, which: str, opening: Callable[[], Storage]) -> Storage:
        if which not in self._opened:
            self._opened[which] = opening()
        return self._opened[which]

    def _missing(self) -> _Missing:
        return self._compared(*self._listings())

    def _listings(self) -> tuple[_Listing, _Listing]:
        source, target = self._storages()
        return _listed(source), _listed(target)

    def _compared(self, here: _Listing, there: _Listing) -> _Missing:
        sizes = {info.name: info.size_bytes for info in there.infos}
        lacks = {
            backup: lacking
            for backup, shelf in reversed(here.signed.items())
            if (lacking := _lacking(shelf.blobs, sizes))
        }
        proofs = [lacks.pop(b) for b, infos in list(lacks.items()) if _is_evidence_only(infos)]
        loose = [i for i in here.infos if _is_shared(i.name) and owner_of(i.name) is None]
        return _Missing(
            backups=lacks,
            evidence=tuple(info for infos in proofs for info in infos),
            others=_lacking(loose, sizes),
            surplus=tuple(sorted(there.signed.keys() - here.signed.keys())),
            whole=len(there.signed.keys() & here.signed.keys() - lacks.keys()),
        )


def _listed(storage: Storage) -> _Listing:
    infos = tuple(storage.list())
    signed = take_inventory(storage, infos).signed
    return _Listing(infos, {shelf.backup: shelf for shelf in signed})


def _former(there: Iterable[str], here: Collection[str]) -> dict[str, str]:
    """Return the names in a mirror of which the vault has a later generation only, with that."""
    latest: dict[str, str] = {}
    for name in here:
        if name.endswith(SEALED_SUFFIX) and (number := generation_of(name)):
            stem = in_generation(name, 0)
            if number >= generation_of(latest.get(stem, "")):
                latest[stem] = name
    found = {}
    for name in there:
        sealed = name.removesuffix(SIGNATURE_SUFFIX)
        is_sealed = sealed.endswith(SEALED_SUFFIX) and name not in here
        later = latest.get(in_generation(sealed, 0)) if is_sealed else None
        if later is not None and generation_of(sealed) < generation_of(later):
            found[name] = later
    return found


def _is_shared(name: str) -> bool:
    """Whether an object belongs to every copy: locks and claimed numbers are of one alone."""
    return name not in (DESCRIPTOR, NEXT_DESCRIPTOR) and not name.startswith((*_OF_ONE_COPY, "."))


def _lacking(infos: list[BlobInfo], there: dict[BlobName, int]) -> tuple[BlobInfo, ...]:
    """Return what is missing or of another size, what proves the rest last."""
    found = [info for info in infos if there.get(info.name) != info.size_bytes]
    return tuple(sorted(found, key=lambda info: (_rank(info.name), info.name)))


def _is_evidence_only(infos: Iterable[BlobInfo]) -> bool:
    return all(is_of_evidence(info.name) for info in infos)


def _rank(name: str) -> int:
    if is_manifest_signature(name):
        return 2
    return int(name.endswith(SIGNATURE_SUFFIX))


def _copy(
    source: Storage,
    target: Storage,
    info: BlobInfo,
    signed: StoredBlob | None,
    passing: Passing,
) -> None:
    """Copy one object and read the copy back.

    Raises:
        BlobMismatchError: If the source does not hold what was signed, or the copy differs.
    """
    meter = Meter()

    def chunks() -> Iterator[bytes]:
        yield from passing(meter.through(source.get(info.name)))
        if signed is not None:
            meter.check(signed)  # before the copy appears under its name

    there = next((f for f in target.list(info.name) if f.name == info.name), None)
    is_sized = there is not None and there.size_bytes == info.size_bytes
    if is_sized and _is_same(source, target, info.name, passing):
        return  # another run brought it meanwhile
    if there is not None:
        target.delete(info.name)  # no copy of anything
    try:
        target.put(info.name, chunks())
    except BlobNotFoundError:
        log.info("gone while it was mirrored blob=%s", info.name)  # pruned meanwhile
        return
    compare_blob(target, StoredBlob(info.name, meter.size_bytes, meter.sha256, 0))


def _is_same(source: Storage, target: Storage, name: BlobName, passing: Passing) -> bool:
    """Whether both hold the same under a name."""
    here, there = Meter(), Meter()
    for meter, storage in ((here, source), (there, target)):
        for _ in passing(meter.through(storage.get(name))):
            pass
    return here.sha256 == there.sha256
