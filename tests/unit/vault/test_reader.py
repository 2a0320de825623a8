import hashlib
from dataclasses import replace

import pytest

from fakes.vaults import (
    ORDERS,
    SLUG,
    STARTED_AT,
    TestVault,
    entry,
    evidence_for,
    manifest_for,
    new_id,
    new_vault,
    put,
    write_backup,
)
from guards import LogGuard
from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupState
from mangrove.core.blobs import BlobName, BlobRole
from mangrove.core.errors import (
    BackupNotFoundError,
    BlobMismatchError,
    CorruptBackupError,
    ManifestCorruptError,
    SecretNotFoundError,
    SignatureInvalidError,
    VaultError,
    VaultNotFoundError,
    WrongIdentityError,
)
from mangrove.core.manifest import Manifest, StoredBlob
from mangrove.core.secret import Secret
from mangrove.core.vaults.vault import Debris, identity_ref, signing_key_ref
from mangrove.core.verification import Level
from mangrove.vault.crypto.age import encrypt_bytes
from mangrove.vault.crypto.minisign import MinisignSecretKey, sign
from mangrove.vault.crypto.recipients import X25519Identity, X25519Recipient
from mangrove.vault.layout import folder_of
from mangrove.vault.reader import CHECKED_FIRST_BYTES

CONTENT = b"documents of the users " * 40


@pytest.fixture(params=["encrypted", "plain"])
def vault(request: pytest.FixtureRequest) -> TestVault:
    return new_vault(encrypted=request.param == "encrypted")


def stored(vault: TestVault, name: str) -> bytes:
    return b"".join(vault.storage.get(BlobName(name)))


def flip(data: bytes, position: int) -> bytes:
    return data[:position] + bytes([data[position] ^ 0x01]) + data[position + 1 :]


def users_content(vault: TestVault, manifest: Manifest) -> bytes:
    (users,) = manifest.namespaces
    return b"".join(chunk for blob in users.segments for chunk in vault.open().read(blob))


def test_a_published_backup_is_read_back_as_it_was_written(vault: TestVault) -> None:
    record = write_backup(vault, content=CONTENT)

    manifest = vault.open().manifest(record.backup)

    assert users_content(vault, manifest) == CONTENT
    assert (record.documents, record.sequence, record.state) == (3, 1, BackupState.COMPLETE)
    assert [*vault.open().records()] == [record]


def test_nothing_of_the_documents_is_readable_in_an_encrypted_vault() -> None:
    vault = new_vault()
    write_backup(vault, content=CONTENT)

    blobs = b"".join(stored(vault, info.name) for info in vault.storage.list(f"{SLUG}/"))

    assert b"documents of" not in blobs
    assert b"rs0" not in blobs


def test_any_flipped_byte_of_a_segment_is_noticed(vault: TestVault) -> None:
    record = write_backup(vault, content=b"abc" * 30)
    manifest = vault.open().manifest(record.backup)
    segment = manifest.namespaces[0].segments[0]
    good = stored(vault, segment.name)

    for position in range(len(good)):
        vault.memory.tamper(BlobName(segment.name), flip(good, position))
        with pytest.raises(BlobMismatchError):
            vault.open().compare(segment)
        with pytest.raises(CorruptBackupError):
            _ = [*vault.open().read(segment)]


def test_any_flipped_byte_of_a_manifest_breaks_its_signature(vault: TestVault) -> None:
    record = write_backup(vault)
    name = folder_of(record.backup, sealed=vault.spec.is_encrypted).manifest
    good = stored(vault, name)

    for position in range(0, len(good), 7):
        vault.memory.tamper(name, flip(good, position))
        with pytest.raises(SignatureInvalidError):
            vault.open().manifest(record.backup)


def test_a_flipped_byte_of_a_signature_is_refused_or_changes_nothing(vault: TestVault) -> None:
    record = write_backup(vault)
    name = folder_of(record.backup, sealed=vault.spec.is_encrypted).manifest_signature
    good = stored(vault, name)
    manifest = vault.open().manifest(record.backup)
    free_text = good.index(b"\n")  # the untrusted comment is for people and signed by nobody

    for position in range(len(good)):
        vault.memory.tamper(name, flip(good, position))
        try:
            assert vault.open().manifest(record.backup) == manifest
            assert position < free_text or good[position : position + 1] == b"\n"
        except SignatureInvalidError:
            pass


@pytest.mark.parametrize("keep", [0, 1, -1], ids=["empty", "first byte", "all but the last"])
@pytest.mark.parametrize("kind", ["segment", "manifest", "signature"])
def test_a_truncated_blob_is_noticed(vault: TestVault, kind: str, keep: int) -> None:
    record = write_backup(vault)
    folder = folder_of(record.backup, sealed=vault.spec.is_encrypted)
    segment = vault.open().manifest(record.backup).namespaces[0].segments[0]
    name = {
        "segment": BlobName(segment.name),
        "manifest": folder.manifest,
        "signature": folder.manifest_signature,
    }[kind]
    good = stored(vault, name)
    vault.memory.tamper(name, good[:keep])

    if kind == "segment":
        with pytest.raises(CorruptBackupError):
            _ = [*vault.open().read(segment)]
    elif (kind, keep) == ("signature", -1):
        assert vault.open().manifest(record.backup).backup == record.backup  # only the line's end
    else:
        with pytest.raises(CorruptBackupError):
            vault.open().manifest(record.backup)


def test_a_large_blob_never_yields_its_end_when_it_was_replaced() -> None:
    vault = new_vault()
    big = bytes(range(256)) * (CHECKED_FIRST_BYTES // 256 + 4096)
    record = write_backup(vault, content=big * 2)
    segment = vault.open().manifest(record.backup).namespaces[0].segments[0]
    forged = new_vault_sealed(vault, b"x" * segment.plain_bytes)
    vault.memory.tamper(BlobName(segment.name), forged)
    got: list[int] = []

    def read_all() -> None:
        got.extend(len(chunk) for chunk in vault.open().read(segment))

    with pytest.raises(BlobMismatchError):
        read_all()
    assert sum(got) < segment.plain_bytes


def new_vault_sealed(vault: TestVault, plain: bytes) -> bytes:
    """Encrypt as anybody can who reads the recipients in vault.json."""
    recipients = [X25519Recipient.from_text(text) for text in vault.spec.recipients]
    return encrypt_bytes(plain, recipients)


def test_a_segment_swapped_with_another_backups_is_noticed(vault: TestVault) -> None:
    mine = write_backup(vault, new_id(12), content=b"mine" * 50)
    theirs = write_backup(vault, new_id(13), content=b"hers" * 50)
    my_segment = vault.open().manifest(mine.backup).namespaces[0].segments[0]
    their_segment = vault.open().manifest(theirs.backup).namespaces[0].segments[0]
    assert my_segment.size_bytes == their_segment.size_bytes

    vault.memory.tamper(BlobName(my_segment.name), stored(vault, their_segment.name))

    with pytest.raises(BlobMismatchError):
        _ = [*vault.open().read(my_segment)]


def test_a_backup_folder_copied_under_another_id_is_refused(vault: TestVault) -> None:
    record = write_backup(vault)
    fresh = new_id(15, "abcd")
    for info in [*vault.storage.list(f"{SLUG}/{record.backup}/")]:
        copy = info.name.replace(record.backup, fresh)
        vault.memory.tamper(BlobName(copy), stored(vault, info.name))

    with pytest.raises(SignatureInvalidError, match="was signed as"):
        vault.open().manifest(fresh)

    labelled = {r.backup: r for r in vault.open().records()}
    assert labelled[fresh].state is BackupState.UNREADABLE
    assert "was signed as" in labelled[fresh].problem
    assert labelled[record.backup].state is BackupState.COMPLETE


def test_an_old_manifest_does_not_pass_for_todays(vault: TestVault) -> None:
    old = write_backup(vault, new_id(1))
    today = write_backup(vault, new_id(12))
    sealed = vault.spec.is_encrypted
    source, target = folder_of(old.backup, sealed=sealed), folder_of(today.backup, sealed=sealed)

    vault.memory.tamper(target.manifest, stored(vault, source.manifest))
    vault.memory.tamper(target.manifest_signature, stored(vault, source.manifest_signature))

    with pytest.raises(SignatureInvalidError):
        vault.open().manifest(today.backup)


def test_an_unencrypted_backup_of_the_same_id_is_refused() -> None:
    vault = new_vault()
    record = write_backup(vault)
    plain = replace(vault.spec, recipients=())
    for info in [*vault.storage.list()]:
        vault.storage.delete(info.name)
    vault.factory.create(plain)
    write_backup(replace_spec(vault, recipients=()), record.backup)

    with pytest.raises(SignatureInvalidError, match="not encrypted"):
        vault.open().manifest(record.backup)
    (found,) = vault.open().records()
    assert found.state is BackupState.UNREADABLE


def replace_spec(vault: TestVault, **changes: object) -> TestVault:
    return replace(vault, spec=replace(vault.spec, **changes))  # type: ignore[arg-type]  # tests


def test_a_signed_backup_of_another_vault_is_refused() -> None:
    vault = new_vault()
    record = write_backup(vault)

    moved = replace_spec(vault, vault_id="another")
    moved.secrets.store(
        identity_ref(moved.spec.vault_id),
        vault.secrets.fetch(identity_ref(vault.spec.vault_id)),
    )

    with pytest.raises(SignatureInvalidError):
        moved.open().manifest(record.backup)


def test_the_wrong_identity_opens_nothing() -> None:
    vault = new_vault()
    record = write_backup(vault)
    stranger = Secret(X25519Identity.generate().to_text())
    vault.secrets.store(identity_ref(vault.spec.vault_id), stranger)

    with pytest.raises(WrongIdentityError):
        vault.open().manifest(record.backup)
    (found,) = vault.open().records()
    assert found.state is BackupState.UNREADABLE
    assert (found.started_at, found.sequence) == (STARTED_AT.replace(microsecond=0), 1)
    assert found.stored_bytes > 0


def test_a_manifest_signed_with_another_key_is_refused(vault: TestVault) -> None:
    record = write_backup(vault)
    folder = folder_of(record.backup, sealed=vault.spec.is_encrypted)
    stranger = MinisignSecretKey.generate()
    comment = f"mangrove backup {record.backup} sequence 1 vault {vault.spec.vault_id}"
    forged = sign(stranger, stored(vault, folder.manifest), comment)
    vault.memory.tamper(folder.manifest_signature, forged.encode())

    with pytest.raises(SignatureInvalidError):
        vault.open().manifest(record.backup)


def test_the_public_key_in_the_storage_is_never_trusted(vault: TestVault) -> None:
    record = write_backup(vault)
    stranger = MinisignSecretKey.generate()
    folder = folder_of(record.backup, sealed=vault.spec.is_encrypted)
    comment = f"mangrove backup {record.backup} sequence 1 vault {vault.spec.vault_id}"
    forged = sign(stranger, stored(vault, folder.manifest), comment)
    vault.memory.tamper(folder.manifest_signature, forged.encode())
    description = stored(vault, "vault.json")
    swapped = description.replace(
        vault.spec.public_key.encode(), stranger.public_key.to_text().encode()
    )
    vault.memory.tamper(BlobName("vault.json"), swapped)

    with pytest.raises(SignatureInvalidError):
        vault.open().manifest(record.backup)
    with pytest.raises(VaultNotFoundError, match="other keys"):
        vault.open().begin(SLUG, new_id(13))
    assert "other keys" in vault.open().health().problem


def test_a_manifest_that_disagrees_with_its_signed_comment_is_refused(vault: TestVault) -> None:
    record = write_backup(vault)
    folder = folder_of(record.backup, sealed=vault.spec.is_encrypted)
    key = MinisignSecretKey.from_text(
        vault.secrets.fetch(signing_key_ref(vault.spec.vault_id)).reveal()
    )
    comment = f"mangrove backup {record.backup} sequence 9 vault {vault.spec.vault_id}"
    forged = sign(key, stored(vault, folder.manifest), comment)
    vault.memory.tamper(folder.manifest_signature, forged.encode())

    with pytest.raises(ManifestCorruptError, match="differ"):
        vault.open().manifest(record.backup)


def test_a_missing_segment_is_a_mismatch_not_a_crash(vault: TestVault) -> None:
    record = write_backup(vault)
    segment = vault.open().manifest(record.backup).namespaces[0].segments[1]
    vault.storage.delete(BlobName(segment.name))

    with pytest.raises(BlobMismatchError, match="missing"):
        vault.open().compare(segment)


def test_a_missing_manifest_beside_its_signature_is_unreadable(vault: TestVault) -> None:
    record = write_backup(vault)
    vault.storage.delete(folder_of(record.backup, sealed=vault.spec.is_encrypted).manifest)

    with pytest.raises(ManifestCorruptError):
        vault.open().manifest(record.backup)
    (found,) = vault.open().records()
    assert (found.state, found.backup) == (BackupState.UNREADABLE, record.backup)


@pytest.mark.parametrize("text", ["", "../../etc", "20260301T120000Z-shop-zzzz", "x/y"])
def test_what_is_no_backups_id_is_not_found(vault: TestVault, text: str) -> None:
    with pytest.raises(BackupNotFoundError):
        vault.open().manifest(BackupId(text))


def test_an_unknown_backup_is_not_found(vault: TestVault) -> None:
    with pytest.raises(BackupNotFoundError):
        vault.open().manifest(new_id(3))


def test_evidence_is_kept_signed_and_read_newest_first(vault: TestVault) -> None:
    record = write_backup(vault)
    older = evidence_for(record.backup, Level.STORED)
    newer = evidence_for(record.backup, Level.RESTORED, passed=False, minutes=5)

    vault.open().keep_evidence(newer)
    vault.open().keep_evidence(older)

    assert vault.open().evidence(record.backup) == (newer, older)
    (found,) = vault.open().records()
    assert [piece.level for piece in found.evidence] == [Level.RESTORED, Level.STORED]
    assert found.failed_evidence is not None


def test_forged_evidence_is_left_out_and_reported(vault: TestVault, log_guard: LogGuard) -> None:
    log_guard.expect("evidence ignored")
    record = write_backup(vault)
    true = evidence_for(record.backup, passed=False)
    vault.open().keep_evidence(true)
    (name,) = [
        info.name
        for info in vault.storage.list(f"{SLUG}/{record.backup}/evidence/")
        if not info.name.endswith(".minisig")
    ]
    forged_name = BlobName(name.replace("T130012Z", "T140012Z"))
    vault.memory.tamper(forged_name, stored(vault, name))
    vault.memory.tamper(BlobName(forged_name + ".minisig"), b"untrusted comment: no\n")

    assert vault.open().evidence(record.backup) == (true,)


def test_evidence_of_another_backup_does_not_count(vault: TestVault, log_guard: LogGuard) -> None:
    log_guard.expect("evidence ignored")
    first, second = write_backup(vault, new_id(1)), write_backup(vault, new_id(2))
    vault.open().keep_evidence(evidence_for(first.backup))
    for info in [*vault.storage.list(f"{SLUG}/{first.backup}/evidence/")]:
        copy = info.name.replace(first.backup, second.backup)
        vault.memory.tamper(BlobName(copy), stored(vault, info.name))

    assert vault.open().evidence(second.backup) == ()


def test_unsigned_folders_are_debris_and_can_be_cleaned(vault: TestVault) -> None:
    record = write_backup(vault)
    stray = f"{SLUG}/{new_id(20)}/shop/users.0000.bson.zst"
    vault.memory.tamper(BlobName(stray), b"12345")
    vault.memory.tamper(BlobName("somebody/elses/file"), b"1")

    (debris,) = vault.open().health().debris
    assert (debris.backup, debris.blobs, debris.size_bytes) == (new_id(20), 1, 5)

    assert vault.open().clean(debris) == 5
    assert vault.open().health().debris == ()
    assert vault.open().manifest(record.backup)
    assert stored(vault, "somebody/elses/file") == b"1"


def test_a_signed_backup_is_never_cleaned(vault: TestVault) -> None:
    record = write_backup(vault)
    before = len([*vault.storage.list()])
    lie = Debris(SLUG, record.backup, 3, 100, None)

    with pytest.raises(VaultError, match="signed"):
        vault.open().clean(lie)

    assert len([*vault.storage.list()]) == before


def test_health_counts_and_names_missing_keys() -> None:
    vault = new_vault()
    write_backup(vault)
    good = vault.open().health()
    vault.secrets.forget(identity_ref(vault.spec.vault_id))
    vault.secrets.forget(signing_key_ref(vault.spec.vault_id))

    bad = vault.open().health()

    assert (good.reachable, good.problem, good.backups) == (True, "", 1)
    assert (good.has_identity, good.has_signing_key) == (True, True)
    assert (bad.has_identity, bad.has_signing_key, bad.backups) == (False, False, 1)


def test_a_backup_is_listed_even_without_the_identity() -> None:
    vault = new_vault()
    write_backup(vault)
    vault.secrets.forget(identity_ref(vault.spec.vault_id))

    (found,) = vault.open().records()

    assert (found.state, found.sequence) == (BackupState.UNREADABLE, 1)
    assert "keyring" in found.problem


def test_begin_needs_the_signing_key_of_this_vault(vault: TestVault) -> None:
    stranger = Secret(MinisignSecretKey.generate().to_text())
    vault.secrets.store(signing_key_ref(vault.spec.vault_id), stranger)
    with pytest.raises(SecretNotFoundError, match="not the one"):
        vault.open().begin(SLUG, new_id())

    vault.secrets.forget(signing_key_ref(vault.spec.vault_id))
    with pytest.raises(SecretNotFoundError):
        vault.open().begin(SLUG, new_id())


def test_begin_refuses_the_storage_of_another_vault() -> None:
    vault = new_vault()
    vault.memory.delete(BlobName("vault.json"))

    with pytest.raises(VaultNotFoundError, match=r"vault\.json is missing"):
        vault.open().begin(SLUG, new_id())


def test_odd_collection_names_survive(vault: TestVault) -> None:
    with vault.open().begin(SLUG, new_id()) as draft:
        segment = put(draft, ORDERS, [b"odd"])
        metadata = put(draft, ORDERS, [b"{}"], BlobRole.METADATA)
        described = manifest_for(
            new_id(),
            draft.sequence,
            (entry(metadata, (segment,), ORDERS),),
            encrypted=vault.spec.is_encrypted,
        )
        draft.publish(described)

    (found,) = vault.open().manifest(new_id()).namespaces
    assert found.namespace == ORDERS
    assert b"".join(vault.open().read(found.segments[0])) == b"odd"
    assert "/shop/orders%25%2F2026.0000.bson.zst" in found.segments[0].name


def test_a_blob_name_from_a_manifest_cannot_leave_the_storage(vault: TestVault) -> None:
    outside = StoredBlob("../secret", 1, hashlib.sha256(b"x").hexdigest(), 1)

    with pytest.raises(VaultError, match="cannot be the name"):
        vault.open().compare(outside)
