"""Half a year more for the sample services: what charts are drawn from, and fleets of profiles."""

from dataclasses import replace
from datetime import datetime, timedelta
from math import sin

from fakes.sample_data import CLOUD, MB, NOW, OFFICE_NAS, evidence_summary, profile, record
from fakes.services import FakeServices, sample_services
from mangrove.core.backup_record import BackupRecord
from mangrove.core.figures.compliance import Fired
from mangrove.core.figures.objectives import Objectives
from mangrove.core.figures.restore_estimate import MeasuredRestore
from mangrove.core.jobs.job import FiringState, JobId
from mangrove.core.profile import Colour, Profile
from mangrove.core.verification import EMBEDDED, Level

_DAY = timedelta(days=1)
_QUARTER = timedelta(minutes=15)
_ASLEEP = (NOW.replace(hour=3, minute=10), NOW.replace(hour=6, minute=40))


def rich_services() -> FakeServices:
    """Return services of a workstation that has been used for half a year."""
    fakes = sample_services()
    fakes.backups.rows[:] = sorted(
        map(_developed, [*fakes.backups.rows, *_older()]), key=lambda r: r.started_at, reverse=True
    )
    memory = fakes.figure_memory
    memory.runs.measured += _restores()
    memory.firings.history.update(_firings())
    named = {p.name: p for p in fakes.profiles.rows if isinstance(p, Profile)}
    held = Objectives(rpo=timedelta(hours=1), rto=timedelta(minutes=30))
    memory.objectives.save(named["production"].profile_id, "", held)
    known = memory.sightings.note_databases
    known(named["production"].profile_id, {"billing": 3, "shop": 5}, NOW - 90 * _DAY)
    known(named["production"].profile_id, {"billing": 3, "events": 2, "shop": 5}, NOW - 4 * _DAY)
    return fakes


def fleet_services(number: int = 20) -> FakeServices:
    """Return services with many profiles, in all states."""
    fakes = rich_services()
    colours = list(Colour)
    for place in range(number - 3):
        name = f"tenant-{place + 1:02}"
        uri = f"mongodb://{name}.shop.example:27017"
        fakes.profiles.rows.append(profile(name, uri, colours[place % len(colours)]))
        nights = range(place % 4, 20, 1 + place % 3)
        fakes.backups.rows += [_night(name, place, night) for night in nights]
    fakes.backups.rows.sort(key=lambda r: r.started_at, reverse=True)
    return fakes


def lone_services() -> FakeServices:
    """Return services with one profile in one vault."""
    fakes = rich_services()
    fakes.profiles.rows[:] = [p for p in fakes.profiles.rows if p.name == "production"]
    fakes.vaults.rows[:] = [v for v in fakes.vaults.rows if v.vault_id == OFFICE_NAS]
    fakes.backups.rows[:] = [r for r in fakes.backups.rows if r.profile_slug == "production"]
    return fakes


def _night(name: str, place: int, night: int) -> BackupRecord:
    at = NOW.replace(hour=1, minute=place) - night * _DAY
    made = record(name, CLOUD, at, 300 + 40 * place - night)
    if (night + place) % 5:
        return replace(made, is_whole=True)
    restored = evidence_summary(Level.RESTORED, at + timedelta(hours=2))
    return replace(made, is_whole=True, evidence=(restored, *made.evidence))


def _older() -> list[BackupRecord]:
    """Return what retention left of the months before: a backup a week, then one a month."""
    weeks = [30 + 7 * n for n in range(8)] + [90 + 30 * n for n in range(4)]
    rows = []
    for number, days in enumerate(weeks):
        at = NOW.replace(hour=2, minute=0) - days * _DAY
        rows.append(record("production", OFFICE_NAS, at, 30 - 2 * number))
        if number % 2:
            rows.append(record("staging", CLOUD, at.replace(hour=12), 32 - 2 * number))
    return [_proven(row) if n % 3 == 0 else row for n, row in enumerate(rows)]


def _proven(row: BackupRecord) -> BackupRecord:
    restored = evidence_summary(Level.RESTORED, row.finished_at + timedelta(hours=3))
    return replace(row, is_whole=True, evidence=(restored, *row.evidence))


def _developed(row: BackupRecord) -> BackupRecord:
    """Let production get a database and a newer server three days ago."""
    age = NOW - row.started_at
    if row.profile_slug != "production" or age > 4 * _DAY or not row.is_whole:
        return row
    return replace(
        row,
        databases=("billing", "events", "shop"),
        server_version="7.0.4",
        plain_bytes=row.plain_bytes * 3 // 2,
    )


def _restores() -> list[MeasuredRestore]:
    """Return measured restores of three months; one was slow."""
    made = []
    for number in range(14):
        took = timedelta(seconds=640 + 14 * number + 180 * sin(number * 2.1))
        if number == 8:
            took = timedelta(minutes=41)
        made.append(
            MeasuredRestore(
                target=EMBEDDED if number % 3 else "production",
                kind=("restore", "trial restore", "drill")[number % 3],
                ended_at=NOW - timedelta(days=88 - 6.3 * number),
                took=took,
                stored_bytes=380 * MB,
                plain_bytes=(1_700 + 20 * number) * MB,
                documents=4_100_000,
            )
        )
    return made


def _firings() -> dict[JobId, tuple[Fired, ...]]:
    """Return when the jobs ran: every quarter of an hour but for a night asleep, and nightly."""
    oplog = []
    slot = NOW.replace(minute=0) - 30 * _DAY
    while slot < NOW:
        if not _ASLEEP[0] <= slot < _ASLEEP[1]:
            oplog.append(_fired(slot, slot + timedelta(seconds=4), 20))
        slot += _QUARTER
    nights = []
    for night in range(30):
        at = NOW.replace(hour=1, minute=0) - night * _DAY
        begun = at + timedelta(hours=5, minutes=41) if night in (3, 11) else at
        state = FiringState.FAILED if night == 0 else FiringState.SUCCEEDED
        nights.append(_fired(at, begun, 94, state))
    return {JobId("oplog"): tuple(oplog), JobId("nightly"): tuple(nights)}


def _fired(
    slot: datetime,
    begun: datetime,
    seconds: int,
    state: FiringState = FiringState.SUCCEEDED,
) -> Fired:
    why = "Back up: cannot reach db1.example.net:27017" if state is FiringState.FAILED else ""
    return Fired(slot, begun, begun + timedelta(seconds=seconds), state, why)
