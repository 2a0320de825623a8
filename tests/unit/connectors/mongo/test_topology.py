"""A hello reply tells the kind of a deployment."""

import pytest

from mangrove.connectors.mongo.topology import topology_of
from mangrove.core.deployment import Topology


@pytest.mark.parametrize(
    ("hello", "kind"),
    [
        ({"isWritablePrimary": True}, Topology.STANDALONE),
        ({"setName": "rs0", "secondary": True}, Topology.REPLICA_SET),
        ({"msg": "isdbgrid"}, Topology.SHARDED),
    ],
    ids=lambda v: v.name if isinstance(v, Topology) else "",
)
def test_hello_tells_the_kind(hello: dict[str, object], kind: Topology) -> None:
    assert topology_of(hello) is kind
