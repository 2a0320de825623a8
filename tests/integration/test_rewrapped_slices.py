"""Oplog slices change hands like backups do: in the vault and in its mirrors."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyrage
import pytest
from pymongo import MongoClient

from fakes.workstation import Workstation, fill, workstation
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.core.backup import Selection
from mangrove.core.run import RunState, RunStatus
from mangrove.core.vaults.key_changes import Holder
from mangrove.services.mirrors import MirrorDraft

pytestmark = [pytest.mark.mongod, pytest.mark.slow]


@pytest.fixture
def desk(tmp_path: Path, replica_set: EmbeddedMongod, database_name: str) -> Iterator[Workstation]:
    with workstation(tmp_path) as opened, MongoClient[Any](replica_set.uri) as client:
        opened.add_vault()
        opened.add_profile(replica_set.uri)
        opened.services.mirrors.add("attic", MirrorDraft("usb", (tmp_path / "usb").as_uri()))
        fill(client, database_name, 0.1)
        opened.backup(selection=Selection(databases=(database_name,)))
        for _ in range(2):
            fill(client, database_name, 0.1, name=f"more{_}")
            opened.capture()
        yield opened


def rewrap(desk: Workstation) -> RunStatus:
    return desk.services.activity.wait(desk.services.keys.start_rewrap("attic"), 60)


def slices_in(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("oplog/*/*.age") if "breaks" not in p.parts)


def test_a_new_recipient_opens_old_slices_and_the_old_ones_are_gone_everywhere(
    desk: Workstation,
) -> None:
    ana = pyrage.x25519.Identity.generate()
    keys, before = desk.services.keys, desk.services.points.timeline("shop").windows
    old = slices_in(desk.vault_folder)
    keys.add_recipient("attic", Holder(str(ana.to_public()), "Ana"))
    keys.rotate_signing_key("attic")

    status, again = rewrap(desk), rewrap(desk)

    assert status.state is RunState.SUCCEEDED, status
    assert status.result is not None
    assert dict(status.result.figures)["slices"] == len(old) >= 2
    assert again.result is not None
    assert dict(again.result.figures)["slices"] == 0
    for folder in (desk.vault_folder, desk.folder / "usb"):
        now = slices_in(folder)
        assert len(now) == len(old)
        assert not {p.name for p in now} & {p.name for p in old}
        assert all(pyrage.decrypt(p.read_bytes(), [ana]) for p in now)
        assert not [p for p in folder.rglob("shop/2*/*/*.age") if ".r1." not in p.name]
    assert desk.services.points.timeline("shop").windows == before
    assert desk.services.upkeep.inspect("attic").is_sound
    assert desk.services.mirrors.states("attic")[0].is_complete
    assert desk.capture().state is RunState.SUCCEEDED


def test_of_two_generations_the_whole_older_one_counts_until_it_is_gone(
    desk: Workstation,
) -> None:
    before = desk.services.points.timeline("shop").windows
    kept = {p: p.read_bytes() for p in desk.vault_folder.rglob("oplog/*/*")}
    ana = pyrage.x25519.Identity.generate()
    desk.services.keys.add_recipient("attic", Holder(str(ana.to_public()), "Ana"))
    rewrap(desk)
    for path, content in kept.items():  # as if it had been killed before the old ones went
        path.write_bytes(content)

    desk.services.vaults.rebuild_catalog("attic")

    assert desk.services.points.timeline("shop").windows == before
    status = rewrap(desk)
    assert status.result is not None
    assert dict(status.result.figures)["slices"] == len(slices_in(desk.vault_folder))
    assert not [p for p in kept if p.exists()]
