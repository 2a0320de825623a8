"""Which consistency a deployment gets, and the reason in words."""

import pytest

from mangrove.connectors.mongo.agreeing import agree
from mangrove.core.backup import Consistency
from mangrove.core.deployment import ServerFacts, Topology
from mangrove.core.errors import UnsupportedTopologyError


def _facts(topology: Topology, version: tuple[int, ...] = (6, 0, 5)) -> ServerFacts:
    text = ".".join(map(str, version))
    return ServerFacts(text, version, "6.0", topology, "rs0")


REPLICA_SET = _facts(Topology.REPLICA_SET)
WITHOUT_SNAPSHOT = [
    pytest.param(_facts(Topology.STANDALONE), "standalone server", id="standalone"),
    pytest.param(_facts(Topology.SHARDED), "sharded cluster", id="sharded"),
    pytest.param(_facts(Topology.REPLICA_SET, (4, 4, 2)), "4.4.2", id="old replica set"),
]


@pytest.mark.parametrize("wanted", [Consistency.AUTO, Consistency.SNAPSHOT])
def test_replica_set_gets_a_snapshot(wanted: Consistency) -> None:
    agreement = agree(REPLICA_SET, wanted)

    assert agreement.achieved is Consistency.SNAPSHOT
    assert "rs0" in agreement.reason


@pytest.mark.parametrize(("facts", "words"), WITHOUT_SNAPSHOT)
def test_other_deployments_are_read_one_by_one_and_say_why(facts: ServerFacts, words: str) -> None:
    agreement = agree(facts, Consistency.AUTO)

    assert agreement.achieved is Consistency.NONE
    assert words in agreement.reason


@pytest.mark.parametrize(("facts", "words"), WITHOUT_SNAPSHOT)
def test_snapshot_that_cannot_be_had_is_refused(facts: ServerFacts, words: str) -> None:
    with pytest.raises(UnsupportedTopologyError, match=words):
        agree(facts, Consistency.SNAPSHOT)


@pytest.mark.parametrize(
    ("topology", "words"),
    [(Topology.STANDALONE, "keeps no oplog"), (Topology.SHARDED, "lie on its shards")],
)
def test_oplog_consistency_is_refused_where_there_is_no_oplog(
    topology: Topology, words: str
) -> None:
    with pytest.raises(UnsupportedTopologyError, match=words) as refused:
        agree(_facts(topology), Consistency.OPLOG)

    assert "or" in refused.value.hint  # what to do instead, and how to get one


def test_oplog_consistency_is_had_on_a_replica_set() -> None:
    assert agree(REPLICA_SET, Consistency.OPLOG).achieved is Consistency.OPLOG


def test_auto_takes_the_oplog_where_there_is_no_snapshot() -> None:
    old = _facts(Topology.REPLICA_SET, (4, 4, 2))

    agreement = agree(old, Consistency.AUTO, has_oplog=True)

    assert agreement.achieved is Consistency.OPLOG
    assert "4.4" in agreement.reason
    assert agree(old, Consistency.AUTO, has_oplog=False).achieved is Consistency.NONE


def test_none_is_had_everywhere() -> None:
    assert agree(REPLICA_SET, Consistency.NONE).achieved is Consistency.NONE
