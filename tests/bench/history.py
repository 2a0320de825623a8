"""Makes the files of a workstation that has backed up many deployments for years.

By hand, with all of it: ``python -m bench.history /tmp/years 20 1095`` and then ``… --measure``.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fakes.sample_figures import a_backup, a_proof, whole
from fakes.secrets import MemorySecrets
from mangrove.app.container import Parts, open_services
from mangrove.app.paths import AppPaths, app_paths
from mangrove.connectors.state.codec import encoded
from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.jobs import SqliteJobs
from mangrove.connectors.state.profiles import SqliteProfiles
from mangrove.connectors.state.vaults import SqliteVaults
from mangrove.core.backup import Compression
from mangrove.core.backup_record import BackupRecord
from mangrove.core.jobs.job import Firing, FiringState, Job, JobId, JobKind
from mangrove.core.jobs.schedule import parse_schedule
from mangrove.core.ports.clock import Clock
from mangrove.core.profile import Colour, Profile, ProfileId
from mangrove.core.run import RunId, RunKind, RunState, RunStatus
from mangrove.core.uri import parse_uri
from mangrove.core.vaults.vault import VaultId, VaultSpec
from mangrove.core.verification import Level
from mangrove.vault.catalog.sqlite import SqliteCatalog

NOW = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
DATABASES = ("billing", "catalog", "crm", "shop", "stats")
VAULTS = (VaultId("v1"), VaultId("v2"))
PROVEN_EVERY = 24 * 7


class FixedClock(Clock):
    """Says the same moment always."""

    def now(self) -> datetime:
        return NOW

    def monotonic_s(self) -> float:
        return time.monotonic()

    def zone_name(self) -> str:
        return "Europe/Berlin"


def paths_of(home: Path) -> AppPaths:
    """Return the folders of a workstation under one folder."""
    return app_paths({"MANGROVE_HOME": str(home)})


def make(home: Path, profiles: int, days: int) -> AppPaths:
    """Fill catalog and state: hourly backups, their runs, and the firings of their jobs."""
    paths = paths_of(home)
    paths.ensure()
    with closing(SqliteCatalog.open(paths.catalog)) as catalog:
        for index, vault in enumerate(VAULTS):
            mine = range(index, profiles, len(VAULTS))
            catalog.replace_vault(vault, (r for n in mine for r in _records(n, vault, days)))
    with closing(StateDatabase.open(paths.state)) as database:
        _save_definitions(database, profiles, days)
        with database.writing() as connection:
            for number in range(profiles):
                connection.executemany(
                    "INSERT INTO runs (run_id, state, created_at, owner_pid, owner_birth, value)"
                    " VALUES (?, ?, ?, 0, '', ?)",
                    _runs(number, days),
                )
                connection.executemany(
                    "INSERT INTO firings (job_id, begun_at, state, owner_pid, owner_birth, value)"
                    " VALUES (?, ?, ?, 0, '', ?)",
                    _firings(number, days),
                )
    return paths


def measure(paths: AppPaths) -> tuple[float, float, int]:
    """Return processor seconds of the first and of the second overview, and its backups."""
    with open_services(paths, Parts(MemorySecrets(), FixedClock())) as services:
        begin = time.process_time()
        overview = services.figures.overview()
        first = time.process_time()
        services.figures.overview()
        return first - begin, time.process_time() - first, overview.backups


def _hours(days: int) -> Iterator[datetime]:
    start = NOW.replace(minute=0) - timedelta(days=days)
    return (start + n * HOUR for n in range(days * 24))


def _records(number: int, vault: VaultId, days: int) -> Iterator[BackupRecord]:
    cover = whole(*DATABASES)
    for count, at in enumerate(_hours(days)):
        size = 10**9 + count * 10**5
        record = a_backup(at, slug=f"p{number}", vault=vault, cover=cover, stored_bytes=size)
        proofs = [a_proof(at + HOUR, Level.DECODED)] if count % 24 == 0 else []
        if count % PROVEN_EVERY == 0:
            proofs.append(a_proof(at + 2 * HOUR))
        yield replace(record, evidence=tuple(proofs))


def _runs(number: int, days: int) -> Iterator[tuple[str, str, str, str]]:
    status = RunStatus(
        RunId("#"), RunKind.BACKUP, "Back up", f"p{number}", "v1", None, RunState.SUCCEEDED, NOW
    )
    moment = encoded(status).split('"created_at":"', 1)[1].split('"', 1)[0]
    text = encoded(status)
    for count, at in enumerate(_hours(days)):
        created = at.isoformat(timespec="microseconds")
        state = RunState.FAILED if count % 500 == 499 else RunState.SUCCEEDED
        value = text.replace(moment, created).replace("succeeded", state).replace("#", f"r{count}")
        yield f"r{number}-{count}", state, created, value


def _firings(number: int, days: int) -> Iterator[tuple[str, str, str, str]]:
    job = JobId(f"j{number}")
    sample = Firing(job, NOW, NOW, FiringState.SUCCEEDED, NOW)
    text, moment = encoded(sample), NOW.isoformat()
    for at in _hours(days):
        begun = at.isoformat(timespec="microseconds")
        yield job, begun, FiringState.SUCCEEDED, text.replace(moment, begun)


def _save_definitions(database: StateDatabase, profiles: int, days: int) -> None:
    created_at = NOW - timedelta(days=days)
    for vault in VAULTS:
        spec = VaultSpec(
            vault,
            vault,
            f"file:///nowhere/{vault}",
            ("age1x",),
            "RW",
            Compression.ZSTD,
            "",
            created_at,
        )
        SqliteVaults(database).save(spec)
    for number in range(profiles):
        uri = parse_uri(f"mongodb://db{number}.example.net").uri
        profile_id = ProfileId(f"id{number}")
        profile = Profile(
            profile_id, f"p{number}", f"p{number}", uri, None, None, Colour.GREY, created_at
        )
        SqliteProfiles(database).save(profile)
        schedule = parse_schedule(f"{number % 60} * * * *", "Europe/Berlin")
        job = Job(
            JobId(f"j{number}"),
            f"hourly {number}",
            JobKind.BACKUP,
            schedule,
            VAULTS[number % len(VAULTS)],
            created_at,
            profile_id,
        )
        SqliteJobs(database).save(job)


def main() -> None:
    """Make the files, or measure those that are there."""
    home = Path(sys.argv[1])
    if sys.argv[2] == "--measure":
        first, second, backups = measure(paths_of(home))
        sys.stdout.write(
            f"{backups:,} backups: {first * 1000:.0f} ms, then {second * 1000:.0f} ms of CPU\n"
        )
    else:
        make(home, int(sys.argv[2]), int(sys.argv[3]))


if __name__ == "__main__":
    main()
