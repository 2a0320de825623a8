"""A recovery kit: made, confirmed, opened on another machine, and opened without Mangrove."""

import os
import pty
import shutil
import subprocess
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard

from fakes.vault_desk import VaultDesk
from fakes.vaults import ORDERS, SLUG, USERS, entry, manifest_for, new_id, put
from fakes.workstation import workstation
from mangrove.core.blobs import BlobRole
from mangrove.core.errors import (
    ChunkForgedError,
    ConfigurationError,
    CorruptBackupError,
    HeaderMalformedError,
    InvalidKeyError,
    NameTakenError,
    SecretNotFoundError,
    StorageUnavailableError,
    VaultNotFoundError,
    WrongIdentityError,
)
from mangrove.core.profile import Profile
from mangrove.core.run import RunState
from mangrove.core.secret import Secret
from mangrove.core.tunnel import TunnelAuth, TunnelSpec
from mangrove.core.vaults.key_changes import Holder
from mangrove.core.vaults.keys import KitState
from mangrove.core.vaults.mirror import mirror_key_ref
from mangrove.core.vaults.vault import identity_ref, signing_key_ref, storage_key_ref
from mangrove.services.mirrors import MirrorDraft
from mangrove.services.profiles import ProfileDraft
from mangrove.vault.crypto.age import decrypt_bytes
from mangrove.vault.crypto.recipients import ScryptIdentity, X25519Identity
from mangrove.vault.kit.by_hand import steps

PASSPHRASE = Secret("tide turns mangrove roots")
PASSWORD = "swamp-tree-42-password"  # noqa: S105 - made up
METADATA = b'{"options":{},"indexes":[],"type":"collection"}'


@pytest.fixture
def old(tmp_path: Path) -> Iterator[VaultDesk]:
    with workstation(tmp_path / "old") as desk:
        made = VaultDesk(desk)
        made.add()
        yield made


@pytest.fixture
def new(tmp_path: Path) -> Iterator[VaultDesk]:
    with workstation(tmp_path / "new") as desk:
        yield VaultDesk(desk)


def make(at: VaultDesk, name: str = "kit", **choices: bool) -> Path:
    """Make a kit and return its sealed file."""
    target = str(at.desk.folder / name)
    return at.desk.services.kits.make(at.name, target, PASSPHRASE, **choices).sealed


def code_on(sheet: Path) -> str:
    """Read the printed code out of the PDF: the only text in 18 points."""
    parts = sheet.read_bytes().split(b"stream\n")
    pages = []
    for part in parts[1:]:
        try:
            pages.append(zlib.decompress(part.partition(b"\nendstream")[0]))
        except zlib.error:
            continue
    drawn = b"".join(pages)
    at = drawn.index(b"18.00 Tf")
    return drawn[at:].partition(b"(")[2].partition(b")")[0].decode()


def whole_text(sealed: Path) -> bytes:
    """Return everything a kit's file holds, opened."""
    return decrypt_bytes(sealed.read_bytes(), [ScryptIdentity(PASSPHRASE.reveal())])


def strange_keys() -> tuple[str, str]:
    """Return a recipient and its identity that no vault of ours made."""
    made = X25519Identity.generate()
    return made.recipient.to_text(), made.to_text()


def opened(at: VaultDesk, sealed: Path, **choices: object) -> object:
    kits = at.desk.services.kits
    return kits.open(kits.read(str(sealed), PASSPHRASE), **choices)  # type: ignore[arg-type]  # tests


# --- making and confirming ---------------------------------------------------------------


def test_a_vault_is_safe_only_once_the_code_on_the_sheet_was_typed_back(old: VaultDesk) -> None:
    kits = old.desk.services.kits
    before = kits.state(old.name)
    sealed = make(old)
    made = kits.state(old.name)

    with pytest.raises(InvalidKeyError, match="not the code"):
        kits.confirm(old.name, "AAAA-AAAA-AAAA")
    kits.confirm(old.name, code_on(sealed.with_suffix(".pdf")).lower())

    assert (before, made) == (KitState.MISSING, KitState.UNCONFIRMED)
    assert kits.state(old.name) is KitState.STORED


def test_the_code_is_not_in_the_sealed_file_nor_in_our_own_state(old: VaultDesk) -> None:
    sealed = make(old)
    code = code_on(sealed.with_suffix(".pdf"))

    kit = old.desk.services.kits.read(str(sealed), PASSPHRASE)
    state = b"".join(p.read_bytes() for p in old.desk.folder.rglob("*.sqlite*"))

    assert code not in repr(kit)
    assert code.encode() not in state
    assert code.replace("-", "").encode() not in state


def test_only_the_owner_may_read_a_kit_and_only_the_sheet_has_the_key_in_the_clear(
    old: VaultDesk,
) -> None:
    sealed = make(old)
    identity = old.desk.secrets.fetch(identity_ref(old.vault.spec.vault_id)).reveal().encode()

    assert {p.stat().st_mode & 0o777 for p in (sealed, sealed.with_suffix(".pdf"))} == {0o600}
    assert identity not in sealed.read_bytes()
    assert sealed.with_suffix(".pdf").read_bytes().startswith(b"%PDF-")


def test_an_existing_file_is_not_written_over_and_the_state_stays(old: VaultDesk) -> None:
    (old.desk.folder / "kit.age").write_bytes(b"something else")

    with pytest.raises(NameTakenError, match="nothing was written"):
        make(old)

    assert not (old.desk.folder / "kit.pdf").exists()
    assert old.desk.services.kits.state(old.name) is KitState.MISSING


@pytest.mark.parametrize("weak", ["", "short", "aaaaaaaaaaaaaaaaaaaaa", "abababababab"])
def test_a_weak_passphrase_is_refused(old: VaultDesk, weak: str) -> None:
    with pytest.raises(InvalidKeyError, match="too easy to guess") as caught:
        old.desk.services.kits.make(old.name, str(old.desk.folder / "kit"), Secret(weak))

    assert not weak or weak not in str(caught.value)


def test_a_kit_without_the_keys_is_not_made(old: VaultDesk) -> None:
    old.desk.secrets.forget(signing_key_ref(old.vault.spec.vault_id))

    with pytest.raises(SecretNotFoundError, match="of no use; nothing was written"):
        make(old)
    assert not list(old.desk.folder.glob("kit*"))


def test_a_full_disk_leaves_no_half_kit(old: VaultDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(ConfigurationError, match="No space left"):
        make(old)
    assert not list(old.desk.folder.glob("kit*"))


# --- opening it elsewhere ----------------------------------------------------------------


def test_everything_comes_back_on_a_new_machine_but_no_password(
    old: VaultDesk, new: VaultDesk
) -> None:
    record = old.backup()
    tunnel = TunnelSpec("gate.example", "ops", auth=TunnelAuth.AGENT)
    draft = ProfileDraft(
        "Shop, production",
        "mongodb://anna@db.example:27018/",
        Secret(PASSWORD),
        tunnel=tunnel,
    )
    old.desk.services.profiles.add(draft)
    sealed = make(old)

    result = new.desk.services.kits.open(new.desk.services.kits.read(str(sealed), PASSPHRASE))

    before, after = (d.desk.services.profiles.find("Shop, production") for d in (old, new))
    assert (result.backups, result.profiles, result.kept_profiles) == (1, (before.name,), ())
    assert (after.slug, after.uri, after.tunnel) == (before.slug, before.uri, before.tunnel)
    assert after.password is None
    assert new.content(record) == old.content(record)
    assert new.backup(hour=13).sequence == record.sequence + 1
    assert new.desk.services.kits.state(new.name) is KitState.STORED
    assert PASSWORD.encode() not in whole_text(sealed)


def test_the_rebuilt_catalog_is_the_lost_one(old: VaultDesk, new: VaultDesk) -> None:
    for hour in (3, 4, 5):
        old.backup(hour)

    opened(new, make(old))

    assert new.desk.services.backups.all() == old.desk.services.backups.all()


def test_a_wrong_passphrase_changes_nothing(old: VaultDesk, new: VaultDesk) -> None:
    sealed = make(old)

    with pytest.raises(WrongIdentityError, match="does not open this recovery kit"):
        new.desk.services.kits.read(str(sealed), Secret("tide turns mangrove Roots"))
    assert new.desk.services.vaults.all() == ()


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        (lambda data: data[:-1], CorruptBackupError),
        (lambda data: data[:-1] + bytes([data[-1] ^ 1]), ChunkForgedError),
        (lambda _: b"%PDF-1.3 the sheet", HeaderMalformedError),
        (lambda _: b"", HeaderMalformedError),
    ],
    ids=["cut off", "altered", "the sheet instead", "empty"],
)
def test_a_damaged_kit_is_told_from_a_wrong_passphrase(
    old: VaultDesk, damage: object, error: type[Exception]
) -> None:
    sealed = make(old)
    sealed.write_bytes(damage(sealed.read_bytes()))  # type: ignore[operator]  # one of the lambdas

    with pytest.raises(error):
        old.desk.services.kits.read(str(sealed), PASSPHRASE)


def test_a_moved_vault_is_opened_where_it_is_now(
    old: VaultDesk, new: VaultDesk, tmp_path: Path
) -> None:
    record = old.backup()
    sealed = make(old)
    shutil.move(old.desk.vault_folder, tmp_path / "moved")

    with pytest.raises(StorageUnavailableError) as caught:
        opened(new, sealed)
    nothing = new.desk.services.vaults.all()
    opened(new, sealed, url=(tmp_path / "moved").as_uri())

    assert "--url" in caught.value.hint
    assert nothing == ()
    assert new.content(record)


def test_a_failed_opening_leaves_no_key_behind(
    old: VaultDesk, new: VaultDesk, tmp_path: Path
) -> None:
    sealed = make(old)
    shutil.move(old.desk.vault_folder, tmp_path / "moved")

    with pytest.raises(StorageUnavailableError):
        opened(new, sealed)

    assert not new.desk.secrets.count


def test_another_vault_at_the_address_is_refused(old: VaultDesk, new: VaultDesk) -> None:
    sealed = make(old)
    other = VaultDesk(new.desk, "other")
    other.add()

    with pytest.raises(VaultNotFoundError, match="another vault"):
        opened(new, sealed, url=new.desk.vault_folder.as_uri())


def test_a_kit_from_before_a_rotation_opens_what_it_can_and_says_so(
    old: VaultDesk, new: VaultDesk
) -> None:
    before = old.backup(3)
    sealed = make(old)
    old.desk.services.keys.rotate_signing_key(old.name)
    old.backup(4)

    kits = new.desk.services.kits
    result = kits.open(kits.read(str(sealed), PASSPHRASE))

    assert any("older than the vault's keys" in notice for notice in result.notices)
    assert new.content(before)
    states = {r.backup: str(r.state) for r in new.desk.services.backups.all()}
    assert sorted(states.values()) == ["complete", "unreadable"]


def test_a_kit_is_outdated_once_there_is_another_copy_and_a_new_one_brings_it_back(
    old: VaultDesk, new: VaultDesk
) -> None:
    record = old.backup()
    kits, sealed = old.desk.services.kits, make(old)
    kits.confirm(old.name, code_on(sealed.with_suffix(".pdf")))
    assert kits.state(old.name) is KitState.STORED
    copy = old.desk.folder / "copy"
    made = old.desk.services.mirrors.add(old.name, MirrorDraft("copy", copy.as_uri()))
    ref = mirror_key_ref(old.vault.spec.vault_id, made.mirror_id)
    old.desk.secrets.store(ref, Secret("hush"))
    spec = old.vault.spec
    old.desk.services.vaults._store.save(
        replace(spec, mirrors=(replace(made, has_storage_secret=True),))
    )

    assert kits.state(old.name) is KitState.OUTDATED
    status = old.desk.services.mirrors.start_sync(old.name)
    old.desk.services.activity.wait(status, 60)
    opened(new, make(old, "newer", with_storage_key=True))

    (found,) = new.desk.services.vaults.find(old.name).mirrors
    assert (found.name, found.url) == ("copy", copy.as_uri())
    assert new.desk.secrets.fetch(ref) == Secret("hush")
    assert new.desk.services.mirrors.states(old.name)[0].is_complete
    assert new.content(record)


def test_a_newer_kit_brings_the_newer_keys_to_a_workstation_that_lagged_behind(
    old: VaultDesk, new: VaultDesk
) -> None:
    opened(new, make(old))
    old.desk.services.keys.rotate_signing_key(old.name)
    record = old.backup(4)

    opened(new, make(old, "newer"))

    assert new.content(record)
    assert new.backup(5).sequence == 2
    assert len(new.desk.services.vaults.all()) == 1


def test_keys_that_were_lost_here_come_back_from_the_kit(old: VaultDesk) -> None:
    record = old.backup()
    sealed = make(old)
    old.desk.secrets.forget(identity_ref(old.vault.spec.vault_id))

    opened(old, sealed)

    assert old.content(record)


def test_profiles_that_are_here_already_stay_as_they_are(old: VaultDesk, new: VaultDesk) -> None:
    for desk, uri in ((old.desk, "mongodb://db.old"), (new.desk, "mongodb://db.new")):
        desk.services.profiles.add(ProfileDraft("shop", uri))

    kits = new.desk.services.kits
    result = kits.open(kits.read(str(make(old)), PASSPHRASE))

    assert (result.profiles, result.kept_profiles) == ((), ("shop",))
    kept = new.desk.services.profiles.find("shop")
    assert isinstance(kept, Profile)
    assert kept.uri.hosts == ("db.new",)


def test_the_storage_key_goes_into_the_kit_only_when_asked_for(old: VaultDesk) -> None:
    ref = storage_key_ref(old.vault.spec.vault_id)
    old.desk.secrets.store(ref, Secret("s3cr3t-of-the-bucket"))
    kits = old.desk.services.kits

    without = kits.read(str(make(old)), PASSPHRASE)
    with_it = kits.read(str(make(old, "full", with_storage_key=True)), PASSPHRASE)

    assert without.storage_key is None
    assert with_it.storage_key == Secret("s3cr3t-of-the-bucket")


# --- without Mangrove --------------------------------------------------------------------


def age_asking(command: list[str], folder: Path, home: Path) -> bytes:
    """Run age on a terminal of its own, where it asks for the passphrase."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["setsid", "-c", *command],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(home)},
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    try:
        os.close(theirs)
        os.write(ours, PASSPHRASE.reveal().encode() + b"\n")
        out, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        os.close(ours)
    assert process.returncode == 0
    return out


def big_backup(at: VaultDesk, pieces: int = 12) -> dict[str, bytes]:
    """Write a backup with more segments than digits sort, and an awkward name."""
    pack = zstandard.ZstdCompressor().compress
    texts = [f"piece {number};".encode() * 50 for number in range(pieces)]
    with at.vault.open().begin(SLUG, new_id()) as draft:
        entries = []
        for namespace in (USERS, ORDERS):
            blobs = tuple(
                put(draft, namespace, [pack(text)], number=n) for n, text in enumerate(texts)
            )
            metadata = put(draft, namespace, [pack(METADATA)], BlobRole.METADATA)
            entries.append(entry(metadata, blobs, namespace))
        spec = at.vault.spec
        described = manifest_for(
            new_id(),
            draft.sequence,
            tuple(entries),
            encrypted=spec.is_encrypted,
            vault_id=spec.vault_id,
        )
        draft.publish(described)
    documents = b"".join(texts)
    return {
        "shop/users.bson": documents,
        "shop/users.metadata.json": METADATA,
        "shop/orders%25%2F2026.bson": documents,
        "shop/orders%25%2F2026.metadata.json": METADATA,
    }


@pytest.mark.parametrize(
    ("encrypted", "rotated", "rewrapped"),
    [(True, False, False), (True, True, False), (True, True, True), (False, True, False)],
    ids=["encrypted", "rotated", "re-wrapped", "plain"],
)
def test_the_printed_steps_make_a_mongodump_directory(
    tmp_path: Path, encrypted: bool, rotated: bool, rewrapped: bool
) -> None:
    """The very commands of the sheet, in the order they stand there, in a shell."""
    with workstation(tmp_path / "old") as desk:
        at = VaultDesk(desk)
        at.add(encrypted=encrypted)
        if rotated:
            desk.services.keys.rotate_signing_key(at.name)
        expected = big_backup(at)
        if rewrapped:
            desk.services.keys.add_recipient(at.name, Holder(strange_keys()[0]))
            run_id = desk.services.keys.start_rewrap(at.name)
            assert desk.services.activity.wait(run_id, 60).state is RunState.SUCCEEDED
        sealed = make(at)
        kit = desk.services.kits.read(str(sealed), PASSPHRASE)
    home = tmp_path / "home"
    (home / "recovery").mkdir(parents=True)
    if encrypted:
        shutil.copy(sealed, home / "recovery" / "KIT.age")
        identity = age_asking(["age", "-d", "KIT.age"], home / "recovery", home)
        (home / "recovery" / "identity.txt").write_bytes(identity)
    skipped = ("Get the programs", "Get the key", "Restore it")
    script = [
        line
        for step in steps(kit)
        if step.title not in skipped
        for command in step.commands
        for line in command.split("\n")
    ]
    folder = f"{SLUG}/{new_id()}"
    typed = "\n".join(line.replace("PROFILE/DATE-PROFILE-XXXX", folder) for line in script)

    done = subprocess.run(
        ["bash", "-c", "set -eu\n" + typed],
        env={"PATH": os.environ["PATH"], "HOME": str(home)},
        capture_output=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr.decode()
    said = done.stdout.decode()
    assert f"mangrove backup {new_id()} sequence 1 vault {kit.spec.vault_id}" in said
    assert said.count(": OK") == 26
    root = home / "recovery" / "dump"
    found = {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}
    assert found == expected


def test_the_kits_file_is_an_identity_file_that_age_takes_as_it_is(
    old: VaultDesk, tmp_path: Path
) -> None:
    record = old.backup()
    sealed = make(old)
    manifest = old.desk.vault_folder / SLUG / record.backup / "manifest.json.age"

    opened_by_age = age_asking(["age", "-d", "-i", str(sealed), str(manifest)], tmp_path, tmp_path)

    assert f'"backup": "{record.backup}"'.encode() in opened_by_age


def test_a_kit_of_a_workstation_that_may_not_read_says_who_has_the_key(
    tmp_path: Path, new: VaultDesk
) -> None:
    with workstation(tmp_path / "old") as desk:
        at = VaultDesk(desk)
        recipient, identity = strange_keys()
        at.add(extra_recipients=(f"Ana={recipient}",), write_only=True)
        record = at.backup()
        kit = desk.services.kits.read(str(make(at)), PASSPHRASE)
    opened_kit = new.desk.services.kits.open(kit)

    assert kit.identity is None
    assert any("Ana" in step.words for step in steps(kit))
    assert opened_kit.backups == 1
    new.desk.services.keys.import_identity(new.name, Secret(identity))
    assert new.content(record)


def test_holders_are_printed_by_name(old: VaultDesk) -> None:
    recipient, _ = strange_keys()
    old.desk.services.keys.add_recipient(old.name, Holder(recipient, "Ana"))

    sealed = make(old)

    assert old.desk.services.kits.read(str(sealed), PASSPHRASE).spec.recipient_names == (
        (recipient, "Ana"),
    )


def test_a_passphrase_opens_backups_with_its_sealed_key_and_the_age_program(
    old: VaultDesk, tmp_path: Path
) -> None:
    keys = old.desk.services.keys
    sealed = tmp_path / "ana.age"
    keys.add_passphrase(old.name, "Ana", str(sealed), PASSPHRASE)
    record = old.backup()
    manifest = old.desk.vault_folder / SLUG / record.backup / "manifest.json.age"

    by_age = age_asking(["age", "-d", "-i", str(sealed), str(manifest)], tmp_path, tmp_path)
    holder = keys.import_identity(old.name, keys.open_identity(str(sealed), PASSPHRASE))

    assert f'"backup": "{record.backup}"'.encode() in by_age
    assert holder.name == "Ana"
    assert old.content(record)
    assert sealed.stat().st_mode & 0o777 == 0o600
    with pytest.raises(WrongIdentityError, match="nothing was changed"):
        keys.open_identity(str(sealed), Secret("another passphrase, long"))
    with pytest.raises(NameTakenError):
        keys.add_passphrase(old.name, "Ana", str(sealed), PASSPHRASE)
