import os
import secrets
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from contract.each_call import each_call
from contract.storage_suite import NAME, StorageSuite
from fakes.vaults import new_vault, write_backup
from mangrove.connectors.ssh.dialing import Dialer
from mangrove.core.blobs import BlobName
from mangrove.core.errors import (
    ChangedStorageHostError,
    StalledError,
    StorageDeniedError,
    StorageFullError,
    StorageUnavailableError,
    UnknownStorageHostError,
)
from mangrove.core.ports.storage import Storage
from mangrove.core.secret import Secret
from mangrove.core.tunnel import TunnelSpec
from mangrove.core.vaults.url import parse_vault_url
from mangrove.vault.inventory import take_inventory
from mangrove.vault.storage.sftp import SftpStorage
from servers.sshd import PasswordServer, Sshd, make_key

pytestmark = pytest.mark.storage
MIB = 1 << 20


def url_of(spec: TunnelSpec, root: Path | str, **options: str) -> str:
    known = {"known_hosts": spec.known_hosts, "key": spec.key_file} | options
    query = "&".join(f"{name}={quote(value)}" for name, value in known.items() if value)
    return f"sftp://{spec.address}{quote(str(root))}?{query}"


def open_at(
    spec: TunnelSpec, root: Path | str, secret: str = "", stall_s: float = 20
) -> SftpStorage:
    address = parse_vault_url(url_of(spec, root))
    return SftpStorage(address, Secret(secret) if secret else None, Dialer, stall_s)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "vault"
    path.mkdir()
    return path


class TestSftp(StorageSuite):
    @pytest.fixture
    def storage(self, sshd: Sshd, root: Path) -> Storage:
        return open_at(sshd.spec, root)


def files(root: Path) -> list[str]:
    return sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())


def test_a_folder_below_the_users_own_is_found(own_sshd: Sshd) -> None:
    name = f"mangrove-test-{secrets.token_hex(6)}"  # in the real home, which others share
    address = parse_vault_url(url_of(own_sshd.spec, f"/~/{name}"))
    storage = SftpStorage(address, None, Dialer, 20)
    home = Path(os.path.expanduser("~root"))  # noqa: PTH111 - the server does not know our HOME

    try:
        storage.prepare()
        storage.put(NAME, [b"x"])
        assert files(home / name) == [NAME]
    finally:
        storage.delete(NAME)
        (home / name).rmdir()


def test_a_new_vaults_folder_is_made_but_not_its_parents(sshd: Sshd, tmp_path: Path) -> None:
    open_at(sshd.spec, tmp_path / "new").prepare()
    open_at(sshd.spec, tmp_path / "new").prepare()

    assert (tmp_path / "new").is_dir()
    with pytest.raises(StorageUnavailableError):
        open_at(sshd.spec, tmp_path / "disk" / "new").prepare()


def test_a_folder_that_is_not_there_is_not_written_beside(sshd: Sshd, tmp_path: Path) -> None:
    storage = open_at(sshd.spec, tmp_path / "not mounted")

    for name, call in each_call(storage):
        with pytest.raises(StorageUnavailableError, match="not there"):
            call()
        assert [*tmp_path.iterdir()] == [], name


def test_a_server_that_nobody_knows_shows_its_fingerprint(sshd: Sshd, root: Path) -> None:
    storage = open_at(sshd.with_known_hosts(""), root)

    for _, call in each_call(storage):
        with pytest.raises(UnknownStorageHostError, match="SHA256:") as caught:
            call()
        assert "ssh " in caught.value.hint


def test_a_changed_host_key_is_refused_with_both_fingerprints(sshd: Sshd, root: Path) -> None:
    other = make_key(root.parent / "other")
    storage = open_at(sshd.with_known_hosts(sshd.line_for(other)), root)

    for _, call in each_call(storage):
        with pytest.raises(ChangedStorageHostError, match=r"SHA256:.*instead of SHA256:") as caught:
            call()
        assert "ssh-keygen" in caught.value.hint
    assert files(root) == []


def test_a_locked_key_needs_its_passphrase(sshd: Sshd, root: Path) -> None:
    spec = sshd.with_key(sshd.locked_key)

    open_at(spec, root, sshd.passphrase).put(NAME, [b"x"])

    for wrong in ("", "not the passphrase"):
        with pytest.raises(StorageDeniedError):
            open_at(spec, root, wrong).get(NAME)


def test_a_key_that_the_server_does_not_know_is_denied(sshd: Sshd, root: Path) -> None:
    with pytest.raises(StorageDeniedError, match="refused the key"):
        open_at(sshd.with_key(sshd.strange_key), root).get(NAME)


def test_a_password_opens_the_storage_and_a_wrong_one_does_not(
    password_server: PasswordServer, root: Path
) -> None:
    spec = password_server.spec
    address = parse_vault_url(url_of(spec, root, auth="password"))

    SftpStorage(address, Secret(password_server.password), Dialer, 20).put(NAME, [b"x"])

    assert files(root) == [NAME]
    with pytest.raises(StorageDeniedError, match="password") as caught:
        SftpStorage(address, Secret("WRONG"), Dialer, 20).get(NAME)
    assert "WRONG" not in f"{caught.value} {caught.value.hint}"


def test_a_full_disk_is_told_and_leaves_nothing(sshd: Sshd, tiny_disk: Path) -> None:
    storage = open_at(sshd.spec, tiny_disk)
    storage.put(BlobName("a/small"), [b"x" * 1000])

    with pytest.raises(StorageFullError, match="full"):
        storage.put(NAME, (b"x" * 100_000 for _ in range(100)))

    assert files(tiny_disk) == ["a/small"]
    storage.put(NAME, [b"there is room again"])


def test_a_folder_of_somebody_else_is_denied(sshd: Sshd, tiny_disk: Path) -> None:
    storage = open_at(sshd.spec, tiny_disk)
    storage.put(NAME, [b"x"])
    assert os.system(f"mount -o remount,ro '{tiny_disk}'") == 0  # noqa: S605 - our own path

    with pytest.raises((StorageDeniedError, StorageUnavailableError)):
        storage.put(BlobName("b/c"), [b"x"])
    assert b"".join(storage.get(NAME)) == b"x"


def test_a_lost_connection_is_opened_again_and_the_blob_goes_on(own_sshd: Sshd, root: Path) -> None:
    storage = open_at(own_sshd.spec, root)
    pieces = [os.urandom(MIB) for _ in range(6)]

    def chunks() -> Iterator[bytes]:
        for number, piece in enumerate(pieces):
            if number in (2, 4):
                own_sshd.hang_up()
            yield piece

    assert storage.put(NAME, chunks()) == 6 * MIB

    read = []
    for number, chunk in enumerate(storage.get(NAME)):
        read.append(chunk)
        if number == 1:
            own_sshd.hang_up()
    assert b"".join(read) == b"".join(pieces)
    assert files(root) == [NAME]


def test_a_server_that_is_gone_for_good_is_told_and_its_leftover_is_found(
    own_sshd: Sshd, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mangrove.vault.storage.sftp.PAUSES_S", (0.01, 0.01))
    storage = open_at(own_sshd.spec, root)

    def chunks() -> Iterator[bytes]:
        yield b"x" * MIB
        own_sshd.kill()
        yield b"x" * MIB

    with pytest.raises(StorageUnavailableError):
        storage.put(NAME, chunks())

    (left,) = files(root)
    assert left.rpartition("/")[2].startswith(".part-")


def test_an_interrupted_writer_leaves_a_file_that_is_found_and_removable(
    sshd: Sshd, root: Path
) -> None:
    storage = open_at(sshd.spec, root)
    folder = root / NAME.rpartition("/")[0]
    folder.mkdir(parents=True)
    (folder / ".part-0123").write_bytes(b"half")

    assert [*storage.list()] == []
    assert [d.blobs for d in take_inventory(storage).debris] == [1]
    for piece in storage.leftovers():
        storage.delete(piece.name)
    assert [*root.iterdir()] == []


def test_a_frozen_server_stalls_and_an_abort_gets_through(own_sshd: Sshd, root: Path) -> None:
    storage = open_at(own_sshd.spec, root)
    storage.put(NAME, [b"x"])
    own_sshd.freeze()
    storage._waiting._stall_s = 0.5  # only now, for a busy machine takes longer to connect

    with pytest.raises((StalledError, StorageUnavailableError)):
        storage.get(NAME)

    patient = open_at(own_sshd.spec, root, stall_s=60)
    patient.put(BlobName("other"), [b"x"])
    own_sshd.freeze()
    outcome: list[BaseException] = []

    def read() -> None:
        try:
            patient.get(NAME)
        except (StorageUnavailableError, StalledError) as error:
            outcome.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    patient.abort()
    reader.join(40)
    assert not reader.is_alive()
    assert len(outcome) == 1


def test_links_are_neither_listed_nor_followed(sshd: Sshd, root: Path) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "secret").write_text("not ours")
    (root / "folder").symlink_to(outside)
    (root / "file").symlink_to(outside / "secret")
    storage = open_at(sshd.spec, root)

    assert [*storage.list()] == []
    with pytest.raises(Exception, match="is not in the storage"):
        storage.get(BlobName("file"))


def test_a_server_that_cannot_sync_or_tell_its_room_is_used_all_the_same(
    password_server: PasswordServer, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asyncssh.sftp.SFTPServerHandler._extensions", [], raising=True)
    address = parse_vault_url(url_of(password_server.spec, root, auth="password"))
    storage = SftpStorage(address, Secret(password_server.password), Dialer, 20)

    storage.put(NAME, [b"x"])

    assert storage.free_bytes() is None
    assert b"".join(storage.get(NAME)) == b"x"


def test_a_whole_vault_lives_there(sshd: Sshd, root: Path) -> None:
    vault = new_vault(open_at(sshd.spec, root))

    record = write_backup(vault)

    assert [r.backup for r in vault.open().records()] == [record.backup]
    assert not [t for t in threading.enumerate() if "asyncio" in t.name]


def test_files_are_for_their_owner_alone(sshd: Sshd, root: Path) -> None:
    open_at(sshd.spec, root).put(NAME, [b"x"])

    assert (root / NAME).stat().st_mode & 0o777 == 0o600
    assert (root / "shop").stat().st_mode & 0o777 == 0o700


def test_a_server_at_another_port_is_somebody_else(sshd: Sshd, root: Path) -> None:
    spec = replace(sshd.spec, port=1)

    with pytest.raises(StorageUnavailableError):
        open_at(spec, root).get(NAME)
