"""A vault with mirrors at work: backups are copied on, shown when late, and read when needed."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from fakes.workstation import Workstation, content, fill, workstation
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.core.backup import Selection
from mangrove.core.errors import InvalidVaultUrlError, NameTakenError, VaultNotFoundError
from mangrove.core.run import RunState
from mangrove.core.secret import Secret
from mangrove.services.mirrors import MirrorDraft
from servers.object_stores import ObjectStore

pytestmark = [pytest.mark.mongod, pytest.mark.slow, pytest.mark.storage]


@pytest.fixture
def desk(tmp_path: Path, replica_set: EmbeddedMongod) -> Iterator[Workstation]:
    with workstation(tmp_path) as opened:
        opened.add_vault()
        opened.add_profile(replica_set.uri)
        yield opened


def bucket(store: ObjectStore) -> MirrorDraft:
    return MirrorDraft("bucket", store.url, store.access_key, Secret(store.secret_key))


def test_a_backup_is_copied_on_and_restored_when_the_vault_is_gone(
    desk: Workstation, replica_set: EmbeddedMongod, moto_s3: ObjectStore, database_name: str
) -> None:
    with MongoClient[Any](replica_set.uri) as client:
        fill(client, database_name, 2)
        before = content(client)[database_name]
    mirrors = desk.services.mirrors
    mirrors.add("attic", bucket(moto_s3))

    taken = desk.backup(selection=Selection(databases=(database_name,)))
    assert taken.state is RunState.SUCCEEDED, taken
    (state,) = mirrors.states("attic")
    assert (state.is_complete, state.backups) == (True, 1)
    shutil.rmtree(desk.vault_folder)
    assert taken.backup is not None
    restored = desk.restore(taken.backup)

    assert restored.state is RunState.SUCCEEDED, restored
    assert restored.result is not None
    with MongoClient[Any](replica_set.uri) as client:
        (copy,) = restored.result.targets
        assert content(client)[copy] == before


def test_a_mirror_that_is_not_there_is_a_warning_and_caught_up_with_later(
    desk: Workstation, replica_set: EmbeddedMongod, tmp_path: Path, database_name: str
) -> None:
    with MongoClient[Any](replica_set.uri) as client:
        fill(client, database_name, 1)
    folder = tmp_path / "usb"
    desk.services.mirrors.add("attic", MirrorDraft("usb", folder.as_uri()))
    folder.rename(tmp_path / "unplugged")

    taken = desk.backup(selection=Selection(databases=(database_name,)))

    assert taken.result is not None
    assert any("mirror usb is late" in warning for warning in taken.result.warnings)
    (tmp_path / "unplugged").rename(folder)
    status = desk.services.activity.wait(desk.services.mirrors.start_sync("attic"), 60)
    assert status.state is RunState.SUCCEEDED, status
    assert desk.services.mirrors.states("attic")[0].is_complete


def test_a_mirror_is_refused_twice_and_forgotten_with_its_secret(
    desk: Workstation, moto_s3: ObjectStore
) -> None:
    mirrors = desk.services.mirrors
    mirrors.add("attic", bucket(moto_s3))

    with pytest.raises(NameTakenError):
        mirrors.add("attic", MirrorDraft("Bucket", "file:///elsewhere"))
    with pytest.raises(InvalidVaultUrlError):
        mirrors.add("attic", MirrorDraft("same", desk.vault_folder.as_uri()))
    mirrors.remove("attic", "bucket")

    assert mirrors.states("attic") == ()
    assert not [name for name in desk.secrets._kept if "mirror" in str(name)]
    with pytest.raises(VaultNotFoundError):
        mirrors.start_sync("attic")
