"""A backup is given to other recipients; wherever that is cut off, one whole backup is left."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from fakes.vaults import (
    SLUG,
    STARTED_AT,
    USERS,
    TestVault,
    entry,
    evidence_for,
    manifest_for,
    new_id,
    new_vault,
    put,
    write_backup,
)
from mangrove.core.backup import BackupId, Consistency
from mangrove.core.backup_record import BackupRecord, BackupState
from mangrove.core.blobs import BlobName, BlobRole
from mangrove.core.errors import (
    BlobMismatchError,
    IdentityMissingError,
    RunCancelled,
    StorageUnavailableError,
    WrongIdentityError,
)
from mangrove.core.manifest import (
    OPLOG_NAMESPACE,
    AuthEntry,
    StoredBlob,
    StoredOplog,
    StoredUsersAndRoles,
)
from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.ports.storage import as_they_come
from mangrove.core.secret import Secret
from mangrove.core.vaults.key_changes import Holder, with_holder, with_new_signing_key
from mangrove.core.vaults.keys import RetiredKey
from mangrove.core.vaults.vault import identity_ref, signing_ref_of
from mangrove.vault.crypto.age_header import HeaderReader
from mangrove.vault.crypto.recipients import X25519Identity
from mangrove.vault.descriptor import descriptor_of, replace_descriptor
from mangrove.vault.layout import generation_of, in_generation

METADATA = BlobRole.METADATA
CONTENT = b"documents of the users " * 40
ANA = X25519Identity.generate()
STEPS = 14  # 7 objects are put, 7 are removed


@pytest.fixture
def vault() -> TestVault:
    return new_vault()


@pytest.fixture
def changed(vault: TestVault) -> TestVault:
    """The vault with a backup, evidence, one more recipient and another signing key."""
    write_backup(vault)
    vault.open().keep_evidence(evidence_for(new_id()))
    return with_new_keys(vault)


def with_new_keys(vault: TestVault) -> TestVault:
    keys = vault.factory.new_keys()
    spec = with_holder(vault.spec, Holder(ANA.recipient.to_text(), "Ana"))
    spec = with_new_signing_key(
        spec, keys.public_key, RetiredKey(spec.public_key, 9, STARTED_AT.replace(year=2027))
    )
    vault.secrets.store(signing_ref_of(spec), keys.signing_key)
    replace_descriptor(vault.storage, descriptor_of(spec))
    return replace(vault, spec=spec)


def rewrap(vault: TestVault, backup: BackupId | None = None) -> object:
    return vault.open().rewrap(backup or new_id(), as_they_come, lambda _: None)


def documents(vault: TestVault, backup: BackupId | None = None) -> bytes:
    """Read a backup as a restore does: everything compared, then everything opened."""
    opened = vault.open()
    manifest = opened.manifest(backup or new_id())
    for blob in manifest.blobs:
        opened.compare(blob)
    return b"".join(c for b in manifest.namespaces[0].segments for c in opened.read(b))


def as_ana(vault: TestVault) -> TestVault:
    vault.secrets.store(identity_ref(vault.spec.vault_id), Secret(ANA.to_text()))
    return vault


def names(vault: TestVault) -> set[str]:
    return {info.name for info in vault.storage.list() if not info.name.startswith("_")}


def payload(vault: TestVault, name: str) -> bytes:
    reader = HeaderReader(vault.storage.get(BlobName(name)))
    reader.read_header()
    return b"".join(reader.rest())


@pytest.mark.parametrize(
    ("name", "generation"),
    [
        ("a/b/orders.0000.bson.zst.age", 0),
        ("a/b/orders.0000.bson.zst.r1.age", 1),
        ("a/b/manifest.json.r12.age.minisig", 12),
        ("a.r7.age/b/manifest.json.age", 0),
        ("a/b/orders.r1.age.0000.bson.age", 0),
        ("a/b/orders.r0.age", 0),
    ],
)
def test_a_generation_is_read_off_the_end_of_a_name_only(name: str, generation: int) -> None:
    assert generation_of(name) == generation


def test_a_name_goes_from_one_generation_to_the_next() -> None:
    first = in_generation("a/b/orders.0000.bson.zst.age", 1)

    assert first == "a/b/orders.0000.bson.zst.r1.age"
    assert in_generation(first, 2) == "a/b/orders.0000.bson.zst.r2.age"


def test_a_new_recipient_opens_the_backup_and_its_content_was_not_encrypted_again(
    changed: TestVault,
) -> None:
    before = {n: payload(changed, n) for n in names(changed) if n.endswith(".bson.zst.age")}

    assert rewrap(changed) is not None

    after = {n: payload(changed, n) for n in names(changed) if ".bson." in n}
    assert sorted(after.values()) == sorted(before.values())
    assert after.keys() == {in_generation(n, 1) for n in before}
    assert documents(as_ana(changed)) == CONTENT


def test_everything_is_signed_with_the_present_key_and_evidence_still_proves(
    changed: TestVault,
) -> None:
    rewrap(changed)
    only_new = replace(changed, spec=replace(changed.spec, retired_keys=()))
    ref = signing_ref_of(only_new.spec)
    changed.secrets.store(ref, changed.secrets.fetch(signing_ref_of(changed.spec)))

    (record,) = only_new.open().records()

    assert record.state is BackupState.COMPLETE
    assert record.proven is not None


def test_a_look_through_the_vault_finds_nothing_wrong_afterwards(changed: TestVault) -> None:
    rewrap(changed)
    (record,) = changed.open().records()

    assert changed.open().inspect([record]).findings == ()


def test_done_once_it_is_done(changed: TestVault) -> None:
    rewrap(changed)
    before = names(changed)

    assert rewrap(changed) is None
    assert names(changed) == before


def test_it_can_be_done_again_and_again(changed: TestVault) -> None:
    rewrap(changed)
    again = with_new_keys(changed)

    rewrap(again)

    assert all(generation_of(n) == 2 for n in names(again) if ".age" in n)
    assert documents(again) == CONTENT


def test_the_record_is_the_same_but_for_the_room_it_takes(changed: TestVault) -> None:
    (before,) = changed.open().records()

    after = rewrap(changed)

    assert isinstance(after, BackupRecord)
    assert after == replace(before, stored_bytes=after.stored_bytes, contents=after.contents)


@pytest.mark.parametrize("steps", range(STEPS + 1))
def test_killed_after_any_step_the_backup_opens_and_the_next_run_converges(
    changed: TestVault, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C9. From that step on the storage is gone, so nothing can be tidied up either."""
    left = iter(range(steps))
    finished = False

    with monkeypatch.context() as patched:
        for method in ("put", "delete"):
            real = getattr(changed.memory, method)

            def call(*arguments: object, real: object = real) -> object:
                if next(left, None) is None:
                    raise StorageUnavailableError("the process is gone")
                return real(*arguments)  # type: ignore[operator]  # a method of the storage

            patched.setattr(changed.memory, method, call)
        try:
            rewrap(changed)
            finished = True
        except StorageUnavailableError:
            pass

    assert documents(changed) == CONTENT
    (record,) = changed.open().records()
    assert record.state is BackupState.COMPLETE
    assert record.proven is not None
    assert len(record.evidence) == 1
    if steps % 2:  # a repair of the vault takes away what is left over, and nothing else
        changed.open().repair(changed.open().inspect([record]).findings)
        assert changed.open().inspect([record]).findings == ()
        assert documents(changed) == CONTENT

    rewrap(changed)
    assert rewrap(changed) is None
    assert documents(as_ana(changed)) == CONTENT
    assert len(names(changed)) == 8
    assert len({generation_of(n) for n in names(changed) if ".age" in n}) == 1
    assert finished == (steps >= STEPS)


def test_cancelled_half_way_nothing_is_left_behind(changed: TestVault) -> None:
    before = names(changed)
    count = 0

    def second(chunks: Iterable[bytes]) -> Iterator[bytes]:
        nonlocal count
        count += 1
        if count > 4:
            raise RunCancelled
        yield from chunks

    with pytest.raises(RunCancelled):
        changed.open().rewrap(new_id(), second, lambda _: None)

    assert names(changed) == before
    assert documents(changed) == CONTENT


def test_a_damaged_object_is_not_made_to_look_whole(changed: TestVault) -> None:
    name = next(n for n in sorted(names(changed)) if ".0001.bson" in n)
    data = b"".join(changed.storage.get(BlobName(name)))
    changed.memory.tamper(BlobName(name), data[:-1] + bytes([data[-1] ^ 1]))
    before = names(changed)

    with pytest.raises(BlobMismatchError):
        rewrap(changed)

    assert names(changed) == before


def test_without_the_key_it_is_as_it_was(changed: TestVault) -> None:
    changed.secrets.forget(identity_ref(changed.spec.vault_id))
    before = names(changed)

    with pytest.raises(IdentityMissingError):
        rewrap(changed)

    assert names(changed) == before


def test_a_removed_recipient_opens_no_copy_made_afterwards(vault: TestVault) -> None:
    both = replace(vault, spec=with_holder(vault.spec, Holder(ANA.recipient.to_text())))
    replace_descriptor(vault.storage, descriptor_of(both.spec))
    write_backup(both)
    alone = replace(both, spec=replace(vault.spec, former_recipients=(ANA.recipient.to_text(),)))
    rewrap(alone)

    with pytest.raises(WrongIdentityError):
        documents(as_ana(alone))


def test_each_object_is_told_once(changed: TestVault) -> None:
    told: list[StoredBlob] = []
    blobs = changed.open().manifest(new_id()).blobs

    changed.open().rewrap(new_id(), as_they_come, told.append)

    assert told == list(blobs)


def test_every_kind_of_object_is_given_on(vault: TestVault) -> None:
    """Users and roles, the oplog and preludes are listed in places of their own."""
    auth = Namespace("admin", "system.users")
    with vault.open().begin(SLUG, new_id()) as draft:
        segment, metadata = put(draft, USERS, [CONTENT]), put(draft, USERS, [b"{}"], METADATA)
        users, roles = put(draft, auth, [b"users"]), put(draft, auth, [b"{}"], METADATA)
        oplog = put(draft, OPLOG_NAMESPACE, [b"entries"], BlobRole.OPLOG)
        prelude = put(draft, USERS, [b"{}"], BlobRole.PRELUDE)
        ts = OplogTimestamp(7, 1)
        draft.publish(
            replace(
                manifest_for(new_id(), draft.sequence, (entry(metadata, (segment,), USERS),)),
                extra=(prelude,),
                users_and_roles=StoredUsersAndRoles(
                    (), (AuthEntry(auth, 1, 5, "0" * 32, roles, (users,)),)
                ),
                achieved=Consistency.OPLOG,
                consistent_at=ts,
                oplog=StoredOplog(ts, ts, 1, 1, 1, 7, "0" * 32, (oplog,)),
            )
        )
    changed = with_new_keys(vault)

    rewrap(changed)

    opened = as_ana(changed).open()
    manifest = opened.manifest(new_id())
    assert len(manifest.blobs) == 6
    assert all(generation_of(blob.name) == 1 for blob in manifest.blobs)
    for blob in manifest.blobs:
        opened.compare(blob)
        assert b"".join(opened.read(blob))
