"""The guide beside restored files knows the trap of replica set members."""

from dataclasses import replace

from mangrove.core.deployment import ServerFacts, Topology
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.snapshots.guide import GuideFacts, restore_guide
from mangrove.core.stored_files import FilesOrigin

ORIGIN = FilesOrigin("s1", "btrfs", True, True, False, True, ("shop",))
SERVER = ServerFacts("6.0.5", (6, 0, 5), "6.0", Topology.REPLICA_SET, "rs0")
FACTS = GuideFacts("s1", ORIGIN, SERVER, OplogTimestamp(100, 2), "/srv/my data")


def test_member_is_opened_with_its_oplog_replayed_before_anything_else() -> None:
    guide = restore_guide(FACTS)

    recover = guide.index("recoverFromOplogAsStandalone=true")
    assert guide.index("takeUnstableCheckpointOnShutdown=true") > recover
    assert recover < guide.index("as a standalone that only this machine reaches")
    assert "'/srv/my data'" in guide
    assert "--directoryperdb" in guide
    assert "100:2" in guide
    assert "replica set rs0" in guide


def test_standalone_needs_no_oplog() -> None:
    alone = replace(
        FACTS,
        origin=replace(ORIGIN, needs_oplog_recovery=False),
        server=replace(SERVER, replica_set=""),
    )

    guide = restore_guide(replace(alone, consistent_at=None))

    assert "recoverFromOplog" not in guide
    assert "first member" not in guide
    assert "verify the snapshot first" in guide
