"""Atlas in memory: real services over an API that answers from sample data and remembers orders."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import cast

from typing_extensions import override

from fakes import sample_data
from fakes.activity import FakeActivity
from fakes.secrets import MemorySecrets
from mangrove.core.atlas.account import AtlasAccount, AtlasAccountId, SignIn
from mangrove.core.atlas.cluster import AtlasCluster, AtlasProject, Region, Shape, Tier
from mangrove.core.atlas.compliance import CompliancePolicy
from mangrove.core.atlas.link import AtlasLink, AtlasView
from mangrove.core.atlas.policy import BackupSchedule, CopySetting, Retention, parse_item
from mangrove.core.atlas.restore import (
    AtlasJobId,
    AtlasRestoreJob,
    Delivery,
    JobState,
    RestoreOrder,
)
from mangrove.core.atlas.snapshot import (
    AtlasSnapshot,
    AtlasSnapshotId,
    Frequency,
    SnapshotState,
    newest_first,
)
from mangrove.core.errors import MangroveError
from mangrove.core.ports.atlas import (
    AtlasAccountStore,
    AtlasApi,
    AtlasGate,
    AtlasLinkStore,
    OpenDownload,
    Say,
)
from mangrove.core.ports.clock import Clock
from mangrove.core.profile import ProfileId
from mangrove.core.run import RunId
from mangrove.core.secret import Secret
from mangrove.jobs.runner import Body, Runner, Ticket
from mangrove.services.atlas.service import Atlas, build_atlas
from mangrove.services.atlas.tools import AtlasTools
from mangrove.services.profiles import Profiles

PROJECT = AtlasProject("5f0000000000000000000001", "Shop", 4)
NOW = sample_data.NOW
ACCOUNT = AtlasAccount(AtlasAccountId("a1"), "work", SignIn.SERVICE_ACCOUNT, "mdb_sa_id_0123", NOW)
EU = Region("AWS", "EU_CENTRAL_1")


def _cluster(name: str, **other: object) -> AtlasCluster:
    usual = AtlasCluster(
        project_id=PROJECT.project_id,
        name=name,
        tier=Tier.DEDICATED,
        size="M30",
        version="7.0.14",
        state="IDLE",
        has_backups=True,
        hosts=(f"{name}.ab1cd.mongodb.net",),
        regions=(EU,),
        zone_ids=("5f00000000000000000000aa",),
    )
    return replace(usual, **other)  # type: ignore[arg-type]


CLUSTERS = (
    _cluster("analytics", shape=Shape.SHARDED, size="M40", has_continuous=True),
    _cluster("live", has_continuous=True),
    _cluster("playground", tier=Tier.FLEX, size="Flex", version="8.0.4"),
    _cluster("staging", size="M10"),
)


def _snapshot(number: int, hours: float, **other: object) -> AtlasSnapshot:
    at = NOW - timedelta(hours=hours)
    usual = AtlasSnapshot(
        AtlasSnapshotId(f"{int(at.timestamp()):08x}{number:016x}"),
        SnapshotState.COMPLETED,
        at,
        at + timedelta(days=7),
        Frequency.HOURLY,
        size_bytes=42_000_000_000 + number * 310_000_000,
        version="7.0.14",
    )
    return replace(usual, **other)  # type: ignore[arg-type]


def sample_snapshots() -> tuple[AtlasSnapshot, ...]:
    """Return a week of snapshots, one on demand, one being taken and one that failed."""
    hourly = [_snapshot(n, 2 + 6 * n) for n in range(14)]
    weekly = _snapshot(40, 120, frequency=Frequency.WEEKLY, expires_at=NOW + timedelta(days=23))
    wanted = _snapshot(
        41,
        30,
        is_on_demand=True,
        frequency=Frequency.ON_DEMAND,
        description="before the migration",
        expires_at=NOW + timedelta(days=12),
    )
    failed = _snapshot(42, 60, state=SnapshotState.FAILED, size_bytes=0, expires_at=None)
    taking = _snapshot(43, 0, state=SnapshotState.IN_PROGRESS, created_at=None, size_bytes=0)
    return newest_first([*hourly, weekly, wanted, failed, taking])


def sample_schedule() -> BackupSchedule:
    """Return a usual schedule with a copy in another region."""
    lines = (
        "hourly 6 keep 7 days",
        "daily keep 7 days",
        "weekly saturday keep 4 weeks",
        "monthly last keep 12 months",
        "yearly december keep 1 years",
    )
    copied = CopySetting("AWS", "EU_WEST_1", "z", (Frequency.DAILY, Frequency.WEEKLY), True)
    return BackupSchedule(
        tuple(map(parse_item, lines)), 18, 0, 3, (copied,), NOW + timedelta(hours=4), "p"
    )


def sample_restores() -> tuple[AtlasRestoreJob, ...]:
    """Return one restore of each kind."""
    snapshot = _snapshot(1, 8)

    def job(number: int, hours: float, **other: object) -> AtlasRestoreJob:
        at = NOW - timedelta(hours=hours)
        usual = AtlasRestoreJob(
            AtlasJobId(f"{int(at.timestamp()):08x}{number:016x}"),
            Delivery.AUTOMATED,
            JobState.SUCCEEDED,
            at,
            snapshot.snapshot_id,
            snapshot.created_at,
            target_project=PROJECT.project_id,
            target_cluster="staging",
            finished_at=at + timedelta(minutes=21),
        )
        return replace(usual, **other)  # type: ignore[arg-type]

    return (
        job(1, 0.2, state=JobState.RUNNING, finished_at=None),
        job(2, 20, parts=("shop.orders",), documents_done=48_211, documents_total=48_211),
        job(
            3,
            26,
            delivery=Delivery.DOWNLOAD,
            target_cluster="",
            urls=(("", "https://x"),),
            expires_at=NOW + timedelta(hours=2),
        ),
        job(4, 90, state=JobState.FAILED, problem="the target ran out of disk"),
    )


@dataclass
class MemoryAtlas(AtlasApi):
    """Answers from what is put in; every order is remembered.

    Attributes:
        problem: Raised by every call that asks.
    """

    found: tuple[AtlasCluster, ...] = CLUSTERS
    policy: CompliancePolicy | None = None
    plan: BackupSchedule = field(default_factory=sample_schedule)
    held: list[AtlasSnapshot] = field(default_factory=lambda: list(sample_snapshots()))
    jobs: list[AtlasRestoreJob] = field(default_factory=lambda: list(sample_restores()))
    problem: MangroveError | None = None
    asked: list[tuple[object, ...]] = field(default_factory=list)

    def _check(self) -> None:
        if self.problem:
            raise self.problem

    @override
    def abort(self) -> None:
        self.asked.append(("abort",))

    @override
    def projects(self) -> tuple[AtlasProject, ...]:
        self._check()
        return (PROJECT,)

    @override
    def clusters(self, project_id: str) -> tuple[AtlasCluster, ...]:
        self._check()
        return self.found

    @override
    def compliance(self, project_id: str) -> CompliancePolicy | None:
        return self.policy

    @override
    def snapshots(self, cluster: AtlasCluster) -> tuple[AtlasSnapshot, ...]:
        self._check()
        return tuple(self.held)

    @override
    def snapshot(self, cluster: AtlasCluster, wanted: AtlasSnapshotId) -> AtlasSnapshot:
        return next(s for s in self.held if s.snapshot_id == wanted)

    @override
    def take(self, cluster: AtlasCluster, description: str, keep_days: int) -> AtlasSnapshot:
        self.asked.append(("take", cluster.name, description, keep_days))
        return self.held[0]

    @override
    def keep(
        self, cluster: AtlasCluster, wanted: AtlasSnapshotId, keep: Retention
    ) -> AtlasSnapshot:
        self.asked.append(("keep", wanted, keep))
        return self.snapshot(cluster, wanted)

    @override
    def delete(self, cluster: AtlasCluster, snapshot: AtlasSnapshot) -> None:
        self.asked.append(("delete", snapshot.snapshot_id))
        self.held.remove(snapshot)

    @override
    def databases(self, cluster: AtlasCluster, snapshot: AtlasSnapshotId) -> tuple[str, ...]:
        return ("shop",)

    @override
    def collections(
        self, cluster: AtlasCluster, snapshot: AtlasSnapshotId, database: str
    ) -> tuple[str, ...]:
        return ("orders",)

    @override
    def schedule(self, cluster: AtlasCluster) -> BackupSchedule:
        return self.plan

    @override
    def change_schedule(
        self, cluster: AtlasCluster, schedule: BackupSchedule, *, also_existing: bool
    ) -> BackupSchedule:
        self.asked.append(("schedule", schedule, also_existing))
        self.plan = schedule
        return schedule

    @override
    def restores(self, cluster: AtlasCluster) -> tuple[AtlasRestoreJob, ...]:
        return tuple(self.jobs)

    @override
    def restore(self, cluster: AtlasCluster, known: AtlasRestoreJob) -> AtlasRestoreJob:
        return known

    @override
    def start_restore(self, cluster: AtlasCluster, order: RestoreOrder) -> AtlasRestoreJob:
        self.asked.append(("restore", order))
        return self.jobs[0]

    @override
    def cancel_restore(self, cluster: AtlasCluster, job: AtlasJobId) -> None:
        self.asked.append(("cancel", job))

    @override
    @contextmanager
    def download(self, url: str, offset: int = 0) -> Iterator[OpenDownload]:
        yield OpenDownload(0, 0, iter(()))


@dataclass
class MemoryAtlasGate(AtlasGate):
    """Opens the way to one Atlas in memory."""

    api: MemoryAtlas

    @override
    @contextmanager
    def open(
        self, account: AtlasAccount, secret: Secret | None = None, say: Say | None = None
    ) -> Iterator[AtlasApi]:
        yield self.api


class MemoryAccounts(AtlasAccountStore):
    """Accounts in a list."""

    def __init__(self, *accounts: AtlasAccount) -> None:
        self._accounts = list(accounts)

    @override
    def all(self) -> tuple[AtlasAccount, ...]:
        return tuple(self._accounts)

    @override
    def save(self, account: AtlasAccount) -> None:
        self._accounts.append(account)

    @override
    def remove(self, account_id: str) -> None:
        self._accounts = [a for a in self._accounts if a.account_id != account_id]


class MemoryLinks(AtlasLinkStore):
    """Links and views in dictionaries."""

    def __init__(self, *links: AtlasLink) -> None:
        self._links = {link.profile_id: link for link in links}
        self._views: dict[ProfileId, AtlasView] = {}

    @override
    def links(self) -> tuple[AtlasLink, ...]:
        return tuple(self._links.values())

    @override
    def save_link(self, link: AtlasLink) -> None:
        self._links[link.profile_id] = link

    @override
    def remove_link(self, profile_id: ProfileId) -> None:
        self._links.pop(profile_id, None)
        self._views.pop(profile_id, None)

    @override
    def view(self, profile_id: ProfileId) -> AtlasView | None:
        return self._views.get(profile_id)

    @override
    def save_view(self, view: AtlasView) -> None:
        self._views[view.link.profile_id] = view


class QueueingRunner:
    """Starts nothing: what is asked for stays queued."""

    def __init__(self, activity: FakeActivity) -> None:
        self._activity = activity
        self.started: list[tuple[Ticket, Body]] = []

    def start(self, ticket: Ticket, body: Body) -> RunId:
        self.started.append((ticket, body))
        return self._activity.begin(ticket.kind, ticket.title, ticket.profile, ticket.vault)


@dataclass
class FakeAtlasServices:
    """The real services, and what is behind them."""

    api: MemoryAtlas
    runner: QueueingRunner
    services: Atlas


def atlas_in_memory(
    profiles: object, activity: FakeActivity, clock: Clock, *, has_account: bool
) -> FakeAtlasServices:
    """Build them; with an account there are four clusters."""
    api, runner = MemoryAtlas(), QueueingRunner(activity)
    accounts = MemoryAccounts(ACCOUNT) if has_account else MemoryAccounts()
    tools = AtlasTools(
        gate=MemoryAtlasGate(api),
        accounts=accounts,
        links=MemoryLinks(),
        profiles=cast("Profiles", profiles),
        secrets=MemorySecrets(),
        runner=cast("Runner", runner),
        clock=clock,
    )
    return FakeAtlasServices(api, runner, build_atlas(tools))
