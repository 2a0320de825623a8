"""What the page fetches at once, on a worker thread."""

from dataclasses import dataclass

from mangrove.core.atlas.cluster import Wish
from mangrove.core.atlas.link import AtlasLink, Located
from mangrove.core.atlas.restore import AtlasRestoreJob
from mangrove.core.atlas.snapshot import AtlasSnapshot
from mangrove.core.atlas.windows import Continuous, continuous
from mangrove.core.profile import Profile
from mangrove.services.atlas.schedules import ScheduleView
from mangrove.services.bundle import Services


@dataclass(frozen=True, slots=True)
class ClusterRow:
    """A cluster in the list, and the profile that is linked with it."""

    place: Located
    profile: str = ""


@dataclass(frozen=True, slots=True)
class ClusterView:
    """Everything that is shown of one cluster.

    Attributes:
        schedule: None where the tier has none.
    """

    row: ClusterRow
    snapshots: tuple[AtlasSnapshot, ...]
    schedule: ScheduleView | None
    restores: tuple[AtlasRestoreJob, ...]
    reach: Continuous


def gather_clusters(services: Services) -> tuple[ClusterRow, ...]:
    """Return every cluster that the accounts see."""
    linked = {_key(link): profile.name for profile, link in services.atlas.links.all()}
    return tuple(
        ClusterRow(p, linked.get(_place_key(p), "")) for p in services.atlas.clusters.all()
    )


def gather_cluster(services: Services, row: ClusterRow) -> ClusterView:
    """Return what Atlas keeps of a cluster; a linked one is remembered as it is seen."""
    place, atlas = row.place, services.atlas
    if row.profile:
        atlas.links.look(row.profile)
    schedule = None if place.cluster.why_not(Wish.SCHEDULE) else atlas.schedules.show(place)
    snapshots, restores = atlas.snapshots.all(place), atlas.restores.all(place)
    days = schedule.schedule.restore_window_days if schedule else None
    reach = continuous(place.cluster, days, snapshots, restores, services.clock.now())
    return ClusterView(row, snapshots, schedule, restores, reach)


def linkable(services: Services) -> tuple[str, ...]:
    """Return the names of the profiles that could be linked."""
    return tuple(p.name for p in services.profiles.all() if isinstance(p, Profile))


def _key(link: AtlasLink) -> tuple[str, str, str]:
    return link.account_id, link.project_id, link.cluster


def _place_key(place: Located) -> tuple[str, str, str]:
    return place.account.account_id, place.project.project_id, place.cluster.name
