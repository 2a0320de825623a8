"""Gathers what the rules of alerts look at: from the state and the catalog, never from events."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from mangrove.core.alerts.facts import Watched, WatchedJob, WatchedVault
from mangrove.core.alerts.needs import need_troubles
from mangrove.core.backup_record import BackupRecord
from mangrove.core.errors import MangroveError
from mangrove.core.figures.answer import Overview, VaultFigures
from mangrove.core.jobs.job import Job, Rest
from mangrove.core.ports.agent import LeaseHolder
from mangrove.core.ports.catalog import Catalog
from mangrove.core.ports.state import JobStore, VaultStore
from mangrove.core.vaults.vault import VaultId, VaultSpec

log = logging.getLogger(__name__)
SHOWN_FIRINGS = 30
LATEST = 100
FAR_AWAY = 3650
SPACE_EVERY = timedelta(hours=1)


@dataclass(slots=True)
class Rooms:
    """How much room storages have left; asked of each once an hour, for that may take a while.

    Attributes:
        free_bytes: Asks a vault's storage; None where it does not tell.
    """

    free_bytes: Callable[[VaultSpec], int | None]
    _seen: dict[VaultId, tuple[datetime, int | None]] = field(default_factory=dict)

    def of(self, spec: VaultSpec, now: datetime) -> int | None:
        """Return what is left, as far as it is known."""
        seen_at, free = self._seen.get(spec.vault_id, (None, None))
        if seen_at is not None and abs(now - seen_at) < SPACE_EVERY:
            return free
        try:
            free = self.free_bytes(spec)
        except MangroveError as error:  # a job that needs it will tell
            log.info("room in a vault unknown vault=%s reason=%s", spec.vault_id, error)
            free = None
        self._seen[spec.vault_id] = (now, free)
        return free


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """Looks at everything anew each time.

    Attributes:
        agent: Tells which process fires jobs.
        overview: Gives the figures.
    """

    jobs: JobStore
    vaults: VaultStore
    catalog: Catalog
    agent: Callable[[], LeaseHolder | None]
    overview: Callable[[], Overview]
    rooms: Rooms

    def __call__(self, now: datetime) -> Watched:
        """Return what there is at this moment."""
        rest = self.jobs.rest()
        jobs = tuple(
            WatchedJob(resting(job, rest), self.jobs.firings(job.job_id, SHOWN_FIRINGS))
            for job in self.jobs.all()
        )
        overview = self.overview()
        return Watched(
            now,
            jobs,
            needs=tuple(need_troubles(overview.needs, overview.profiles, now)),
            vaults=self._vaults(overview, now),
            has_agent=self.agent() is not None,
        )

    def _vaults(self, overview: Overview, now: datetime) -> tuple[WatchedVault, ...]:
        figures = {item.vault_id: item for item in overview.vaults}
        latest = self.catalog.newest(LATEST)
        return tuple(
            watched_vault(figures[spec.vault_id], latest, self.rooms.of(spec, now), now)
            for spec in self.vaults.all()
            if spec.vault_id in figures and figures[spec.vault_id].backups
        )


def watched_vault(
    figures: VaultFigures, latest: Iterable[BackupRecord], free_bytes: int | None, now: datetime
) -> WatchedVault:
    """Return a vault with the room it has and the room it will take.

    Args:
        figures: How many backups it holds, and how fast they grow.
        latest: The newest backups, of this vault and others.
        free_bytes: What is left in its storage; None where that is unknown.
        now: The moment.
    """
    pace = figures.sizes.per_day_bytes
    days = free_bytes / pace if pace and free_bytes is not None else None
    sizes = (record.stored_bytes for record in latest if record.vault_id == figures.vault_id)
    return WatchedVault(
        name=figures.name,
        backups=figures.backups,
        free_bytes=free_bytes,
        full_at=now + timedelta(days=days) if days is not None and days < FAR_AWAY else None,
        largest_bytes=max(sizes, default=0),
    )


def resting(job: Job, rest: Rest | None) -> Job:
    """Return a job as it is while all jobs rest."""
    if rest is None or (job.paused_until is not None and job.paused_until >= rest.until):
        return job
    return replace(job, paused_until=rest.until, paused_why=rest.why)
