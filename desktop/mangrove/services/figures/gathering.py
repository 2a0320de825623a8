"""Gathers the facts of all profiles at once, so that each file is asked a few questions only."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from mangrove.core.backup_record import BackupRecord
from mangrove.core.cover import is_taken_whole
from mangrove.core.figures.answer import JobFigures, VaultReaders
from mangrove.core.figures.changes import Change, missed_drills
from mangrove.core.figures.compliance import SlotState
from mangrove.core.figures.elsewhere import with_elsewhere
from mangrove.core.figures.evidence import EvidenceFact
from mangrove.core.figures.facts import BackupFacts, DayTotal, Group, GroupId
from mangrove.core.figures.listing import SeenDatabase, listing_of
from mangrove.core.figures.objectives import Objectives
from mangrove.core.figures.profile_facts import PERIOD, WHOLE, ProfileFacts
from mangrove.core.figures.protection import Moment
from mangrove.core.figures.restore_estimate import MeasuredRestore, measured_by
from mangrove.core.figures.sightings import VaultSighting
from mangrove.core.figures.slots import longest_gap
from mangrove.core.jobs.job import Job, JobKind
from mangrove.core.profile import Profile, ProfileId, UnreadableProfile
from mangrove.core.run import RunKind, RunStatus
from mangrove.core.vaults.key_changes import kit_state
from mangrove.core.vaults.vault import VaultId, VaultSpec
from mangrove.core.verification import EMBEDDED
from mangrove.services.figures.captured import captured_of
from mangrove.services.figures.jobs import job_figures
from mangrove.services.figures.reaching import other_attempts
from mangrove.services.figures.sources import FigureSources

CALENDAR = timedelta(days=364)
WEEK = timedelta(days=7)
MOST_TRIALS = 60
_Slugged = TypeVar("_Slugged", Group, DayTotal)


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything the figures are worked out from, as it was at one moment."""

    now: datetime
    first_day: date
    profiles: tuple[Profile | UnreadableProfile, ...]
    vaults: tuple[VaultSpec, ...]
    groups: Mapping[str, Sequence[Group]]
    moments: Mapping[GroupId, Sequence[Moment]]
    evidence: Mapping[GroupId, Sequence[EvidenceFact]]
    trials: Mapping[GroupId, Sequence[EvidenceFact]]
    days: Mapping[str, Sequence[DayTotal]]
    totals: Mapping[str, Sequence[DayTotal]]
    objectives: Mapping[ProfileId, Mapping[str, Objectives]]
    seen: Mapping[ProfileId, Sequence[SeenDatabase]]
    storages: Mapping[VaultId, VaultSighting]
    newest_checks: Sequence[RunStatus]
    measured: tuple[MeasuredRestore, ...]
    failed_runs: Mapping[str, Mapping[date, int]]
    newest_backups: Sequence[RunStatus]
    other_attempts: Sequence[RunStatus]
    jobs: tuple[JobFigures, ...]
    definitions: tuple[Job, ...]
    readers: tuple[VaultReaders, ...]
    backups: BackupFacts
    sources: FigureSources

    def facts_of(self, profile: Profile) -> ProfileFacts:
        """Return what is known of one profile."""
        groups = self.groups.get(profile.slug, ())
        totals = self.totals.get(profile.slug, ())
        specs = {v.vault_id: v.name for v in self.vaults}
        inside = {specs[t.vault_id] for t in totals if t.vault_id in specs}
        readers = tuple(r for r in self.readers if r.vault in inside)
        trials = [e for g in groups for e in self.trials.get(g.group_id, ())]
        newest = self._newest(groups, self.now)
        jobs = tuple(job for job in self.jobs if job.profile == profile.name)
        own = ProfileFacts(
            slug=profile.slug,
            name=profile.name,
            since=min([profile.created_at, *self._first_backup(totals)]),
            listing=listing_of(self.seen.get(profile.profile_id, ()), groups, profile.created_at),
            groups=groups,
            partial=self.backups.count([g for g in groups if not g.cover.is_deployment]),
            filtered=self.backups.count([g for g in groups if g.cover.is_filtered]),
            moments=self.moments,
            evidence=self.evidence,
            trials=self.trials,
            days=self.days.get(profile.slug, ()),
            totals=totals,
            objectives=self.objectives.get(profile.profile_id, {}),
            longest_gaps=self._longest_gaps(profile, groups),
            captured=captured_of(self.sources.points.captured(profile.slug)),
            measured=self.measured + tuple(map(measured_by, trials)),
            targets=_targets(profile.name, trials),
            failed_runs=self.failed_runs.get(profile.name, {}),
            jobs=jobs,
            readers=readers,
            is_escrowed=all(r.is_escrowed for r in readers),
            newest=newest,
            earlier=self._newest(groups, self.now - WEEK),
            changed=_missed_drills(jobs),
        )
        return with_elsewhere(own, self.sources.points.kept(profile), self.now)

    def _first_backup(self, totals: Iterable[DayTotal]) -> list[datetime]:
        return [datetime(t.day.year, t.day.month, t.day.day, tzinfo=UTC) for t in totals]

    def _newest(self, groups: Iterable[Group], by: datetime) -> BackupRecord | None:
        """Return the newest backup of everything that was there at a moment."""
        whole = [g for g in groups if g.cover.is_deployment]
        found = self.backups.newest(tuple(g.group_id for g in whole), by)
        return self.backups.find(found) if found else None

    def _longest_gaps(self, profile: Profile, groups: Iterable[Group]) -> dict[str, timedelta]:
        """Return for each database how far its scheduled backups are apart at most."""
        names = {d.name for g in groups for d in g.cover.databases}
        names |= {d.name for d in self.seen.get(profile.profile_id, ())}
        gaps: dict[str, timedelta] = {}
        for job in self.definitions:
            if job.kind is not JobKind.BACKUP or job.profile_id != profile.profile_id:
                continue
            gap = longest_gap(job.schedule, self.now.date())
            meant = {name for name in names if is_taken_whole(job.selection, name)}
            for name in meant | ({WHOLE} if job.selection.is_whole else set()):
                if gap is not None:
                    gaps[name] = min(gap, gaps.get(name, gap))
        return gaps


def gather(sources: FigureSources) -> Gathered:
    """Ask everything that the figures need."""
    now = sources.clock.now()
    backups = sources.backups()
    profiles, vaults, jobs = sources.profiles.all(), sources.vaults.all(), sources.jobs.all()
    names = {p.profile_id: p.name for p in profiles if isinstance(p, Profile)}
    first_day = (now - CALENDAR).astimezone(UTC).date()
    return Gathered(
        now=now,
        first_day=first_day,
        profiles=profiles,
        vaults=vaults,
        groups=_by_slug(backups.groups(now)),
        moments=backups.moments(now - PERIOD),
        evidence=backups.evidence(now - PERIOD),
        trials=backups.test_restores(MOST_TRIALS),
        days=_by_slug(backups.days(first_day)),
        totals=_by_slug(backups.totals()),
        objectives=sources.objectives.all(),
        seen=sources.sightings.databases(),
        storages=sources.sightings.vaults(),
        newest_checks=sources.runs.newest(RunKind.CHECK),
        measured=tuple(sources.runs.restores()),
        failed_runs=sources.runs.failed_backups(first_day),
        newest_backups=sources.runs.newest(RunKind.BACKUP),
        other_attempts=tuple(other_attempts(sources.runs)),
        jobs=job_figures(jobs, sources.firings, names, {v.vault_id: v.name for v in vaults}, now),
        definitions=jobs,
        readers=tuple(map(readers_of, vaults)),
        backups=backups,
        sources=sources,
    )


def readers_of(spec: VaultSpec) -> VaultReaders:
    """Return who can read what a vault holds."""
    names = dict(spec.recipient_names)
    return VaultReaders(
        vault=spec.name,
        is_encrypted=spec.is_encrypted,
        is_write_only=spec.is_write_only,
        readers=tuple((key, names.get(key, "")) for key in spec.recipients),
        kit=kit_state(spec),
    )


def _by_slug(items: Iterable[_Slugged]) -> dict[str, list[_Slugged]]:
    found: dict[str, list[_Slugged]] = defaultdict(list)
    for item in items:
        found[item.profile_slug].append(item)
    return found


def _targets(name: str, evidence: Sequence[EvidenceFact]) -> tuple[str, ...]:
    """Return where restores tell how long one takes: there itself, else where it was tried last."""
    tried = sorted(evidence, key=lambda e: e.finished_at, reverse=True)
    return tuple(dict.fromkeys((name, *(e.target for e in tried), EMBEDDED)))


def _missed_drills(jobs: Iterable[JobFigures]) -> tuple[Change, ...]:
    found: list[Change] = []
    for job in jobs:
        if job.kind is JobKind.VERIFY:
            missed = sum(slot.state is SlotState.MISSED for slot in job.slots)
            found += missed_drills(job.name, missed)
    return tuple(found)
