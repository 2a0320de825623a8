"""An attacker who can write to the storage can destroy, and nothing else (C1 to C9).

The vault is a folder; the attacker edits it by hand. What is wrong is found before it is used.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from fakes.vault_desk import VaultDesk
from fakes.vaults import SLUG, evidence_for, new_id, new_vault, write_backup
from fakes.workstation import workstation
from guards import LogGuard
from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupState
from mangrove.core.errors import (
    BlobMismatchError,
    CorruptBackupError,
    IdentityMissingError,
    MangroveError,
    SignatureInvalidError,
    WrongIdentityError,
)
from mangrove.core.secret import Secret
from mangrove.core.vaults.memory import Remembered
from mangrove.core.vaults.vault import identity_ref, signing_key_ref
from mangrove.vault.crypto.age import encrypt_bytes
from mangrove.vault.crypto.minisign import MinisignSecretKey, sign
from mangrove.vault.crypto.recipients import X25519Identity, X25519Recipient
from mangrove.vault.reader import CHECKED_FIRST_BYTES
from mangrove.vault.storage.folder import FolderStorage

BIG = os.urandom(CHECKED_FIRST_BYTES + 300_000)
Attack = Callable[[Path], None]


@pytest.fixture
def at(tmp_path: Path) -> Iterator[VaultDesk]:
    with workstation(tmp_path) as desk:
        made = VaultDesk(desk)
        made.add()
        yield made


def folder(at: VaultDesk, backup: BackupId) -> Path:
    return at.desk.vault_folder / SLUG / backup


def rewrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Change a file as an attacker does."""
    data = change(path.read_bytes())
    path.chmod(0o600)
    path.write_bytes(data)


def used(at: VaultDesk, backup: BackupId) -> list[bytes]:
    """Read every blob of a backup as a restore does; returns what was handed out before the end."""
    given: list[bytes] = []
    vault = at.vault.open()
    manifest = vault.manifest(backup)
    vault.require_key(manifest)
    for blob in manifest.blobs:
        vault.compare(blob)
    for blob in manifest.blobs:
        given += vault.read(blob)
    return given


# --- C1: the wrong key -------------------------------------------------------------------


def test_a_wrong_key_is_known_before_any_object_is_opened(at: VaultDesk) -> None:
    record = at.backup()
    ref = identity_ref(at.vault.spec.vault_id)
    at.desk.secrets.store(ref, Secret(X25519Identity.generate().to_text()))

    with pytest.raises(WrongIdentityError, match="nothing was read and nothing was written"):
        used(at, record.backup)


def test_a_key_that_opens_the_list_but_not_the_documents_is_known_before_the_restore(
    at: VaultDesk,
) -> None:
    ana = X25519Identity.generate()
    other = VaultDesk(at.desk, "other")
    url = (at.desk.folder / "other").as_uri()
    at.desk.add_vault(url, "other", extra_recipients=(ana.recipient.to_text(),), write_only=True)
    record = write_backup(other.vault)
    vault = other.vault.open()
    manifest = vault.manifest(record.backup)

    with pytest.raises(IdentityMissingError):
        vault.require_key(manifest)


# --- C2 to C5: objects and manifests ------------------------------------------------------


def flipped(position: float) -> Callable[[bytes], bytes]:
    def flip(data: bytes) -> bytes:
        place = min(int(len(data) * position), len(data) - 1)
        return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]

    return flip


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "a bit of the header": flipped(0.01),
    "a bit in the middle": flipped(0.5),
    "the last tag bit": flipped(1.0),
    "the last byte gone": lambda data: data[:-1],
    "the last chunk gone": lambda data: data[: len(data) // (65536 + 16) * (65536 + 16)],
    "half of it": lambda data: data[: len(data) // 2],
    "nothing left": lambda _: b"",
    "something appended": lambda data: data + b"more",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
@pytest.mark.parametrize("ending", ["users.0000.bson.zst.age", "users.metadata.json.zst.age"])
def test_a_damaged_object_is_refused_before_any_of_it_is_used(
    at: VaultDesk, ending: str, damage: Callable[[bytes], bytes]
) -> None:
    record = at.backup(content=b"d" * 300_000)
    rewrite(folder(at, record.backup) / "shop" / ending, damage)

    with pytest.raises((CorruptBackupError, WrongIdentityError)):
        used(at, record.backup)


def test_of_a_large_object_nothing_false_is_handed_out_even_without_a_comparison(
    at: VaultDesk,
) -> None:
    """C2, C3: a reader that does not compare first still gets only authenticated pieces."""
    record = at.backup(content=BIG * 2)
    vault = at.vault.open()
    manifest = vault.manifest(record.backup)
    segment = manifest.namespaces[0].segments[0]
    rewrite(at.desk.vault_folder / segment.name, lambda data: data[:-1])
    given = []

    with pytest.raises(CorruptBackupError):
        given.extend(vault.read(segment))

    assert BIG.startswith(b"".join(given))
    assert len(b"".join(given)) < len(BIG)


@pytest.mark.parametrize("change", [b"documents", b'"sequence"', b"shop"], ids=str)
def test_an_edited_manifest_is_refused(at: VaultDesk, change: bytes) -> None:
    """C4 in an unencrypted vault, where it can be edited with a text editor."""
    desk = at.desk
    desk.add_vault((desk.folder / "plain").as_uri(), "plain", encrypted=False)
    plain = VaultDesk(desk, "plain")
    record = write_backup(plain.vault)
    path = desk.folder / "plain" / SLUG / record.backup / "manifest.json"
    rewrite(path, lambda data: data.replace(change, change[:-1] + b"X", 1))

    with pytest.raises(SignatureInvalidError):
        plain.vault.open().manifest(record.backup)


def test_a_manifest_encrypted_anew_by_somebody_else_is_refused(at: VaultDesk) -> None:
    """C4: the recipients are public, so anybody can encrypt to them; nobody else can sign."""
    record = at.backup()
    path = folder(at, record.backup) / "manifest.json.age"
    recipients = [X25519Recipient.from_text(r) for r in at.vault.spec.recipients]
    forged = encrypt_bytes(b'{"documents": 0}', recipients)
    stranger = MinisignSecretKey.generate()
    comment = f"mangrove backup {record.backup} sequence 1 vault {at.vault.spec.vault_id}"
    rewrite(path, lambda _: forged)
    rewrite(
        path.with_name(path.name + ".minisig"), lambda _: sign(stranger, forged, comment).encode()
    )

    with pytest.raises(SignatureInvalidError, match="another key"):
        used(at, record.backup)


def test_objects_swapped_between_backups_or_within_one_are_refused(at: VaultDesk) -> None:
    """C5: the same size, the same recipients, another place."""
    one, two = at.backup(3, b"a" * 4000), at.backup(4, b"b" * 4000)
    name = "shop/users.0000.bson.zst.age"
    mine, theirs = (folder(at, r.backup) / name for r in (one, two))
    first = mine.read_bytes()
    rewrite(mine, lambda _: theirs.read_bytes())
    rewrite(theirs, lambda _: first)

    for record in (one, two):
        with pytest.raises(BlobMismatchError):
            used(at, record.backup)


def test_an_object_encrypted_anew_to_the_vault_is_refused(at: VaultDesk) -> None:
    """C5: age alone does not say who encrypted; the signed list does."""
    record = at.backup()
    path = folder(at, record.backup) / "shop" / "users.0000.bson.zst.age"
    recipients = [X25519Recipient.from_text(r) for r in at.vault.spec.recipients]
    rewrite(path, lambda _: encrypt_bytes(b"forged documents", recipients))

    with pytest.raises(BlobMismatchError):
        used(at, record.backup)


# --- C6: downgrades ----------------------------------------------------------------------


def test_an_unencrypted_backup_in_the_place_of_an_encrypted_one_is_refused(
    at: VaultDesk,
) -> None:
    record = at.backup()
    place = folder(at, record.backup)
    plain = new_vault(FolderStorage(_made(at.desk.folder / "forged")), encrypted=False)
    write_backup(plain, record.backup, b"forged documents")
    shutil.rmtree(place)
    shutil.copytree(at.desk.folder / "forged" / SLUG / record.backup, place)

    with pytest.raises(SignatureInvalidError, match="not encrypted as this vault's backups are"):
        used(at, record.backup)


def test_a_description_that_says_unencrypted_makes_nobody_write_in_the_clear(
    at: VaultDesk,
) -> None:
    path = at.desk.vault_folder / "vault.json"
    rewrite(path, lambda data: data.replace(at.vault.spec.recipients[0].encode(), b"age1none"))

    with pytest.raises(MangroveError, match="nothing was written"):
        at.backup()
    assert not list(at.desk.vault_folder.rglob("*.bson*"))


# --- C7: replays -------------------------------------------------------------------------


def test_last_months_backup_as_todays_is_refused(at: VaultDesk) -> None:
    record = at.backup(3)
    today = new_id(9)
    shutil.copytree(folder(at, record.backup), folder(at, today))

    with pytest.raises(SignatureInvalidError, match="was signed as"):
        used(at, today)


def test_a_storage_that_was_turned_back_is_noticed_and_the_missing_are_named(
    at: VaultDesk, tmp_path: Path
) -> None:
    at.backup(3)
    shutil.copytree(at.desk.vault_folder, tmp_path / "last month")
    gone = [at.backup(hour).backup for hour in (4, 5)]
    shutil.rmtree(at.desk.vault_folder)
    shutil.copytree(tmp_path / "last month", at.desk.vault_folder)

    health = at.desk.services.vaults.check(at.name)

    assert health.missing == tuple(reversed(gone))
    assert "seen backup number 3" in health.rolled_back
    assert "number 1" in health.rolled_back


def test_after_a_rollback_no_number_is_given_out_twice(at: VaultDesk, tmp_path: Path) -> None:
    at.backup(3)
    shutil.copytree(at.desk.vault_folder, tmp_path / "last month")
    at.backup(4)
    shutil.rmtree(at.desk.vault_folder)
    shutil.copytree(tmp_path / "last month", at.desk.vault_folder)

    assert at.backup(5).sequence == 3


def test_a_removed_backup_is_missed_until_somebody_says_that_it_was_meant(at: VaultDesk) -> None:
    at.backup(3)
    middle = at.backup(4)
    at.backup(5)
    shutil.rmtree(folder(at, middle.backup))

    before = at.desk.services.vaults.check(at.name)
    accepted = at.desk.services.keys.accept_missing(at.name)
    after = at.desk.services.vaults.check(at.name)

    assert (before.missing, before.rolled_back) == ((middle.backup,), "")
    assert accepted == (middle.backup,)
    assert after.missing == ()


def test_what_this_workstation_purged_itself_is_not_missed(at: VaultDesk) -> None:
    record = at.backup(3)
    at.backup(4)

    for _ in at.vault.open().purge(record.backup):
        pass

    assert at.desk.services.vaults.check(at.name).missing == ()


def test_a_manifest_replaced_by_somebody_with_the_signing_key_is_noticed(at: VaultDesk) -> None:
    record = at.backup()
    memory = at.desk.services.keys._memory
    vault_id = at.vault.spec.vault_id
    seen = memory.recall(vault_id, record.backup)
    assert seen is not None
    memory.note(vault_id, [Remembered(seen.backup, seen.sequence, "0" * 64)])

    with pytest.raises(SignatureInvalidError, match="somebody who has the signing key"):
        at.vault.open().manifest(record.backup)


def test_a_new_workstation_notices_by_its_kit_that_the_storage_was_turned_back(
    at: VaultDesk, tmp_path: Path
) -> None:
    at.backup(3)
    shutil.copytree(at.desk.vault_folder, tmp_path / "last month")
    at.backup(4)
    passphrase = Secret("tide turns mangrove roots")
    sealed = at.desk.services.kits.make(at.name, str(tmp_path / "kit"), passphrase).sealed
    url = (tmp_path / "last month").as_uri()

    with workstation(tmp_path / "new") as desk:
        kits = desk.services.kits
        opened = kits.open(kits.read(str(sealed), passphrase), url=url)

    assert any("turned back" in notice for notice in opened.notices)


# --- C8: the catalog ---------------------------------------------------------------------


def test_a_deleted_catalog_comes_back_exactly_from_the_storage_alone(at: VaultDesk) -> None:
    for hour in (3, 4):
        record = at.backup(hour)
        at.vault.open().keep_evidence(evidence_for(record.backup))
    at.desk.services.vaults.rebuild_catalog(at.name)
    before = [repr(record).encode() for record in at.desk.services.backups.all()]
    catalog = at.desk.services.vaults._catalog
    catalog.remove_vault(at.vault.spec.vault_id)
    assert at.desk.services.backups.all() == ()

    at.desk.services.vaults.rebuild_catalog(at.name)

    assert [repr(record).encode() for record in at.desk.services.backups.all()] == before
    assert all(r.proven is not None for r in at.desk.services.backups.all())


# --- evidence, names, and hostile manifests ----------------------------------------------


def test_forged_evidence_proves_nothing(at: VaultDesk, log_guard: LogGuard) -> None:
    one, two = at.backup(3), at.backup(4)
    at.vault.open().keep_evidence(evidence_for(one.backup))
    source = next((folder(at, one.backup) / "evidence").iterdir()).parent
    shutil.copytree(source, folder(at, two.backup) / "evidence")

    at.desk.services.vaults.rebuild_catalog(at.name)

    log_guard.expect("evidence ignored")
    proven = {r.backup: r.proven is not None for r in at.desk.services.backups.all()}
    assert proven == {one.backup: True, two.backup: False}


@pytest.mark.parametrize(
    "hostile",
    [
        b'{"version": NaN}',
        b"[" * 200_000,
        b'{"a": 1, "a": 2}',
        b'{"documents": 99999999999999999999999999}',
        b"\xff\xfe",
    ],
    ids=["NaN", "deep", "twice", "huge", "no text"],
)
def test_a_hostile_manifest_is_shown_as_unreadable_and_hides_no_other(
    at: VaultDesk, hostile: bytes
) -> None:
    """H4: even when the one who wrote it has all keys."""
    good, bad = at.backup(3), at.backup(4)
    spec = at.vault.spec
    path = folder(at, bad.backup) / "manifest.json.age"
    sealed = encrypt_bytes(hostile, [X25519Recipient.from_text(r) for r in spec.recipients])
    key = MinisignSecretKey.from_text(
        at.desk.secrets.fetch(signing_key_ref(spec.vault_id)).reveal()
    )
    comment = f"mangrove backup {bad.backup} sequence {bad.sequence} vault {spec.vault_id}"
    rewrite(path, lambda _: sealed)
    rewrite(path.with_name(path.name + ".minisig"), lambda _: sign(key, sealed, comment).encode())

    at.desk.services.vaults.rebuild_catalog(at.name)

    states = {r.backup: r.state for r in at.desk.services.backups.all()}
    assert states == {good.backup: BackupState.COMPLETE, bad.backup: BackupState.UNREADABLE}


def test_a_number_from_a_forged_signature_does_not_stop_later_backups(at: VaultDesk) -> None:
    record = at.backup(3)
    stranger = MinisignSecretKey.generate()
    other = folder(at, new_id(9))
    other.mkdir(parents=True)
    comment = f"mangrove backup {new_id(9)} sequence 999999999999 vault {at.vault.spec.vault_id}"
    (other / "manifest.json.age.minisig").write_text(sign(stranger, b"x", comment))
    with suppress(FileNotFoundError):
        shutil.rmtree(at.desk.vault_folder / "_sequence")

    assert at.backup(5).sequence == record.sequence + 1


def _made(path: Path) -> Path:
    path.mkdir()
    return path
