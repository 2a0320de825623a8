"""Recipients, write-only workstations and rotated signing keys, with real local state."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.vault_desk import VaultDesk
from fakes.vaults import SLUG, new_id, write_backup
from fakes.workstation import workstation
from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupState
from mangrove.core.errors import (
    IdentityMissingError,
    InvalidKeyError,
    SignatureInvalidError,
    VaultLockedError,
    WrongIdentityError,
)
from mangrove.core.manifest import Manifest
from mangrove.core.ports.vault import Vault
from mangrove.core.run import Phase, RunKind, RunState, RunStatus
from mangrove.core.secret import Secret
from mangrove.core.vaults.key_changes import Holder, kit_state
from mangrove.core.vaults.vault import identity_ref, signing_ref_of
from mangrove.core.verification import Level, VerifyRequest
from mangrove.vault.crypto.recipients import X25519Identity
from mangrove.vault.descriptor import (
    decode_descriptor,
    descriptor_of,
    encode_descriptor,
    replace_descriptor,
)
from mangrove.vault.storage.folder import FolderStorage

ANA = X25519Identity.generate()
HOLDER = Holder(ANA.recipient.to_text(), "Ana")


@pytest.fixture
def at(tmp_path: Path) -> Iterator[VaultDesk]:
    with workstation(tmp_path) as desk:
        yield VaultDesk(desk)


def as_ana(at: VaultDesk) -> None:
    """Put Ana's key in the place of this workstation's own."""
    ref = identity_ref(at.vault.spec.vault_id)
    at.desk.secrets.store(ref, Secret(ANA.to_text()))


def test_each_recipient_named_at_the_start_opens_the_backups(at: VaultDesk) -> None:
    at.add(extra_recipients=(f"Ana={HOLDER.recipient}",))
    record = at.backup()

    as_ana(at)

    assert at.content(record)
    assert at.desk.services.keys.holders(at.name)[1] == HOLDER


def test_an_added_recipient_opens_later_backups_and_not_earlier_ones(at: VaultDesk) -> None:
    at.add()
    before = at.backup(3)
    at.desk.services.keys.add_recipient(at.name, HOLDER)
    after = at.backup(4)

    as_ana(at)

    assert at.content(after)
    with pytest.raises(WrongIdentityError):
        at.content(before)


def test_a_removed_recipient_opens_no_later_backup(at: VaultDesk) -> None:
    at.add(extra_recipients=(f"Ana={HOLDER.recipient}",))
    before = at.backup(3)
    at.desk.services.keys.remove_recipient(at.name, "Ana")
    after = at.backup(4)

    as_ana(at)

    assert at.content(before)
    with pytest.raises(WrongIdentityError):
        at.content(after)


def test_what_is_no_recipient_is_refused_and_nothing_changes(at: VaultDesk) -> None:
    at.add()
    before = at.vault.spec

    with pytest.raises(InvalidKeyError):
        at.desk.services.keys.add_recipient(at.name, Holder("age1nonsense"))

    assert at.vault.spec == before


def test_vault_json_follows_with_the_next_backup_when_the_storage_was_away(at: VaultDesk) -> None:
    at.add()
    folder = at.desk.vault_folder
    folder.rename(folder.with_name("away"))
    changed = at.desk.services.keys.add_recipient(at.name, HOLDER)
    folder.with_name("away").rename(folder)

    at.backup()

    assert "with the next backup" in changed.notice
    described = decode_descriptor((folder / "vault.json").read_bytes())
    assert described.recipients == changed.spec.recipients


def test_a_workstation_that_may_not_read_backs_up_lists_and_verifies_what_is_stored(
    at: VaultDesk,
) -> None:
    at.add(extra_recipients=(f"Ana={HOLDER.recipient}",), write_only=True)
    record = at.backup()

    stored = at.desk.verify(VerifyRequest(record.backup, Level.STORED))
    decoded = at.desk.verify(VerifyRequest(record.backup, Level.DECODED))

    assert stored.state is RunState.SUCCEEDED
    assert decoded.problem is not None
    assert decoded.problem.code == IdentityMissingError.code
    assert "Ana" in decoded.problem.hint
    assert at.desk.services.backups.all()[0].state is BackupState.COMPLETE
    assert not at.desk.services.vaults.check(at.name).has_identity
    assert not at.desk.secrets.holds(identity_ref(at.vault.spec.vault_id))


def test_no_key_on_that_workstation_opens_a_document(at: VaultDesk) -> None:
    at.add(extra_recipients=(HOLDER.recipient,), write_only=True)
    record = at.backup()
    kept = [s.reveal() for s in at.desk.secrets._kept.values()]
    segment = next(p for p in at.desk.vault_folder.rglob("*.bson.zst.age"))

    for text in kept:
        if not text.startswith("AGE-SECRET-KEY"):
            continue
        as_other = X25519Identity.from_text(text)
        at.desk.secrets.store(identity_ref(at.vault.spec.vault_id), Secret(as_other.to_text()))
        with pytest.raises(WrongIdentityError):
            at.content(record)
    assert segment.read_bytes().count(b"-> X25519") == 1


def test_the_key_can_be_brought_later_and_only_the_right_one(at: VaultDesk) -> None:
    at.add(extra_recipients=(f"Ana={HOLDER.recipient}",), write_only=True)
    record = at.backup()
    keys = at.desk.services.keys

    with pytest.raises(WrongIdentityError, match="opens nothing"):
        keys.import_identity(at.name, Secret(X25519Identity.generate().to_text()))
    assert keys.import_identity(at.name, Secret(ANA.to_text())) == HOLDER

    assert at.content(record)


def test_nobody_who_could_read_is_refused(at: VaultDesk) -> None:
    with pytest.raises(InvalidKeyError, match="nothing was made"):
        at.add(write_only=True)

    assert not at.desk.services.vaults.all()
    assert not at.desk.secrets.count


def test_old_backups_stay_genuine_after_a_rotation_and_new_ones_have_the_new_key(
    at: VaultDesk,
) -> None:
    at.add()
    before = at.backup(3)
    old_key = at.vault.spec.public_key

    changed = at.desk.services.keys.rotate_signing_key(at.name)
    after = at.backup(4)

    assert at.content(before) == at.content(after)
    assert changed.spec.retired_keys[0].public_key == old_key
    assert changed.spec.retired_keys[0].last_sequence == before.sequence
    assert {r.state for r in at.desk.services.backups.all()} == {BackupState.COMPLETE}
    assert at.desk.services.vaults.check(at.name).problem == ""
    assert not kit_state(changed.spec).is_safe


def test_a_retired_key_signs_no_new_backup(at: VaultDesk) -> None:
    """Somebody who stole it writes a backup that claims to be newer than the rotation."""
    at.add()
    thief = at.vault
    at.backup(3)
    at.desk.services.keys.rotate_signing_key(at.name)
    root = at.desk.vault_folder
    new_description = (root / "vault.json").read_bytes()
    (root / "vault.json").unlink()
    replace_descriptor(FolderStorage(root), descriptor_of(thief.spec))
    forged = write_backup(thief, new_id(4))
    (root / "vault.json").chmod(0o600)
    (root / "vault.json").write_bytes(new_description)

    with pytest.raises(SignatureInvalidError, match="retired"):
        at.content(forged)


@pytest.mark.parametrize("step", ["secret stored", "vault saved"])
def test_a_rotation_that_is_cut_off_leaves_a_vault_that_works(
    at: VaultDesk, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at.add()
    at.backup(3)
    keys = at.desk.services.keys
    target, method = (keys._store, "save") if step == "secret stored" else (keys._keeper, "settle")

    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(target, method, cut_off)
        with pytest.raises(KeyboardInterrupt):
            keys.rotate_signing_key(at.name)

    record = at.backup(4)
    assert at.content(record)
    again = keys.rotate_signing_key(at.name).spec
    assert at.desk.secrets.holds(signing_ref_of(again))
    assert at.backup(5).sequence == 3
    assert {r.state for r in at.desk.services.backups.all()} == {BackupState.COMPLETE}


@pytest.mark.parametrize("busy", [RunKind.BACKUP, RunKind.CAPTURE])
def test_no_key_is_changed_while_a_run_writes(
    at: VaultDesk, monkeypatch: pytest.MonkeyPatch, busy: RunKind
) -> None:
    at.add()
    before = at.vault.spec.public_key
    vaults = at.desk.services.vaults

    class Busy:
        vault, kind, state, title = at.name, busy, RunState.RUNNING, "Back up shop"

    monkeypatch.setattr(vaults._history, "unfinished", lambda: (Busy(),))

    with pytest.raises(VaultLockedError, match="the key was not changed"):
        at.desk.services.keys.rotate_signing_key(at.name)
    assert at.vault.spec.public_key == before


def test_another_workstation_that_knows_only_the_old_key_writes_nothing(at: VaultDesk) -> None:
    at.add()
    lagging = at.vault
    at.backup(3)
    at.desk.services.keys.rotate_signing_key(at.name)
    record = at.backup(4)
    old = lagging.factory.open(lagging.spec)

    with pytest.raises(SignatureInvalidError):
        old.manifest(record.backup)
    problem = old.health().problem

    assert "other keys" in problem


def test_a_retired_key_forges_nothing_below_its_last_number_either(at: VaultDesk) -> None:
    at.add()
    lagging = at.vault
    kept = at.backup(3)
    at.desk.services.keys.rotate_signing_key(at.name)
    thief = lagging.factory.open_in(lagging.spec, lambda: lagging.factory.storage(lagging.spec))
    manifest = at.vault.open().manifest(kept.backup)
    folder = at.desk.vault_folder / SLUG
    number = manifest.sequence  # as if it had been there before the key was retired
    descriptor = at.desk.vault_folder / "vault.json"
    present = descriptor.read_bytes()
    descriptor.write_bytes(encode_descriptor(descriptor_of(lagging.spec)))
    forged = forge(thief, manifest, number)
    descriptor.write_bytes(present)

    assert (folder / forged / "manifest.json.age.minisig").exists()
    with pytest.raises(SignatureInvalidError, match="forged it"):
        at.vault.open().manifest(forged)
    assert at.vault.open().manifest(kept.backup).sequence == number
    assert at.content(kept)


def forge(thief: Vault, manifest: Manifest, number: int) -> BackupId:
    """Publish a backup with an old number, as whoever has the retired key can."""
    backup = BackupId(f"20200101T000000Z-{SLUG}-dead")
    with thief.begin(SLUG, backup) as draft:
        draft._sequence = number  # type: ignore[attr-defined]  # a thief's own tools
        draft.publish(
            replace(manifest, backup=backup, sequence=number, namespaces=(), extra=(), oplog=None)
        )
    return backup


def test_a_workstation_that_lags_behind_refuses_what_the_retired_key_signs_later(
    at: VaultDesk,
) -> None:
    at.add()
    lagging = at.vault
    kept = at.backup(3)
    at.desk.services.keys.rotate_signing_key(at.name)
    storage = lagging.factory.storage(lagging.spec)
    (at.desk.vault_folder / "vault.json").write_bytes(
        encode_descriptor(descriptor_of(lagging.spec))  # turned back by whoever has the storage
    )
    thief = lagging.factory.open_in(lagging.spec, lambda: storage)
    forged = forge(thief, lagging.open().manifest(kept.backup), 99)

    with pytest.raises(SignatureInvalidError, match="retired on another workstation"):
        lagging.open().manifest(forged)
    assert lagging.open().manifest(kept.backup)


def test_without_the_record_nothing_by_the_retired_key_is_believed(at: VaultDesk) -> None:
    at.add()
    kept = at.backup(3)
    at.desk.services.keys.rotate_signing_key(at.name)
    (record,) = (at.desk.vault_folder / "_keys").glob("*.json")
    content = record.read_bytes()
    record.unlink()

    with pytest.raises(SignatureInvalidError, match="missing or was changed"):
        at.vault.open().manifest(kept.backup)
    record.write_bytes(content)
    assert at.vault.open().manifest(kept.backup)


def test_a_rotation_that_is_cut_off_leaves_the_former_key_in_charge(
    at: VaultDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    at.add()
    kept = at.backup(3)
    keys = at.desk.services.keys
    monkeypatch.setattr(keys._store, "save", lambda _: (_ for _ in ()).throw(OSError("killed")))
    with pytest.raises(OSError, match="killed"):
        keys.rotate_signing_key(at.name)
    monkeypatch.undo()

    later = at.backup(4)
    assert at.content(kept)
    assert at.content(later)
    keys.rotate_signing_key(at.name)

    assert at.content(kept)
    assert at.content(later)


# --- re-wrapping -------------------------------------------------------------------------


def rewrapped(at: VaultDesk) -> RunStatus:
    run_id = at.desk.services.keys.start_rewrap(at.name)
    return at.desk.services.activity.wait(run_id, 60)


def test_a_new_recipient_opens_old_backups_after_a_rewrap(at: VaultDesk) -> None:
    at.add()
    records = [at.backup(hour) for hour in (3, 4, 5)]
    at.desk.services.keys.add_recipient(at.name, HOLDER)
    at.desk.services.keys.rotate_signing_key(at.name)

    status = rewrapped(at)
    again = rewrapped(at)

    assert status.state is RunState.SUCCEEDED, status.problem
    assert status.result is not None
    assert dict(status.result.figures) == {"backups": 3, "changed": 3, "slices": 0}
    assert again.result is not None
    assert dict(again.result.figures)["changed"] == 0
    as_ana(at)
    assert [at.content(r) for r in records] == [at.content(records[0])] * 3
    assert {r.state for r in at.desk.services.backups.all()} == {BackupState.COMPLETE}
    health = at.desk.services.vaults.check(at.name)
    assert (health.problem, health.missing, health.debris) == ("", (), ())


def test_a_damaged_backup_stays_as_it_is_and_stops_no_other(at: VaultDesk) -> None:
    at.add()
    bad, good = at.backup(3), at.backup(4)
    at.desk.services.keys.add_recipient(at.name, HOLDER)
    segment = next((at.desk.vault_folder / SLUG / bad.backup).rglob("*.0000.bson.zst.age"))
    segment.chmod(0o600)
    segment.write_bytes(segment.read_bytes()[:-1])

    status = rewrapped(at)

    assert status.state is RunState.SUCCEEDED_WITH_WARNINGS
    assert status.result is not None
    assert [loss.subject for loss in status.result.losses] == [bad.backup]
    as_ana(at)
    assert at.content(good)


def test_a_cancelled_rewrap_leaves_every_backup_readable(at: VaultDesk) -> None:
    at.add()
    records = [at.backup(hour) for hour in (3, 4, 5)]
    at.desk.services.keys.add_recipient(at.name, HOLDER)
    cancelled = at.desk.at_phase(Phase.REWRAP, at.desk.cancel, half_way=True)

    status = rewrapped(at)

    assert cancelled.is_set()
    assert status.state is RunState.CANCELLED
    assert [at.content(record) for record in records] == [at.content(records[0])] * 3
    assert rewrapped(at).state is RunState.SUCCEEDED


def test_an_unencrypted_vault_has_nothing_to_rewrap(at: VaultDesk) -> None:
    at.add(encrypted=False)

    with pytest.raises(InvalidKeyError, match="nothing to re-wrap"):
        at.desk.services.keys.start_rewrap(at.name)


def test_a_workstation_that_may_not_read_rewraps_nothing(at: VaultDesk) -> None:
    at.add(extra_recipients=(HOLDER.recipient,), write_only=True)
    record = at.backup()
    at.desk.services.keys.rotate_signing_key(at.name)
    before = sorted(p.name for p in at.desk.vault_folder.rglob("*.age"))

    status = rewrapped(at)

    assert status.problem is not None
    assert status.problem.code == IdentityMissingError.code
    assert sorted(p.name for p in at.desk.vault_folder.rglob("*.age")) == before
    assert at.vault.open().manifest(record.backup)
