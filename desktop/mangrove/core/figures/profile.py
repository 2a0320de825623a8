"""The figures of one profile, worked out from its facts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo

from mangrove.core.backup_record import BackupRecord
from mangrove.core.cover import DatabaseContent
from mangrove.core.explain import duration_text
from mangrove.core.figures.answer import DatabaseFigures, ProfileFigures, untried_of
from mangrove.core.figures.changes import Look, changes_of
from mangrove.core.figures.days import calendar_of
from mangrove.core.figures.evidence import (
    EvidenceFact,
    Freshness,
    disproofs_of,
    freshness_of,
    verified_fraction,
)
from mangrove.core.figures.exposure import Exposure, Span, exposure_of
from mangrove.core.figures.facts import Group, GroupId
from mangrove.core.figures.lights import Light, Lights, lights_of, lowest
from mangrove.core.figures.listing import SeenDatabase
from mangrove.core.figures.objectives import FRESH_EVIDENCE, Objectives, RpoTarget, rpo_target
from mangrove.core.figures.profile_facts import PERIOD, WHOLE, ProfileFacts
from mangrove.core.figures.protection import History, Moment, Observed, RpoPoint
from mangrove.core.figures.restore_estimate import (
    MeasuredRestore,
    RestoreEstimate,
    Work,
    restore_estimate,
)
from mangrove.core.vaults.vault import VaultId
from mangrove.core.wording import counted


def profile_figures(
    facts: ProfileFacts, now: datetime, zone: tzinfo, first: date
) -> ProfileFigures:
    """Work out everything about one profile.

    Args:
        facts: What is known of it.
        now: The moment.
        zone: The time zone that days are meant in.
        first: The first day of the calendar.
    """
    desk = _Desk(facts, now, zone, _disproofs(facts, now))
    databases = sorted(map(desk.database, facts.listing.databases), key=_worst_first)
    summary = desk.summary(databases)
    retained = sum(t.stored_bytes for t in facts.totals)
    return ProfileFigures(
        profile_slug=facts.slug,
        profile_name=facts.name,
        light=summary.lights.lowest,
        lights=summary.lights,
        reasons=desk.reasons(summary, databases),
        exposure=summary.exposure,
        target=summary.target,
        is_met=summary.lights.rpo is not Light.EXPOSED,
        databases=tuple(databases),
        unlisted=not facts.listing.is_certain,
        objectives=desk.objectives(WHOLE),
        freshness=summary.freshness,
        restore=desk.restore(_work_of(facts.newest)),
        observed=summary.observed,
        rpo_days=desk.rpo_days(),
        restores=_own_restores(facts),
        verified=verified_fraction(desk.all_evidence, retained, now),
        windows=facts.captured.spans,
        gaps=facts.captured.gaps,
        headroom=facts.captured.headroom,
        days=calendar_of(facts.days, facts.failed_runs, first, now.astimezone(UTC).date()),
        changes=(*changes_of(_look(facts.earlier), _look(facts.newest)), *facts.changed),
        jobs=facts.jobs,
        readers=facts.readers,
        newest=facts.newest,
        backups=sum(t.complete for t in facts.totals),
        partial=facts.partial,
        filtered=facts.filtered,
        stored_bytes=retained,
        elsewhere=facts.elsewhere,
        disproofs=desk.disproofs,
    )


@dataclass(frozen=True, slots=True)
class _Summary:
    """The worst of each figure over all databases."""

    lights: Lights
    exposure: Exposure
    target: RpoTarget
    freshness: Freshness
    observed: Observed


@dataclass(slots=True)
class _Desk:
    """Works out the figures of one profile; databases that the same backups hold share them."""

    facts: ProfileFacts
    now: datetime
    zone: tzinfo
    disproofs: tuple[EvidenceFact, ...]
    _observed: dict[tuple[object, ...], Observed] = field(default_factory=dict)
    _histories: dict[tuple[object, ...], History] = field(default_factory=dict)

    @property
    def all_evidence(self) -> list[EvidenceFact]:
        """Of all its backups."""
        held = (self.facts.evidence.get(g.group_id, ()) for g in self.facts.groups)
        return [fact for facts in held for fact in facts]

    def objectives(self, database: str) -> Objectives:
        """Return what is set for a database, that for the profile included."""
        general = self.facts.objectives.get(WHOLE, Objectives())
        return self.facts.objectives.get(database, Objectives()).or_else(general)

    def target(self, database: str) -> RpoTarget:
        """Return R(d)."""
        gaps = self.facts.longest_gaps
        gap = gaps.get(database, gaps.get(WHOLE))
        pace = self.facts.captured.pace if self.facts.captured.of(database) else None
        return rpo_target(self.objectives(database).rpo, gap, pace)

    def database(self, seen: SeenDatabase) -> DatabaseFigures:
        """Work out the figures of one database."""
        name, now = seen.name, self.now
        target, objectives = self.target(name), self.objectives(name)
        holding = self._holding(name)
        exposure = exposure_of(
            (g.newest_at for g in holding if g.newest_at is not None),
            self.facts.captured.of(name),
            seen.first_seen,
            now,
            self.facts.captured.lag,
        )
        freshness = self._freshness(holding, objectives)
        is_met = exposure.meets(target.age)
        lights = lights_of(
            rpo_met=is_met,
            evidence_fresh=freshness.is_fresh,
            keys_escrowed=self.facts.is_escrowed,
        )
        if is_met and exposure.is_unprotected:  # new, and not due yet
            lights = replace(lights, rpo=Light.UNPROVEN)
        return DatabaseFigures(
            name=name,
            light=lights.lowest,
            lights=lights,
            exposure=exposure,
            target=target,
            is_met=is_met,
            covered=None if lights.rpo is Light.PROVEN else self._covered(name, target),
            total=seen.collections,
            objectives=objectives,
            freshness=freshness,
            restore=self.restore(_work_in(self.facts.newest, name)),
            observed=self._observed_of(name, holding, seen.first_seen, target.age),
        )

    def summary(self, databases: Sequence[DatabaseFigures]) -> _Summary:
        """Take the worst of each; what nobody listed counts as unprotected."""
        protected = any(not d.exposure.is_unprotected for d in databases)
        certain = self.facts.listing.is_certain and protected
        nothing = Exposure(max(self.now - self.facts.since, timedelta(0)), None)
        fallback = self._freshness((), self.objectives(WHOLE))
        return _Summary(
            lights=Lights(
                rpo=lowest(*(d.lights.rpo for d in databases)) if certain else Light.EXPOSED,
                evidence=self._evidence_light(databases),
                keys=Light.PROVEN if self.facts.is_escrowed else Light.UNPROVEN,
            ),
            exposure=databases[0].exposure if certain else nothing,
            target=databases[0].target if certain else self.target(WHOLE),
            freshness=max(
                (d.freshness for d in databases if d.freshness.age is not None),
                key=lambda f: f.age or timedelta(0),
                default=fallback,
            ),
            observed=self._worst_observed(databases),
        )

    def restore(self, work: Work | None) -> RestoreEstimate:
        """Return T for some work; None for work that nobody knows."""
        if work is None:
            return RestoreEstimate(None, why_unknown="there is no backup of it to tell from")
        return restore_estimate(work, self.facts.measured, self.facts.targets, self.now)

    def rpo_days(self) -> tuple[RpoPoint, ...]:
        """Return the worst exposure of each day over all databases."""
        if not self.facts.listing.databases:
            return ()
        worst: dict[date, timedelta | None] = {}
        start = self._period(self.facts.since).start
        sets = {self._ids(d.name): d.name for d in self.facts.listing.databases}
        for ids, name in sets.items():
            for point in self._history(name, ids, start).by_day(self.zone):
                held = worst.get(point.day, timedelta(0))
                if held is None or point.worst is None:
                    worst[point.day] = None
                else:
                    worst[point.day] = max(held, point.worst)
        return tuple(RpoPoint(day, worst[day]) for day in sorted(worst))

    def reasons(self, summary: _Summary, databases: Sequence[DatabaseFigures]) -> tuple[str, ...]:
        """Say why the light is not green."""
        found = []
        if summary.exposure.is_unprotected and not any(g.newest_at for g in self._whole()):
            found.append("no complete backup of the whole deployment exists")
        elif summary.exposure.is_unprotected:
            found.append("a database is in no complete backup")
        elif summary.lights.rpo is not Light.PROVEN:
            found.append("the newest data that can be restored are older than the objective")
        newest = self.facts.newest
        if newest is not None and newest.failed_evidence:
            found.append("the last verification of the newest backup failed")
        elif self.disproofs:
            found.append("the last recovery on trial found something wrong")
        untried, is_amber = untried_of(databases), summary.lights.evidence is Light.UNPROVEN
        if self.facts.groups and (is_amber or untried or not summary.freshness.is_fresh):
            found.append(_why_not_fresh(summary.freshness, untried))
        if self.facts.groups and not self.facts.is_escrowed:
            found.append("no recovery kit with the present keys is known to be stored")
        return tuple(found)

    # --- inside --------------------------------------------------------------------------

    def _evidence_light(self, databases: Sequence[DatabaseFigures]) -> Light:
        newest = self.facts.newest
        if self.disproofs or (newest is not None and newest.failed_evidence is not None):
            return Light.EXPOSED
        return lowest(*(d.lights.evidence for d in databases)) if databases else Light.UNPROVEN

    def _whole(self) -> list[Group]:
        return [g for g in self.facts.groups if g.cover.is_deployment]

    def _holding(self, database: str) -> list[Group]:
        return [g for g in self.facts.groups if g.cover.holds(database)]

    def _ids(self, database: str) -> tuple[GroupId, ...]:
        return tuple(g.group_id for g in self._holding(database))

    def _moments(self, ids: Iterable[GroupId]) -> list[Moment]:
        return [m for group_id in ids for m in self.facts.moments.get(group_id, ())]

    def _freshness(self, holding: Iterable[Group], objectives: Objectives) -> Freshness:
        evidence = (e for g in holding for e in self.facts.trials.get(g.group_id, ()))
        allowed = objectives.evidence_age
        return freshness_of(evidence, self.now, FRESH_EVIDENCE if allowed is None else allowed)

    def _covered(self, database: str, target: RpoTarget) -> int:
        """Count the collections that backups within the objective hold with all documents."""
        held: set[str] = set()
        for group in self.facts.groups:
            found = group.cover.of(database)
            is_recent = group.newest_at is not None and self.now - group.newest_at <= target.age
            if found is not None and is_recent:
                held.update(found.collections)
        return len(held)

    def _period(self, since: datetime) -> Span:
        return Span(min(self.now, max(self.now - PERIOD, since)), self.now)

    def _observed_of(
        self, name: str, holding: Sequence[Group], since: datetime, target: timedelta
    ) -> Observed:
        period = self._period(since)
        ids = tuple(g.group_id for g in holding)
        key = (ids, period.start, target)
        if key not in self._observed:
            self._observed[key] = self._history(name, ids, period.start).observed(target)
        return self._observed[key]

    def _history(self, name: str, ids: tuple[GroupId, ...], start: datetime) -> History:
        """Return what could be restored of a database; shared where the same backups hold it."""
        spans = self.facts.captured.of(name)
        key = (ids, start, spans)
        if key not in self._histories:
            period = Span(start, self.now)
            self._histories[key] = History(self._moments(ids), spans, period)
        return self._histories[key]

    def _worst_observed(self, databases: Sequence[DatabaseFigures]) -> Observed:
        period = self._period(self.facts.since)
        if not databases:
            return Observed(period, period.end - period.start, 0.0)
        shares = [s for d in databases if (s := d.observed.availability) is not None]
        return Observed(
            min((d.observed.period for d in databases), key=lambda p: p.start),
            max(d.observed.worst_gap for d in databases),
            min(shares, default=None),
        )


def _disproofs(facts: ProfileFacts, now: datetime) -> tuple[EvidenceFact, ...]:
    """Return trials that failed; each database, and each keeper, is made good by itself."""
    keepers = {VaultId(kept.keeper) for kept in facts.elsewhere}
    own = [g for g in facts.groups if g.vault_id not in keepers]
    ways = {tuple(g.group_id for g in own)}
    for database in facts.listing.databases:
        ways.add(tuple(g.group_id for g in own if g.cover.holds(database.name)))
    ways |= {(g.group_id,) for g in facts.groups if g.vault_id in keepers}
    held = ([e for group in way for e in facts.evidence.get(group, ())] for way in ways)
    found = {e for way in held for e in disproofs_of(way, now)}
    return tuple(sorted(found, key=lambda e: (e.finished_at, e.backup), reverse=True))


def _why_not_fresh(freshness: Freshness, untried: Sequence[str]) -> str:
    if freshness.age is None:
        return "no backup was ever restored on trial"
    if freshness.is_fresh and untried:
        return f"no backup with {', '.join(untried)} was ever restored on trial"
    days = freshness.allowed // timedelta(days=1)
    allowed = counted(days, "day") if days else duration_text(freshness.allowed)
    return f"a backup was last restored on trial more than {allowed} ago"


def _worst_first(database: DatabaseFigures) -> tuple[int, bool, timedelta, str]:
    exposure = database.exposure
    return (
        database.light.rank,
        not exposure.is_unprotected,
        -exposure.age,
        database.name,
    )


def _work_of(record: BackupRecord | None) -> Work | None:
    if record is None:
        return None
    entries = sum(c.index_entries for c in record.contents)
    return Work(record.stored_bytes, record.plain_bytes, record.documents, entries)


def _work_in(record: BackupRecord | None, database: str) -> Work | None:
    """Return the work of one database; that of all where its share is not known."""
    if record is None:
        return None
    if not record.contents:
        return _work_of(record) if record.databases == (database,) else None
    for content in record.contents:
        if content.name == database:
            return _work(content)
    return None


def _work(content: DatabaseContent) -> Work:
    return Work(content.stored_bytes, content.plain_bytes, content.documents, content.index_entries)


def _own_restores(facts: ProfileFacts) -> tuple[MeasuredRestore, ...]:
    own = [m for m in facts.measured if m.target in facts.targets]
    return tuple(sorted(own, key=lambda m: m.ended_at))


def _look(record: BackupRecord | None) -> Look | None:
    if record is None:
        return None
    return Look(frozenset(record.databases), record.plain_bytes, record.server_version)
