"""Everything about Atlas in one typed value."""

from dataclasses import dataclass

from mangrove.services.atlas.accounts import AtlasAccounts
from mangrove.services.atlas.clusters import AtlasClusters
from mangrove.services.atlas.kept import KeptAtAtlas
from mangrove.services.atlas.links import AtlasLinks
from mangrove.services.atlas.own_work import LimitsOfAtlas
from mangrove.services.atlas.restores import AtlasRestores
from mangrove.services.atlas.schedules import AtlasSchedules
from mangrove.services.atlas.snapshots import AtlasSnapshots
from mangrove.services.atlas.tools import AtlasTools


@dataclass(frozen=True, slots=True)
class Atlas:
    """The verbs about Atlas."""

    accounts: AtlasAccounts
    clusters: AtlasClusters
    snapshots: AtlasSnapshots
    schedules: AtlasSchedules
    restores: AtlasRestores
    links: AtlasLinks
    kept: KeptAtAtlas
    limits: LimitsOfAtlas


def build_atlas(tools: AtlasTools) -> Atlas:
    """Build them on the same parts."""
    clusters = AtlasClusters(tools)
    links = AtlasLinks(tools, clusters)
    return Atlas(
        accounts=AtlasAccounts(tools),
        clusters=clusters,
        snapshots=AtlasSnapshots(tools),
        schedules=AtlasSchedules(tools),
        restores=AtlasRestores(tools, clusters),
        links=links,
        kept=KeptAtAtlas(links),
        limits=LimitsOfAtlas(links),
    )
