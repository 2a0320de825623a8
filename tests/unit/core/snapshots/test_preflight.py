"""What stands against a snapshot, what is worth knowing, and what follows from the lock."""

from dataclasses import replace

import pytest

from fakes.snapshots import NODE, SERVER
from mangrove.core.deployment import Topology
from mangrove.core.snapshots.node import NodeFacts
from mangrove.core.snapshots.preflight import Machine, Preflight, Wanted, Weight, preflight
from mangrove.core.snapshots.snapshot import LockUse, Provider
from mangrove.core.snapshots.volumes import Volume

GIB = 1 << 30
MACHINE = Machine("db1", 42, may_everything=True, used_bytes=10 * GIB)
BTRFS = Volume("", "/data/db", "/dev/sdb", "/data", "btrfs", "id-1", 50 * GIB, "/data/db")
LOG = replace(
    BTRFS, attach="journal", path="/log/j", mount="/log", identity="id-2", subvolume="/log"
)
LOCKED = Wanted(LockUse.LOCK, Provider.BTRFS)
FREE = Wanted(LockUse.NO_LOCK, Provider.BTRFS)


def texts(found: Preflight, weight: Weight) -> str:
    return " | ".join(f.text for f in found.findings if f.weight is weight)


def test_secondary_with_everything_on_one_volume_is_fine() -> None:
    found = preflight(NODE, MACHINE, (BTRFS,), LOCKED)

    assert found.stops == ()
    assert found.warnings == ()
    assert found.lock_is_needless
    assert "good without the lock" in texts(found, Weight.NOTE)


@pytest.mark.parametrize(
    ("node", "words"),
    [
        (replace(NODE, engine="inMemory", is_persistent=False), "not with WiredTiger"),
        (replace(NODE, is_locked=True), "somebody has locked"),
        (replace(NODE, may_lock=False), "may not lock"),
        (replace(NODE, pid=43), "belong to another server"),
        (replace(NODE, server=replace(SERVER, topology=Topology.SHARDED)), "router"),
    ],
)
def test_server_that_cannot_be_taken_is_refused(node: NodeFacts, words: str) -> None:
    assert words in texts(preflight(node, MACHINE, (BTRFS,), LOCKED), Weight.STOP)


@pytest.mark.parametrize(
    ("machine", "wanted", "words"),
    [
        (replace(MACHINE, locked_by=None), LOCKED, "no running server's data"),
        (replace(MACHINE, missing=("btrfs",)), LOCKED, "btrfs is not installed"),
        (MACHINE, Wanted(LockUse.LOCK, None), "nothing that Mangrove knows"),
        (MACHINE, Wanted(LockUse.LOCK, Provider.COMMANDS), "no command that takes"),
        (MACHINE, Wanted(LockUse.NO_LOCK, Provider.REFLINK), "one file after the other"),
    ],
)
def test_machine_that_cannot_take_it_is_refused(
    machine: Machine, wanted: Wanted, words: str
) -> None:
    assert words in texts(preflight(NODE, machine, (BTRFS,), wanted), Weight.STOP)


def test_f3_journal_on_another_volume_is_refused_without_the_lock() -> None:
    found = preflight(NODE, MACHINE, (BTRFS, LOG), FREE)

    assert "no server could open them together" in texts(found, Weight.STOP)
    assert not found.lock_is_needless


def test_f3_whole_set_is_taken_under_one_lock() -> None:
    found = preflight(NODE, MACHINE, (BTRFS, LOG), LOCKED)

    assert found.stops == ()
    assert "under one lock" in texts(found, Weight.GOOD)


def test_datasets_of_one_pool_need_no_lock() -> None:
    data = replace(BTRFS, filesystem="zfs", source="tank/db", identity="tank/db")
    log = replace(LOG, filesystem="zfs", source="tank/log", identity="tank/log")

    found = preflight(NODE, MACHINE, (data, log), Wanted(LockUse.NO_LOCK, Provider.ZFS))

    assert found.stops == ()
    assert "one set" in texts(found, Weight.GOOD)


def test_without_the_journal_only_the_lock_helps() -> None:
    bare = replace(NODE, has_journal=False)

    assert "the journal is off" in texts(preflight(bare, MACHINE, (BTRFS,), FREE), Weight.STOP)
    locked = preflight(bare, MACHINE, (BTRFS,), LOCKED)
    assert locked.stops == ()
    assert not locked.lock_is_needless


def test_trap_of_a_member_without_the_lock_is_told() -> None:
    member = preflight(NODE, MACHINE, (BTRFS,), FREE)
    alone = replace(SERVER, topology=Topology.STANDALONE)
    standalone = preflight(replace(NODE, server=alone), MACHINE, (BTRFS,), FREE)

    assert "shows older data or none" in texts(member, Weight.WARNING)
    assert texts(standalone, Weight.WARNING) == ""


def test_primary_with_secondaries_is_warned_of() -> None:
    primary = replace(NODE, is_secondary=False)

    assert "it is the primary" in texts(
        preflight(primary, MACHINE, (BTRFS,), LOCKED), Weight.WARNING
    )


def test_thick_volume_needs_room_in_its_group() -> None:
    thick = replace(
        BTRFS, filesystem="ext4", group="vg", logical="db", size_bytes=100 * GIB,
        group_free_bytes=5 * GIB,
    )  # fmt: skip

    found = preflight(NODE, MACHINE, (thick,), Wanted(LockUse.LOCK, Provider.LVM))
    asked = preflight(NODE, MACHINE, (thick,), Wanted(LockUse.LOCK, Provider.LVM, 4 * GIB))

    assert "5.0 GB free" in texts(found, Weight.STOP) or "5.4 GB free" in texts(found, Weight.STOP)
    assert asked.stops == ()


def test_little_room_is_warned_of() -> None:
    full = replace(BTRFS, free_bytes=GIB // 2)

    assert "a full volume stops the server" in texts(
        preflight(NODE, MACHINE, (full,), LOCKED), Weight.WARNING
    )
