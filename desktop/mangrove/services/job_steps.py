"""What each kind of job consists of: the runs it starts, one after the other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mangrove.core.backup import BackupId, BackupRequest
from mangrove.core.errors import InvalidScheduleError
from mangrove.core.job import Job, JobKind
from mangrove.core.ports import Clock
from mangrove.core.profile import Profile
from mangrove.core.run import RunId
from mangrove.core.vault import BackupRecord, BackupState
from mangrove.core.verification import Level, VerifyRequest
from mangrove.jobs.firing import Step
from mangrove.services.backups import Backups
from mangrove.services.profiles import Profiles
from mangrove.services.vaults import Vaults
from mangrove.services.verification import Verifications


@dataclass(frozen=True, slots=True)
class JobSteps:
    """Turns jobs into steps; kinds that are missing in ``kinds`` are not offered.

    Attributes:
        more: Steps of kinds that other services know, and of pruning after a backup.
    """

    profiles: Profiles
    vaults: Vaults
    backups: Backups
    verifications: Verifications
    clock: Clock
    more: dict[JobKind, Callable[[Job, str, str], RunId]]

    @property
    def kinds(self) -> tuple[JobKind, ...]:
        """The kinds that there are steps for."""
        return tuple(k for k in JobKind if k in (JobKind.BACKUP, JobKind.VERIFY) or k in self.more)

    def __call__(self, job: Job) -> Sequence[Step]:
        """Return the steps of a job.

        Raises:
            ProfileNotFoundError, VaultNotFoundError: If what it works on is gone.
            InvalidScheduleError: If nobody knows how to do this kind.
        """
        vault = self.vaults.by_id(job.vault_id).name
        if job.kind is JobKind.BACKUP:
            return self._backup(job, vault)
        if job.kind is JobKind.VERIFY:
            return (lambda _: self._verify(job),)
        if job.kind not in self.more:
            raise InvalidScheduleError(f"jobs of the kind {job.kind} are not offered yet")
        return (lambda _: self.more[job.kind](job, self.profile_name(job), vault),)

    def profile_name(self, job: Job) -> str:
        """Return the name of the profile a job works on, "" for none.

        Raises:
            ProfileNotFoundError: If it is gone.
        """
        return self.profiles.by_id(job.profile_id).name if job.profile_id else ""

    def _backup(self, job: Job, vault: str) -> Sequence[Step]:
        request = BackupRequest(self.profile_name(job), vault, job.selection, job.consistency)
        steps: list[Step] = [lambda _: self.backups.start(request)]
        if job.level is not None:
            steps.append(lambda taken: self._prove(job, taken))
        if job.prunes and JobKind.PRUNE in self.more:
            steps.append(lambda _: self.more[JobKind.PRUNE](job, request.profile, vault))
        return steps

    def _prove(self, job: Job, taken: BackupId | None) -> RunId | None:
        if taken is None or job.level is None:
            return None
        return self.verifications.start(VerifyRequest(taken, job.level, job.scratch))

    def _verify(self, job: Job) -> RunId | None:
        profile = self.profiles.by_id(job.profile_id) if job.profile_id else None
        level = job.level or Level.RESTORED
        records = self.backups.all(self.vaults.by_id(job.vault_id).name)
        chosen = to_verify(_of(records, profile), level, self.clock.now())
        if chosen is None:
            return None
        return self.verifications.start(VerifyRequest(chosen.backup, level, job.scratch))


def to_verify(records: Sequence[BackupRecord], level: Level, now: datetime) -> BackupRecord | None:
    """Choose what to prove next: the newest unproven one, else the one proven longest ago.

    Backups that cannot be read or come from the future are not chosen.
    """
    complete = [r for r in records if r.state is BackupState.COMPLETE and r.data_at <= now]
    unproven = [r for r in complete if _proven_at(r, level) is None]
    if unproven:
        return max(unproven, key=lambda r: r.finished_at)
    return min(complete, key=lambda r: _proven_at(r, level) or now, default=None)


def _of(records: Sequence[BackupRecord], profile: Profile | None) -> Sequence[BackupRecord]:
    return [r for r in records if profile is None or r.profile_slug == profile.slug]


def _proven_at(record: BackupRecord, level: Level) -> datetime | None:
    moments = (e.finished_at for e in record.evidence if e.level.depth >= level.depth)
    return max(moments, default=None)
