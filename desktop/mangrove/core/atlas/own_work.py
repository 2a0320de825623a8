"""What Atlas does not let our own backups do, by the tier of the cluster.

Source: Atlas documentation, "Unsupported Commands in Atlas" and "Oplog Access".
"""

from mangrove.core.atlas.cluster import AtlasCluster, Tier
from mangrove.core.errors import UnsupportedTopologyError
from mangrove.core.own_work import OwnWork

_WHY = {
    (Tier.FLEX, OwnWork.CAPTURE): "Atlas gives no access to the oplog of Flex clusters",
    (Tier.FLEX, OwnWork.REPLAY): "Atlas does not allow applyOps on Flex clusters",
    (Tier.FREE, OwnWork.REPLAY): "Atlas does not allow applyOps on free clusters",
}
_HINTS = {
    OwnWork.CAPTURE: "take backups more often, or use a dedicated cluster",
    OwnWork.REPLAY: "restore a backup as it is, or restore the moment into another deployment",
}


def why_not(cluster: AtlasCluster, work: OwnWork) -> str:
    """Say why a cluster does not let our own backups do something; "" when it does."""
    return _WHY.get((cluster.tier, work), "")


def require(cluster: AtlasCluster, work: OwnWork) -> None:
    """Refuse what the cluster would refuse in the middle.

    Raises:
        UnsupportedTopologyError: Saying why, and what can be done instead.
    """
    if reason := why_not(cluster, work):
        raise UnsupportedTopologyError(
            f"{cluster.name}: {reason}; nothing was started", hint=_HINTS[work]
        )
