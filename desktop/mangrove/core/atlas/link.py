"""Which profile is which Atlas cluster, and what was last seen of it there."""

from dataclasses import dataclass, replace
from datetime import datetime

from mangrove.core.atlas.account import AtlasAccount, AtlasAccountId
from mangrove.core.atlas.cluster import AtlasCluster, AtlasProject
from mangrove.core.atlas.policy import BackupSchedule
from mangrove.core.atlas.restore import AtlasRestoreJob
from mangrove.core.atlas.snapshot import AtlasSnapshot
from mangrove.core.atlas.windows import Continuous, continuous
from mangrove.core.profile import Profile, ProfileId


@dataclass(frozen=True, slots=True)
class AtlasLink:
    """A profile and the cluster that it leads to."""

    profile_id: ProfileId
    account_id: AtlasAccountId
    project_id: str
    project_name: str
    cluster: str

    @property
    def text(self) -> str:
        """As a person writes it."""
        return f"{self.project_name}/{self.cluster}"


@dataclass(frozen=True, slots=True)
class Located:
    """A cluster, with the account and the project it was found through."""

    account: AtlasAccount
    project: AtlasProject
    cluster: AtlasCluster

    @property
    def text(self) -> str:
        """As a person writes it."""
        return f"{self.project.name}/{self.cluster.name}"


@dataclass(frozen=True, slots=True)
class AtlasView:
    """What was last seen of a linked cluster; kept, so that no page waits for Atlas.

    Attributes:
        schedule: None for a tier that has none.
        restores: From this cluster, and into it from others of its project.
        seen_at: When all of this was true.
        problem: Why the last look failed; what is here is from the one before.
    """

    link: AtlasLink
    cluster: AtlasCluster
    schedule: BackupSchedule | None
    snapshots: tuple[AtlasSnapshot, ...]
    restores: tuple[AtlasRestoreJob, ...]
    seen_at: datetime
    problem: str = ""

    @property
    def continuous(self) -> Continuous:
        """Which seconds could be restored when it was seen."""
        days = self.schedule.restore_window_days if self.schedule else None
        return continuous(self.cluster, days, self.snapshots, self.restores, self.seen_at)

    @property
    def newest(self) -> AtlasSnapshot | None:
        """The newest snapshot that can be restored."""
        return next((s for s in self.snapshots if s.is_usable), None)

    def without_addresses(self) -> "AtlasView":
        """Return it fit to be stored: who knows a download's address can fetch the data."""
        return replace(self, restores=tuple(replace(j, urls=()) for j in self.restores))


def leads_to(profile: Profile, cluster: AtlasCluster) -> bool:
    """Whether a profile's connection string names a cluster's servers."""
    hosts = {host.rpartition(":")[0] or host for host in profile.uri.hosts}
    return bool({h.lower() for h in hosts} & set(cluster.hosts))
