"""Mirrors: what is copied and in which order, what is refused, and where a read falls back to."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import pytest
from typing_extensions import override

from fakes.memory_storage import MemoryStorage
from fakes.vaults import SLUG, TestVault, evidence_for, new_id, new_vault, write_backup
from mangrove.core.backup import BackupId
from mangrove.core.blobs import BlobName
from mangrove.core.errors import (
    BackupNotFoundError,
    BlobExistsError,
    BlobMismatchError,
    StorageUnavailableError,
    VaultNotFoundError,
)
from mangrove.core.ports.backup import Contents
from mangrove.core.ports.storage import Storage, as_they_come
from mangrove.core.secret import Secret
from mangrove.core.vaults.mirror import MirrorSpec, MirrorState, given_back
from mangrove.core.vaults.url import StorageAddress, parse_vault_url
from mangrove.core.vaults.vault import VaultSpec
from mangrove.vault.keeper import VaultFactory
from mangrove.vault.layout import DESCRIPTOR, is_manifest_signature
from mangrove.vault.mirrors.keeper import MirrorFactory

MIRROR = MirrorSpec("0001", "cellar", "s3://cellar")
OTHER = MirrorSpec("0002", "bank", "s3://bank")


class Recording(MemoryStorage):
    """Notes what is put, in order; may refuse names, or be gone."""

    def __init__(self) -> None:
        super().__init__()
        self.puts: list[str] = []
        self.refuses: Callable[[str], bool] = lambda _: False
        self.is_gone = False

    @override
    def put(self, name: BlobName, chunks: Iterable[bytes]) -> int:
        if self.refuses(name):
            raise StorageUnavailableError("the line broke")
        size = super().put(name, chunks)
        self.puts.append(name)
        return size

    @override
    def get(self, name: BlobName) -> Iterator[bytes]:
        if self.is_gone:
            raise StorageUnavailableError("the house is gone")
        return super().get(name)

    @override
    def list(self, prefix: str = "") -> Iterator[object]:  # type: ignore[override]  # narrower
        if self.is_gone:
            raise StorageUnavailableError("the house is gone")
        return super().list(prefix)


@dataclass(slots=True)
class Pair:
    """A vault, its spec with two mirrors, and the three storages."""

    vault: TestVault
    spec: VaultSpec
    own: Recording
    cellar: Recording
    bank: Recording
    factory: MirrorFactory

    def bring(self, mirror: MirrorSpec = MIRROR) -> list[str]:
        return [*self.factory.open_mirror(self.spec, mirror).copy_all(as_they_come)]

    def nearest(self) -> Contents:
        return self.factory.open_nearest(self.spec)


@pytest.fixture
def pair() -> Pair:
    own, cellar, bank = Recording(), Recording(), Recording()
    vault = new_vault(own)
    spec = replace(vault.spec, mirrors=(MIRROR, OTHER))
    places: dict[str, Storage] = {"cellar": cellar, "bank": bank}

    def open_at(address: StorageAddress, _key: str, _secret: Secret | None) -> Storage:
        return places.get(address.root, own)

    vaults = VaultFactory(vault.secrets, vault.factory._clock, open_at)
    factory = MirrorFactory(vaults, vault.secrets, open_at)
    for mirror in spec.mirrors:
        factory.create_mirror(spec, mirror)
    return Pair(vault, spec, own, cellar, bank, factory)


def damage(storage: MemoryStorage, backup: BackupId) -> str:
    """Flip a bit in a segment of a backup; returns its name."""
    name = min(n for n in storage._blobs if backup in n and n.endswith(".bson.zst.age"))
    content = bytearray(storage._blobs[name])
    content[-20] ^= 1
    storage._blobs[name] = bytes(content)
    return name


def test_a_backup_is_copied_as_it_is_and_its_signature_comes_last(pair: Pair) -> None:
    record = write_backup(pair.vault)

    assert pair.bring() == [record.backup]

    assert is_manifest_signature(pair.cellar.puts[-1])
    for name in pair.cellar.puts:
        assert pair.cellar._blobs[BlobName(name)] == pair.own._blobs[BlobName(name)]
    assert not any(name.startswith(("_locks/", "_sequence/")) for name in pair.cellar._blobs)


def test_a_mirror_that_has_everything_is_left_alone(pair: Pair) -> None:
    write_backup(pair.vault)
    pair.bring()
    pair.cellar.puts.clear()

    assert pair.bring() == []

    assert pair.cellar.puts == []
    state = pair.factory.open_mirror(pair.spec, MIRROR).state()
    assert (state.is_complete, state.backups, state.late_bytes) == (True, 1, 0)


def test_a_late_mirror_says_what_it_lacks(pair: Pair) -> None:
    record = write_backup(pair.vault)

    state = pair.factory.open_mirror(pair.spec, MIRROR).state()

    assert state.late == (record.backup,)
    assert state.late_bytes > 0
    assert "LATE" in state.sentence


def test_a_copy_that_breaks_off_is_no_backup_and_goes_on_where_it_was(pair: Pair) -> None:
    record = write_backup(pair.vault)
    pair.cellar.refuses = lambda name: name.endswith("manifest.json.age")

    with pytest.raises(StorageUnavailableError):
        pair.bring()
    before = list(pair.cellar.puts)
    assert not any(is_manifest_signature(name) for name in pair.cellar._blobs)
    pair.cellar.refuses = lambda _: False

    assert pair.bring() == [record.backup]
    assert not set(before[1:]) & set(pair.cellar.puts[len(before) :])


def test_what_the_vault_has_damaged_is_not_spread(pair: Pair) -> None:
    record = write_backup(pair.vault)
    name = damage(pair.own, record.backup)

    with pytest.raises(BlobMismatchError):
        pair.bring()

    assert name not in pair.cellar._blobs
    assert not any(is_manifest_signature(n) for n in pair.cellar._blobs)


def test_an_object_that_was_cut_short_in_the_mirror_is_replaced(pair: Pair) -> None:
    record = write_backup(pair.vault)
    pair.bring()
    name = damage(pair.cellar, record.backup)
    pair.cellar._blobs[BlobName(name)] = pair.cellar._blobs[BlobName(name)][:-1]
    assert pair.factory.open_mirror(pair.spec, MIRROR).state().late == (record.backup,)

    pair.bring()

    assert pair.cellar._blobs[BlobName(name)] == pair.own._blobs[BlobName(name)]


def test_what_is_gone_from_the_vault_stays_in_the_mirror_and_is_told(pair: Pair) -> None:
    record = write_backup(pair.vault)
    pair.bring()
    for name in [n for n in pair.own._blobs if record.backup in n]:
        pair.own.delete(name)

    assert pair.bring() == []

    state = pair.factory.open_mirror(pair.spec, MIRROR).state()
    assert state.surplus == (record.backup,)
    assert pair.nearest().manifest(record.backup).backup == record.backup


def test_a_mirror_that_does_not_answer_is_a_state_and_no_silence(pair: Pair) -> None:
    pair.cellar.is_gone = True

    state = pair.factory.open_mirror(pair.spec, MIRROR).state()

    assert not state.is_complete
    assert "gone" in state.sentence


def test_a_mirror_must_be_empty_or_of_this_very_vault(pair: Pair) -> None:
    pair.factory.create_mirror(pair.spec, MIRROR)  # again: it is ours
    stranger = new_vault(vault_id="d4e5f6")
    pair.bank._blobs = dict(stranger.memory._blobs)
    with pytest.raises(VaultNotFoundError):
        pair.factory.create_mirror(pair.spec, OTHER)
    pair.bank._blobs = {BlobName("holiday.jpg"): b"x"}

    with pytest.raises(BlobExistsError):
        pair.factory.create_mirror(pair.spec, OTHER)


def test_a_damaged_blob_is_read_from_the_next_copy(pair: Pair) -> None:
    record = write_backup(pair.vault)
    pair.bring()
    expected = [*pair.own._blobs.items()]
    damage(pair.own, record.backup)
    contents = pair.nearest()

    manifest = contents.manifest(record.backup)
    for blob in manifest.blobs:
        contents.compare(blob)
        assert b"".join(contents.read(blob))

    assert dict(expected).keys() == pair.own._blobs.keys()


def test_a_vault_that_is_gone_is_read_from_its_mirror(pair: Pair) -> None:
    record = write_backup(pair.vault)
    pair.bring(OTHER)
    pair.own.is_gone = True
    contents = pair.nearest()

    manifest = contents.manifest(record.backup)

    contents.require_key(manifest)
    assert all(b"".join(contents.read(blob)) for blob in manifest.blobs)


def test_damaged_everywhere_is_damaged(pair: Pair) -> None:
    record = write_backup(pair.vault)
    pair.bring()
    pair.bring(OTHER)
    names = {damage(storage, record.backup) for storage in (pair.own, pair.cellar, pair.bank)}
    contents = pair.nearest()
    (segment,) = [b for b in contents.manifest(record.backup).blobs if b.name in names]

    with pytest.raises(BlobMismatchError):
        contents.compare(segment)


def test_a_backup_that_no_copy_has_is_not_found(pair: Pair) -> None:
    with pytest.raises(BackupNotFoundError):
        pair.nearest().manifest(new_id(3))


def test_a_folder_is_nearer_than_a_bucket() -> None:
    from mangrove.vault.mirrors.nearest import distance  # noqa: PLC0415

    urls = ["rclone://drive", "s3://b", "sftp://a@nas/x", "file:///x"]
    assert sorted(urls, key=distance) == ["file:///x", "sftp://a@nas/x", "rclone://drive", "s3://b"]
    assert all(parse_vault_url(url) for url in urls)


def test_evidence_alone_makes_no_mirror_late_and_comes_by_itself(pair: Pair) -> None:
    record = write_backup(pair.vault)
    pair.bring()
    mirror = pair.factory.open_mirror(pair.spec, MIRROR)
    pair.vault.open().keep_evidence(evidence_for(record.backup))

    state = mirror.state()
    mirror.copy_evidence(record.backup)

    assert (state.late, state.late_evidence, state.is_late, state.backups) == ((), 2, False, 1)
    assert state.sentence == "holds every backup; 2 evidence files are still to be copied"
    assert mirror.state().is_complete
    assert pair.cellar.puts[-1].endswith(".minisig")


def test_evidence_of_a_backup_that_a_mirror_lacks_waits_for_the_backup(pair: Pair) -> None:
    record = write_backup(pair.vault)
    pair.vault.open().keep_evidence(evidence_for(record.backup))
    mirror = pair.factory.open_mirror(pair.spec, MIRROR)
    pair.cellar.puts.clear()

    mirror.copy_evidence(record.backup)

    assert pair.cellar.puts == []
    assert mirror.state().late == (record.backup,)
    assert pair.bring() == [record.backup]
    assert mirror.state().is_complete


def test_evidence_that_stayed_behind_comes_with_the_next_copy(pair: Pair) -> None:
    record = write_backup(pair.vault)
    pair.bring()
    pair.vault.open().keep_evidence(evidence_for(record.backup))

    assert len(pair.bring()) == 2

    assert pair.factory.open_mirror(pair.spec, MIRROR).state().is_complete


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (MirrorState("a", "", late=(new_id(),)), "LATE: 1 backup is missing"),
        (MirrorState("a", "", late_objects=1), "LATE: 1 other object is missing"),
        (
            MirrorState("a", "", late=(new_id(),), late_objects=2),
            "LATE: 1 backup and 2 other objects are missing",
        ),
        (
            MirrorState("a", "", late_evidence=1),
            "holds every backup; 1 evidence file is still to be copied",
        ),
    ],
)
def test_a_mirror_says_how_it_stands_in_the_right_number(state: MirrorState, words: str) -> None:
    assert state.sentence == words


@pytest.mark.parametrize("loss", ["unreachable", "emptied"])
def test_a_vault_that_is_not_there_is_no_fault_of_its_mirror(pair: Pair, loss: str) -> None:
    mirror = pair.factory.open_mirror(pair.spec, MIRROR)
    mirror.require_source()
    pair.cellar.is_gone = True
    pair.factory.open_mirror(pair.spec, MIRROR).require_source()  # the mirror's place is another
    pair.own.is_gone = loss == "unreachable"
    if loss == "emptied":
        pair.own.delete(DESCRIPTOR)

    with pytest.raises(StorageUnavailableError, match=f"the vault {pair.spec.name} cannot be read"):
        mirror.require_source()


def test_what_the_vault_lost_and_a_mirror_has_can_be_given_back(pair: Pair) -> None:
    whole, torn, gone = [write_backup(pair.vault, new_id(n)) for n in (1, 2, 3)]
    pair.bring()
    for name in [n for n in pair.own._blobs if gone.backup in n]:
        pair.own.delete(name)
    pair.own.delete(min(n for n in pair.own._blobs if torn.backup in n and ".bson" in n))
    pair.cellar._blobs[BlobName(f"{SLUG}/{whole.backup}/left.over")] = b"no manifest lists it"

    states = (pair.factory.open_mirror(pair.spec, MIRROR).state(),)

    assert states[0].lost == (torn.backup,)
    assert given_back(states, ()) == {torn.backup: ("cellar",)}
    both = given_back(states, (gone.backup,))
    assert list(both) == sorted((torn.backup, gone.backup), reverse=True)


def test_what_another_run_brought_meanwhile_is_compared_and_left_alone(pair: Pair) -> None:
    write_backup(pair.vault)
    late = pair.factory.open_mirror(pair.spec, MIRROR)
    late.total_bytes()  # what it lacks is listed now
    pair.bring()
    pair.cellar.puts.clear()
    spoilt = min(n for n in pair.cellar._blobs if ".bson" in n)
    pair.cellar._blobs[spoilt] = bytes(len(pair.cellar._blobs[spoilt]))

    assert len([*late.copy_all(as_they_come)]) == 1

    assert pair.cellar.puts == [spoilt]  # of the right size, and not what was written
    assert pair.cellar._blobs[spoilt] == pair.own._blobs[spoilt]
