"""What each kind of job consists of: the runs it starts, one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from mangrove.core.backup import BackupId, BackupRequest
from mangrove.core.backup_record import BackupRecord
from mangrove.core.drill import DrillRequest
from mangrove.core.errors import BackupNotFoundError, ChainTakenError, MangroveError
from mangrove.core.jobs.hosts import job_hosts
from mangrove.core.jobs.job import Job, JobKind
from mangrove.core.jobs.proving import to_verify
from mangrove.core.pitr.capture import CaptureMode, CaptureRequest
from mangrove.core.ports.clock import Clock
from mangrove.core.profile import Profile
from mangrove.core.run import RunId
from mangrove.core.verification import EMBEDDED, Level, VerifyRequest
from mangrove.jobs.agent.firing import Step
from mangrove.services.backups import Backups
from mangrove.services.captures import Captures
from mangrove.services.drills import Drills
from mangrove.services.profiles import Profiles
from mangrove.services.retention import Retention
from mangrove.services.upkeep import Upkeep
from mangrove.services.vaults import Vaults
from mangrove.services.verification import Verifications


@dataclass(frozen=True, slots=True)
class JobSteps:
    """Turns jobs into steps."""

    profiles: Profiles
    vaults: Vaults
    backups: Backups
    verifications: Verifications
    captures: Captures
    retention: Retention
    drills: Drills
    upkeep: Upkeep
    clock: Clock

    @property
    def kinds(self) -> tuple[JobKind, ...]:
        """The kinds that there are steps for."""
        return tuple(JobKind)

    def __call__(self, job: Job) -> Sequence[Step]:
        """Return the steps of a job.

        Raises:
            ProfileNotFoundError, VaultNotFoundError: If what it works on is gone.
        """
        vault = self.vaults.by_id(job.vault_id).name
        match job.kind:
            case JobKind.BACKUP:
                return self._backup(job, vault)
            case JobKind.CAPTURE:
                return (lambda _: self._capture(job, vault),)
            case JobKind.VERIFY:
                return self._verify(job)
            case JobKind.PRUNE:
                return (lambda _: self.retention.start_prune(vault),)
            case JobKind.CHECK:
                return (lambda _: self.upkeep.start_check(vault),)
            case JobKind.DRILL:
                request = DrillRequest(self.profile_name(job), target=job.scratch)
                return (lambda _: self.drills.start(request),)

    def profile_name(self, job: Job) -> str:
        """Return the name of the profile a job works on, "" for none.

        Raises:
            ProfileNotFoundError: If it is gone.
        """
        return self.profiles.by_id(job.profile_id).name if job.profile_id else ""

    def hosts_of(self, job: Job) -> Sequence[str]:
        """Return the machines that a job talks to; those of what is gone are none."""
        try:
            profile = self.profiles.by_id(job.profile_id) if job.profile_id else None
            return job_hosts(profile, self.vaults.by_id(job.vault_id).url)
        except MangroveError:  # the run itself says what is missing
            return ()

    def _backup(self, job: Job, vault: str) -> Sequence[Step]:
        request = BackupRequest(self.profile_name(job), vault, job.selection, job.consistency)
        steps: list[Step] = [lambda _: self.backups.start(request)]
        if job.level is not None:
            steps.append(lambda taken: self._prove(job, taken))
        if job.prunes:
            steps.append(lambda _: self.retention.start_prune(vault))
        return steps

    def _capture(self, job: Job, vault: str) -> RunId | None:
        """Store what the oplog has by now; nothing to do where a capture follows it anyway."""
        request = CaptureRequest(self.profile_name(job), vault, CaptureMode.ONCE)
        try:
            return self.captures.start(request)
        except ChainTakenError:
            return None

    def _prove(self, job: Job, taken: BackupId | None) -> RunId | None:
        if taken is None or job.level is None:
            return None
        return self.verifications.start(VerifyRequest(taken, job.level, job.scratch))

    def _verify(self, job: Job) -> Sequence[Step]:
        """Return a verification for each backup that is due for one."""
        profile = self.profiles.by_id(job.profile_id) if job.profile_id else None
        level = job.level or Level.RESTORED
        records = self.backups.all(self.vaults.by_id(job.vault_id).name)
        chosen = to_verify(_of(records, profile), level, self.clock.now(), job.share_percent)
        requests = [VerifyRequest(r.backup, level, _place_for(r, job)) for r in chosen]
        return [partial(self._start_verify, request) for request in requests]

    def _start_verify(self, request: VerifyRequest, _: BackupId | None) -> RunId | None:
        """Start one; what was pruned since the job began needs no proof."""
        try:
            return self.verifications.start(request)
        except BackupNotFoundError:
            return None


def _of(records: Sequence[BackupRecord], profile: Profile | None) -> Sequence[BackupRecord]:
    return [r for r in records if profile is None or r.profile_slug == profile.slug]


def _place_for(record: BackupRecord, job: Job) -> str:
    """Return where a backup is tried; a server's files open on a throw-away one only."""
    return EMBEDDED if record.is_physical else job.scratch
