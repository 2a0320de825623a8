"""What services and jobs need of Atlas, as small protocols."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from mangrove.core.atlas.account import AtlasAccount
from mangrove.core.atlas.cluster import AtlasCluster, AtlasProject
from mangrove.core.atlas.compliance import CompliancePolicy
from mangrove.core.atlas.link import AtlasLink, AtlasView
from mangrove.core.atlas.policy import BackupSchedule, Retention
from mangrove.core.atlas.restore import AtlasJobId, AtlasRestoreJob, RestoreOrder
from mangrove.core.atlas.snapshot import AtlasSnapshot, AtlasSnapshotId
from mangrove.core.profile import ProfileId
from mangrove.core.secret import Secret

Say = Callable[[str], None]
"""Told in a sentence why a call takes long, such as a wait that Atlas asked for."""


class AtlasClusters(Protocol):
    """Looks around. Every call may raise AtlasUnreachableError, AtlasSignInError, AtlasError."""

    def projects(self) -> tuple[AtlasProject, ...]:
        """Return the projects that the account sees, by name."""
        ...

    def clusters(self, project_id: str) -> tuple[AtlasCluster, ...]:
        """Return a project's clusters by name, Flex ones too."""
        ...

    def compliance(self, project_id: str) -> CompliancePolicy | None:
        """Return the project's backup compliance policy; None without one."""
        ...


class AtlasSnapshots(Protocol):
    """Reads and changes snapshots."""

    def snapshots(self, cluster: AtlasCluster) -> tuple[AtlasSnapshot, ...]:
        """Return all snapshots, newest first."""
        ...

    def snapshot(self, cluster: AtlasCluster, wanted: AtlasSnapshotId) -> AtlasSnapshot:
        """Return one; raises AtlasNotFoundError."""
        ...

    def take(self, cluster: AtlasCluster, description: str, keep_days: int) -> AtlasSnapshot:
        """Ask for a snapshot; it is queued when this returns."""
        ...

    def keep(
        self, cluster: AtlasCluster, wanted: AtlasSnapshotId, keep: Retention
    ) -> AtlasSnapshot:
        """Change how long one stays, counted from when it was taken."""
        ...

    def delete(self, cluster: AtlasCluster, snapshot: AtlasSnapshot) -> None:
        """Delete one for good."""
        ...


class AtlasContents(Protocol):
    """Tells what a snapshot holds."""

    def databases(self, cluster: AtlasCluster, snapshot: AtlasSnapshotId) -> tuple[str, ...]:
        """Return the names of its databases."""
        ...

    def collections(
        self, cluster: AtlasCluster, snapshot: AtlasSnapshotId, database: str
    ) -> tuple[str, ...]:
        """Return the names of a database's collections."""
        ...


class AtlasSchedules(Protocol):
    """Reads and changes schedules."""

    def schedule(self, cluster: AtlasCluster) -> BackupSchedule:
        """Return a cluster's schedule."""
        ...

    def change_schedule(
        self, cluster: AtlasCluster, schedule: BackupSchedule, *, also_existing: bool
    ) -> BackupSchedule:
        """Replace it; returns what Atlas made of it.

        Args:
            cluster: Whose.
            schedule: The new one.
            also_existing: Whether existing snapshots get the new retention too.
        """
        ...


class AtlasRestores(Protocol):
    """Starts, watches and cancels restores."""

    def restores(self, cluster: AtlasCluster) -> tuple[AtlasRestoreJob, ...]:
        """Return all restores from a cluster's snapshots, newest first."""
        ...

    def restore(self, cluster: AtlasCluster, known: AtlasRestoreJob) -> AtlasRestoreJob:
        """Return how a restore stands now."""
        ...

    def start_restore(self, cluster: AtlasCluster, order: RestoreOrder) -> AtlasRestoreJob:
        """Ask for a restore; it is under way when this returns."""
        ...

    def cancel_restore(self, cluster: AtlasCluster, job: AtlasJobId) -> None:
        """Cancel one; raises AtlasConflictError or AtlasRequestError if it is too late."""
        ...


@dataclass(frozen=True, slots=True)
class OpenDownload:
    """A file that is being fetched.

    Attributes:
        total_bytes: Of the whole file; 0 when nobody tells.
        offset: Where the chunks begin; 0 when the server could not go on in the middle.
        chunks: What comes; may be empty.
    """

    total_bytes: int
    offset: int
    chunks: Iterator[bytes]


class AtlasDownloads(Protocol):
    """Fetches what a restore by download made."""

    def download(self, url: str, offset: int = 0) -> AbstractContextManager[OpenDownload]:
        """Open a file, from the middle if asked."""
        ...


class AtlasApi(
    AtlasClusters,
    AtlasSnapshots,
    AtlasContents,
    AtlasSchedules,
    AtlasRestores,
    AtlasDownloads,
    Protocol,
):
    """Everything, with one way to break it off."""

    def abort(self) -> None:
        """Break off the call that is under way, and refuse further ones; from any thread."""
        ...


class AtlasGate(Protocol):
    """Opens the way to Atlas."""

    def open(
        self, account: AtlasAccount, secret: Secret | None = None, say: Say | None = None
    ) -> AbstractContextManager[AtlasApi]:
        """Open it; nothing is sent before the first call.

        Args:
            account: Who we are.
            secret: Its secret while it is not stored yet; else the keyring's is taken.
            say: Told why a call takes long.
        """
        ...


class AtlasAccountStore(Protocol):
    """Keeps accounts, without secrets."""

    def all(self) -> tuple[AtlasAccount, ...]:
        """Return every account by name."""
        ...

    def save(self, account: AtlasAccount) -> None:
        """Insert or replace by id; raises NameTakenError if another has the name."""
        ...

    def remove(self, account_id: str) -> None:
        """Forget one."""
        ...


class AtlasLinkStore(Protocol):
    """Keeps which profile is which cluster, and what was last seen there."""

    def links(self) -> tuple[AtlasLink, ...]:
        """Return every link."""
        ...

    def save_link(self, link: AtlasLink) -> None:
        """Insert or replace the link of a profile; what was seen before is forgotten."""
        ...

    def remove_link(self, profile_id: ProfileId) -> None:
        """Forget a profile's link and what was seen."""
        ...

    def view(self, profile_id: ProfileId) -> AtlasView | None:
        """Return what was last seen of a profile's cluster; None for nothing, or a damaged one."""
        ...

    def save_view(self, view: AtlasView) -> None:
        """Keep what was seen."""
        ...
