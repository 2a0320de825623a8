"""What file system programs answer, as recorded, and what is read from it."""

import json

import pytest

from mangrove.core.errors import SnapshotCommandError
from mangrove.core.snapshots.volumes import (
    ask_inodes,
    has_reflinks,
    read_logical_volume,
    read_mount,
    read_other_folders,
    read_subvolume,
)

# findmnt of util-linux 2.38 on Debian 12.
BTRFS = """{
   "filesystems": [
      {"source":"/dev/loop0", "target":"/srv/db", "fstype":"btrfs",
       "uuid":"2693399e-36d5-463c-a0f6-f49aa00f0cd8", "avail":948568064}
   ]
}"""
SUBVOLUME = BTRFS.replace("/dev/loop0", "/dev/loop0[/@mongo]")
ZFS = """{"filesystems": [
      {"source":"tank/mongo", "target":"/tank/mongo", "fstype":"zfs", "uuid":null,
       "avail":"512"}]}"""
# lvs of lvm2 2.03, a thin volume.
LVS = """  {
      "report": [ { "lv": [
              {"vg_name":"vg0", "lv_name":"mongo", "pool_lv":"thin0", "lv_size":"53687091200",
               "vg_free":"10737418240"}
          ] } ]
  }"""
# xfs_info of xfsprogs 6.1 on Debian 12.
XFS_INFO = """meta-data=/dev/loop1             isize=512    agcount=4, agsize=65536 blks
         =                       crc=1        finobt=1, sparse=1, rmapbt=0
         =                       reflink=1    bigtime=1 inobtcount=1 nrext64=0
"""


def test_mount_is_read() -> None:
    volume = read_mount("", "/srv/db/data", BTRFS)

    assert (volume.source, volume.mount, volume.filesystem) == ("/dev/loop0", "/srv/db", "btrfs")
    assert volume.free_bytes == 948_568_064
    assert volume.inside == "data"


def test_subvolume_is_no_part_of_the_device() -> None:
    assert read_mount("", "/srv/db", SUBVOLUME).source == "/dev/loop0"


def test_dataset_tells_file_systems_of_zfs_apart() -> None:
    volume = read_mount("", "/tank/mongo", ZFS)

    assert (volume.identity, volume.free_bytes, volume.inside) == ("tank/mongo", 512, "")


@pytest.mark.parametrize("answer", ["", "{}", '{"filesystems": []}', "[]", '{"filesystems": [1]}'])
def test_answer_that_tells_nothing_is_refused(answer: str) -> None:
    with pytest.raises(SnapshotCommandError, match="which volume"):
        read_mount("", "/srv", answer)


def test_folders_of_another_device_are_volumes_of_their_own() -> None:
    listed = "40\t\n40\tjournal\n41\tindex\n41\tindex/deep\n40\tdiagnostic.data\n"

    assert read_other_folders(listed, ()) == ("index",)


def test_linked_folder_is_a_volume_of_its_own_even_on_the_same_device() -> None:
    listed = "40\t\n40\tjournal\n40\tshop\n"

    assert read_other_folders(listed, ["journal", "note.txt"]) == ("journal",)


def test_our_own_snapshots_in_the_data_folder_are_no_data() -> None:
    listed = "40\t\n41\t.mangrove-snapshots/x\n40\tjournal\n"

    assert read_other_folders(listed, ()) == ()


def test_nearest_subvolume_counts() -> None:
    assert ask_inodes("/a/b/c", "/a")[3:] == ("/a/b/c", "/a/b", "/a")
    assert read_subvolume("270 /a/b/c\n256 /a/b\n256 /a\n") == "/a/b"
    assert read_subvolume("270 /a/b/c\n") == ""


def test_logical_volume_is_read() -> None:
    assert read_logical_volume(LVS) == ("vg0", "mongo", "thin0", 53_687_091_200, 10_737_418_240)


@pytest.mark.parametrize("answer", ["", json.dumps({"report": [{"lv": []}]}), "no volume group"])
def test_what_is_no_logical_volume_is_none(answer: str) -> None:
    assert read_logical_volume(answer) is None


def test_reflinks_are_read_off_xfs() -> None:
    assert has_reflinks(XFS_INFO)
    assert not has_reflinks(XFS_INFO.replace("reflink=1", "reflink=0"))
