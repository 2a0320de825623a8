"""Jobs: define, list, pause, run now, and see what becomes of them."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from mangrove.core.backup import Consistency, Selection
from mangrove.core.errors import InvalidScheduleError, JobNotFoundError, MangroveError
from mangrove.core.jobs.job import (
    DEFAULT_SHARE,
    HUNG_AFTER,
    RECOMMENDED,
    Firing,
    Job,
    JobId,
    JobKind,
    RecommendedJob,
    Rest,
    rest_of,
)
from mangrove.core.jobs.schedule import parse_schedule
from mangrove.core.jobs.vigil import AgentRank
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.state import JobStore
from mangrove.core.profile import checked_name
from mangrove.core.vaults.vault import VaultId
from mangrove.core.verification import EMBEDDED, Level
from mangrove.jobs.agent.agent import Agent
from mangrove.jobs.agent.firing import Waits, quietly
from mangrove.services.agent_desk import check_pause
from mangrove.services.job_plan import Covered, Planned, Wanted
from mangrove.services.job_steps import JobSteps

NO_AGENT = "nothing starts by itself: no window is open and no agent runs"
SHOWN_FIRINGS = 30
GONE = "(gone)"
MAX_SHARE = 100
_NEEDS_PROFILE = (JobKind.BACKUP, JobKind.CAPTURE, JobKind.DRILL)


@dataclass(frozen=True, slots=True)
class JobDraft:
    """What a person typed for a job.

    Attributes:
        schedule: In words or as cron.
        zone: IANA name of the time zone that it is meant in.
        hung_after: A run that moves nothing for so long is ended.
        profile: "" where the kind needs none.
    """

    name: str
    kind: JobKind
    vault: str
    schedule: str
    zone: str
    profile: str = ""
    selection: Selection = field(default_factory=Selection)
    consistency: Consistency = Consistency.AUTO
    level: Level | None = None
    scratch: str = EMBEDDED
    prunes: bool = False
    share_percent: int = DEFAULT_SHARE
    hung_after: timedelta = HUNG_AFTER


@dataclass(frozen=True, slots=True)
class JobView:
    """One job as a list shows it.

    Attributes:
        profile, vault: Names; "(gone)" when they were removed.
        next_at: When it is due next; while it is paused, after that.
        firings: What became of its last times, newest first.
        waits_for_network: Whether it is due and waits for one.
        rest: The pause that keeps it from running now, its own or that of all jobs.
    """

    job: Job
    profile: str
    vault: str
    next_at: datetime | None
    firings: tuple[Firing, ...]
    waits_for_network: bool = False
    rest: Rest | None = None

    @property
    def last(self) -> Firing | None:
        """What became of its newest time."""
        return self.firings[0] if self.firings else None


class Jobs:
    """The jobs of this workstation, and the agent that fires them."""

    def __init__(
        self,
        store: JobStore,
        steps: JobSteps,
        agent: Agent,
        clock: Clock,
    ) -> None:
        self._store = store
        self._profiles, self._vaults = steps.profiles, steps.vaults
        self._steps = steps
        self._agent = agent
        self._clock = clock

    @property
    def kinds(self) -> tuple[JobKind, ...]:
        """What a job can do."""
        return self._steps.kinds

    def add(self, draft: JobDraft) -> Job:
        """Save a new job; its first time is the next one after now.

        Raises:
            InvalidScheduleError, InvalidProfileError, NameTakenError, ProfileNotFoundError,
            VaultNotFoundError: Nothing was saved.
        """
        self._check(draft)
        profile = self._profiles.find(draft.profile) if draft.profile else None
        job = Job(
            job_id=JobId(secrets.token_hex(8)),
            name=checked_name(draft.name),
            kind=draft.kind,
            schedule=parse_schedule(draft.schedule, draft.zone),
            vault_id=self._vaults.find(draft.vault).vault_id,
            created_at=self._clock.now(),
            profile_id=profile.profile_id if profile else None,
            selection=draft.selection,
            consistency=draft.consistency,
            level=draft.level,
            scratch=draft.scratch,
            prunes=draft.prunes,
            share_percent=draft.share_percent,
            hung_after=draft.hung_after,
        )
        self._store.save(job)
        return job

    def add_recommended(self, profile: str, vault: str, zone: str) -> Planned:
        """Save the recommended plan for a profile: what of it is offered and not covered yet.

        Raises:
            ProfileNotFoundError, VaultNotFoundError: Nothing was saved.
        """
        known = self._store.all()
        made: list[Job] = []
        covered: list[Covered] = []
        for line in (one for one in RECOMMENDED if one.kind in self.kinds):
            draft = _drafted(line, profile, vault, zone)
            found = self._wanted(line, draft).covered_by(known, self._clock.now())
            if found is None:
                made.append(self.add(draft))
            else:
                covered.append(found)
        return Planned(tuple(made), tuple(covered))

    def all(self) -> tuple[JobView, ...]:
        """Return every job by name."""
        names = {vault.vault_id: vault.name for vault in self._vaults.all()}
        return tuple(self._view(job, names) for job in self._store.all())

    def names(self) -> tuple[str, ...]:
        """Return the jobs' names alone, for what asks again and again."""
        return tuple(job.name for job in self._store.all())

    def find(self, name: str) -> JobView:
        """Return a job by its name, without regard to case.

        Raises:
            JobNotFoundError: If there is none.
        """
        wanted = name.strip().casefold()
        found = next((j for j in self._store.all() if j.name.casefold() == wanted), None)
        if found is None:
            known = ", ".join(self.names()) or "none yet"
            raise JobNotFoundError(f"there is no job '{name}'", hint=f"known jobs: {known}")
        return self._view(found, {vault.vault_id: vault.name for vault in self._vaults.all()})

    def remove(self, name: str) -> None:
        """Forget a job; what it made stays."""
        self._store.remove(self.find(name).job.job_id)

    def pause(self, name: str, until: datetime, why: str) -> None:
        """Let a job rest; times that come meanwhile are listed as skipped, with the reason.

        Raises:
            JobNotFoundError: If there is none.
            InvalidScheduleError: If no reason is given, or the moment is over.
        """
        job = self.find(name).job
        check_pause(until, why, self._clock.now())
        self._store.save(
            replace(job, paused_until=until, paused_why=why.strip()), self._clock.now()
        )

    def resume(self, name: str) -> None:
        """End a pause."""
        resumed = replace(self.find(name).job, paused_until=None, paused_why="")
        self._store.save(resumed, self._clock.now())

    def start(self, name: str, waits: Waits = quietly) -> None:
        """Do a job now, without waiting for its end; its schedule stays as it is.

        Args:
            name: Which one.
            waits: Told, on the job's thread, what failed and when that is tried again.

        Raises:
            JobNotFoundError: If there is none.
            InvalidScheduleError: If it runs already.
        """
        job = self.find(name).job
        if not self._agent.fire_now(job, waits):
            raise InvalidScheduleError(f"'{job.name}' runs already; nothing was started")

    def run(self, name: str, waits: Waits = quietly) -> Firing:
        """Do a job now, and wait for its end; arguments as ``start`` has them.

        Raises:
            JobNotFoundError, InvalidScheduleError: As ``start`` does.
        """
        self.start(name, waits)
        self._agent.wait()
        return self.find(name).firings[0]

    def preview(self, schedule: str, zone: str, count: int = 10) -> tuple[datetime, ...]:
        """Return the next times of a schedule, in UTC.

        Raises:
            InvalidScheduleError: If it is none.
        """
        return parse_schedule(schedule, zone).upcoming(self._clock.now(), count)

    # --- the agent -----------------------------------------------------------------------

    def close(self) -> None:
        """Stop looking at the clock, wait for what ends, and let another process take over."""
        self._agent.close()

    def look_once(self) -> tuple[str, ...]:
        """Fire what is due and wait until it is over; returns the names of those jobs."""
        self._agent.rank = AgentRank.ONCE
        started = self._agent.look()
        self._agent.wait()
        return tuple(job.name for job in self._store.all() if job.job_id in started)

    # --- inside --------------------------------------------------------------------------

    def _check(self, draft: JobDraft) -> None:
        if draft.kind not in self.kinds:
            raise InvalidScheduleError(f"jobs of the kind {draft.kind} are not offered yet")
        if draft.level is Level.DRILLED:
            raise InvalidScheduleError(
                "a drill goes back to a moment of a profile, not to one backup",
                hint="add a job of the kind drill; or choose stored, decoded or restored",
            )
        if not 0 <= draft.share_percent <= MAX_SHARE:
            raise InvalidScheduleError("a share is 0 to 100 percent of the other backups")
        if draft.scratch != EMBEDDED:
            self._profiles.find(draft.scratch)
        if draft.kind in _NEEDS_PROFILE and not draft.profile:
            raise InvalidScheduleError(f"a job that does a {draft.kind} needs a profile")
        if draft.kind is not JobKind.BACKUP and not draft.selection.is_whole:
            raise InvalidScheduleError(
                f"a {draft.kind} job takes no selection of databases or collections; "
                "nothing was saved",
                hint="only a backup job has one; leave out --db, --collection and --exclude",
            )

    def _wanted(self, line: RecommendedJob, draft: JobDraft) -> Wanted:
        return Wanted(
            line,
            draft.name,
            parse_schedule(draft.schedule, draft.zone),
            self._profiles.find(draft.profile).profile_id,
            self._vaults.find(draft.vault).vault_id,
        )

    def _view(self, job: Job, vaults: Mapping[VaultId, str]) -> JobView:
        now = self._clock.now()
        rest = rest_of(job, self._store.rest(), now)
        return JobView(
            job=job,
            profile=self._profile_name(job),
            vault=vaults.get(job.vault_id, GONE),
            next_at=job.schedule.next_after(rest.until if rest else now),
            firings=self._store.firings(job.job_id, SHOWN_FIRINGS),
            waits_for_network=job.job_id in self._agent.waiting,
            rest=rest,
        )

    def _profile_name(self, job: Job) -> str:
        try:
            return self._steps.profile_name(job)
        except MangroveError:
            return GONE


def _drafted(one: RecommendedJob, profile: str, vault: str, zone: str) -> JobDraft:
    return JobDraft(
        name=f"{profile} {one.kind}",
        kind=one.kind,
        vault=vault,
        schedule=one.schedule,
        zone=zone,
        profile=profile,
        level=one.level,
        prunes=one.prunes,
    )
