"""The commands of every provider, as they are run."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fakes.snapshots import NAME, snapshot_with
from mangrove.core.errors import SnapshotRefusedError
from mangrove.core.snapshots.clone import open_snapshot, plan_clone, plan_mounts, scratch_mongod
from mangrove.core.snapshots.providers import (
    Naming,
    filled,
    is_one_moment,
    likely_provider,
    plan_removal,
    plan_take,
    with_reference,
)
from mangrove.core.snapshots.snapshot import OwnCommands, Provider, SnapshotPart
from mangrove.core.snapshots.volumes import Volume

DATA = "/var/lib/mongodb"
NAMING = Naming(NAME, "shop", DATA, datetime(2026, 11, 26, 2, 0, tzinfo=UTC))
GIB = 1 << 30


def volume(filesystem: str, **more: object) -> Volume:
    base = Volume("", DATA, "/dev/sdb1", "/var/lib", filesystem, "id-1", 100 * GIB)
    return replace(base, **more)  # type: ignore[arg-type]  # fields by name


BTRFS = volume("btrfs", subvolume=DATA, shares_blocks=True)
XFS = volume("xfs", shares_blocks=True)
THIN = volume("xfs", source="/dev/mapper/vg-mongo", group="vg", logical="mongo", pool="thin")
THICK = replace(THIN, pool="", size_bytes=50 * GIB, group_free_bytes=20 * GIB)
ZFS = volume("zfs", source="tank/mongo", mount=DATA, identity="tank/mongo")


@pytest.mark.parametrize(
    ("volumes", "expected"),
    [
        ((BTRFS,), Provider.BTRFS),
        ((XFS,), Provider.REFLINK),
        ((replace(XFS, shares_blocks=False),), None),
        ((THIN,), Provider.LVM_THIN),
        ((replace(THIN, shares_blocks=True),), Provider.LVM_THIN),
        ((THICK,), Provider.LVM),
        ((ZFS,), Provider.ZFS),
        ((BTRFS, XFS), Provider.REFLINK),
        ((THIN, THICK), Provider.LVM),
        ((volume("ext4"),), None),
        ((), None),
    ],
)
def test_provider_follows_from_the_volumes(
    volumes: tuple[Volume, ...], expected: Provider | None
) -> None:
    assert likely_provider(volumes) is expected


@pytest.mark.parametrize(
    ("provider", "volumes", "expected"),
    [
        (Provider.BTRFS, (BTRFS, replace(BTRFS, attach="journal")), True),
        (Provider.BTRFS, (BTRFS, replace(BTRFS, attach="journal", subvolume="/other")), False),
        (Provider.LVM, (THICK, replace(THICK, attach="journal")), True),
        (Provider.LVM_THIN, (THIN, replace(THIN, attach="journal", logical="log")), False),
        (Provider.ZFS, (ZFS, replace(ZFS, attach="journal", source="tank/log")), True),
        (Provider.ZFS, (ZFS, replace(ZFS, attach="journal", source="fast/log")), False),
        (Provider.REFLINK, (XFS,), False),
        (Provider.COMMANDS, (volume("ext4"),), True),
    ],
)
def test_one_moment_is_promised_only_where_the_file_system_does(
    provider: Provider, volumes: tuple[Volume, ...], *, expected: bool
) -> None:
    assert is_one_moment(provider, volumes) is expected


def test_btrfs_takes_a_read_only_snapshot_beside_the_subvolume() -> None:
    plan = plan_take(Provider.BTRFS, (BTRFS,), NAMING)

    place = f"/var/lib/.mangrove-snapshots/{NAME}"
    assert plan.prepare == (("mkdir", "-p", "/var/lib/.mangrove-snapshots"),)
    assert plan.take == (("btrfs", "subvolume", "snapshot", "-r", DATA, place),)
    assert plan.parts == (SnapshotPart("", place, place),)


def test_btrfs_takes_one_snapshot_of_a_subvolume_with_data_and_journal() -> None:
    journal = replace(BTRFS, attach="journal", path="/var/lib/mongodb/log")

    plan = plan_take(Provider.BTRFS, (BTRFS, journal), NAMING)

    assert len(plan.take) == 1
    assert plan.parts[1].folder == f"/var/lib/.mangrove-snapshots/{NAME}/log"


def test_btrfs_keeps_it_inside_where_the_subvolume_is_the_mount() -> None:
    plan = plan_take(Provider.BTRFS, (replace(BTRFS, mount=DATA),), NAMING)

    assert plan.parts[0].name == f"{DATA}/.mangrove-snapshots/{NAME}"


def test_thin_volume_is_taken_without_a_size_and_mounted_read_only() -> None:
    plan = plan_take(Provider.LVM_THIN, (THIN,), NAMING)

    name = f"mangrove-{NAME}"
    options = ("--yes", "--snapshot", "--setactivationskip", "n", "--name", name)
    assert plan.take == (("lvcreate", *options, "vg/mongo"),)
    part = SnapshotPart("", f"vg/{name}", "mongodb", f"/dev/vg/{name}", "xfs")
    assert plan.parts == (part,)
    mounts, folders = plan_mounts(snapshot_with(Provider.LVM_THIN, plan.parts), "/scratch")
    assert mounts == (
        ("mkdir", "-p", "/scratch/0"),
        ("mount", "-t", "xfs", "-o", "ro,nouuid", f"/dev/vg/{name}", "/scratch/0"),
    )
    assert folders == ("/scratch/0/mongodb",)


def test_thick_volume_is_given_a_fifth_in_whole_extents() -> None:
    plan = plan_take(Provider.LVM, (THICK,), NAMING)

    assert f"{10 * GIB}b" in plan.take[0]
    assert "--size" in plan.take[0]
    asked = plan_take(Provider.LVM, (THICK,), replace(NAMING, thick_bytes=GIB + 1))
    assert f"{GIB + (4 << 20)}b" in asked.take[0]


def test_zfs_takes_all_datasets_in_one_command() -> None:
    log = replace(ZFS, attach="journal", source="tank/log", mount="/log", path="/log")

    plan = plan_take(Provider.ZFS, (ZFS, log), NAMING)

    label = f"mangrove-{NAME}"
    assert plan.take == (("zfs", "snapshot", f"tank/mongo@{label}", f"tank/log@{label}"),)
    assert plan.parts[0].folder == f"{DATA}/.zfs/snapshot/{label}"
    assert plan.parts[1].folder == f"/log/.zfs/snapshot/{label}"


def test_own_commands_get_quoted_values_and_give_a_reference() -> None:
    own = OwnCommands(take="snap {id} --of {dbpath} ${HOME}", delete="drop {reference}")
    naming = replace(NAMING, dbpath="/data; rm -rf /", commands=own)

    plan = plan_take(Provider.COMMANDS, (), naming)

    assert plan.take == (("sh", "-c", f"snap {NAME} --of '/data; rm -rf /' ${{HOME}}"),)
    parts = with_reference(plan, "working...\nsnap-0f1e\n\n")
    assert parts == (SnapshotPart("", "snap-0f1e", ""),)
    kept = replace(snapshot_with(Provider.COMMANDS, parts), commands=own)
    assert plan_removal(kept) == (("sh", "-c", "drop snap-0f1e"),)


def test_own_command_that_printed_nothing_yet_removes_nothing() -> None:
    own = OwnCommands(take="snap", delete="drop {reference}")
    plan = plan_take(Provider.COMMANDS, (), replace(NAMING, commands=own))

    kept = replace(snapshot_with(Provider.COMMANDS, plan.parts), commands=own)

    assert plan_removal(kept) == ()


@pytest.mark.parametrize(
    ("provider", "name", "expected"),
    [
        (Provider.BTRFS, f"/s/{NAME}", ("btrfs", "subvolume", "delete", f"/s/{NAME}")),
        (
            Provider.REFLINK,
            f"/s/{NAME}.1",
            ("rm", "-rf", "--one-file-system", "--", f"/s/{NAME}.1"),
        ),
        (
            Provider.LVM,
            f"vg/mangrove-{NAME}",
            ("lvremove", "--yes", "--force", f"vg/mangrove-{NAME}"),
        ),
        (Provider.ZFS, f"tank@mangrove-{NAME}", ("zfs", "destroy", f"tank@mangrove-{NAME}")),
    ],
)
def test_removal_names_exactly_the_snapshot(
    provider: Provider, name: str, expected: tuple[str, ...]
) -> None:
    assert plan_removal(snapshot_with(provider, (SnapshotPart("", name, name),))) == (expected,)


@pytest.mark.parametrize(
    "name", ["/var/lib/mongodb", "/", "", "vg/mongo", "tank/mongo", f"/{NAME}/x"]
)
def test_what_is_not_named_as_ours_is_never_removed(name: str) -> None:
    for provider in (Provider.BTRFS, Provider.REFLINK, Provider.LVM, Provider.ZFS):
        with pytest.raises(SnapshotRefusedError):
            plan_removal(snapshot_with(provider, (SnapshotPart("", name, name),)))


def test_clone_shares_what_can_be_shared() -> None:
    place = f"/s/{NAME}"
    part = SnapshotPart("", place, f"{place}/db")
    btrfs = plan_clone(snapshot_with(Provider.BTRFS, (part,)), "/scratch")
    thin = plan_clone(
        snapshot_with(
            Provider.LVM_THIN,
            (SnapshotPart("", f"vg/mangrove-{NAME}", "db", f"/dev/vg/mangrove-{NAME}", "xfs"),),
        ),
        "/scratch",
    )
    zfs_folder = f"{DATA}/.zfs/snapshot/mangrove-{NAME}/db"
    zfs = plan_clone(
        snapshot_with(Provider.ZFS, (SnapshotPart("", f"tank/m@mangrove-{NAME}", zfs_folder),)),
        "/scratch",
    )

    assert btrfs is not None
    assert btrfs.folder == f"{place}-check/db"
    assert thin is not None
    assert thin.folder == "/scratch/db"
    assert thin.make[1] == (
        "mount", "-t", "xfs", "-o", "nouuid", f"/dev/vg/mangrove-{NAME}-check", "/scratch",
    )  # fmt: skip
    assert zfs is not None
    assert zfs.folder == "/scratch/db"
    assert zfs.unmake == (("zfs", "destroy", f"tank/mangrove-{NAME}-check"),)
    assert plan_clone(snapshot_with(Provider.LVM, (part,)), "/scratch") is None


def test_copy_of_a_member_is_opened_with_its_oplog_replayed() -> None:
    options = open_snapshot(snapshot_with(Provider.BTRFS, ()))
    command = scratch_mongod(options, "/bin/mongod", "/c/db")

    assert "recoverFromOplogAsStandalone=true" in command
    assert command[command.index("--dbpath") + 1] == "/c/db"
    assert "--directoryperdb" in command


def test_braces_that_are_no_placeholder_stay() -> None:
    assert filled("awk '{print $1}' {id} {else}", {"id": "a b"}) == "awk '{print $1}' 'a b' {else}"
