"""Believable runs: some going on, some of every ending, with their logs."""

from datetime import datetime, timedelta

from fakes.sample_data import COLLECTIONS, MB, NOW, RECORDS
from mangrove.core.backup import BackupId
from mangrove.core.run import (
    LogLine,
    Loss,
    NamespaceProgress,
    NamespaceState,
    Phase,
    Problem,
    RunId,
    RunKind,
    RunResult,
    RunState,
    RunStatus,
)

BACKUP_PHASES = (
    Phase.CONNECT,
    Phase.PREFLIGHT,
    Phase.DUMP,
    Phase.REREAD,
    Phase.SIGN,
    Phase.CATALOG,
)
RESTORE_PHASES = (Phase.CONNECT, Phase.PREFLIGHT, Phase.LOAD, Phase.INDEXES, Phase.COMPARE)
VERIFY_PHASES = (Phase.CHECK_STORED, Phase.DECODE, Phase.LOAD, Phase.COMPARE)

_SHARES = (81, 41, 100, 100, 12, 0, 0, 0)


def running_backup(run_id: str = "r-running") -> RunStatus:
    """Return a backup of staging, half way through reading."""
    namespaces = tuple(_progress(c, s) for c, s in zip(COLLECTIONS, _SHARES, strict=True))
    return RunStatus(
        run_id=RunId(run_id),
        kind=RunKind.BACKUP,
        title="Back up staging",
        profile="staging",
        vault="cloud",
        backup=BackupId("20261123T140040Z-staging-91c4"),
        state=RunState.RUNNING,
        created_at=NOW - timedelta(seconds=82),
        started_at=NOW - timedelta(seconds=80),
        phase=Phase.DUMP,
        phases=BACKUP_PHASES,
        note="reading at cluster time 1795010440:1",
        done_bytes=842 * MB,
        total_bytes=1559 * MB,
        documents=1_204_331,
        rate_bytes_per_s=84 * MB,
        remaining=timedelta(seconds=68),
        namespaces=namespaces,
        namespaces_done=2,
        namespaces_total=8,
        owner_pid=4711,
    )


def queued_verify() -> RunStatus:
    """Return a verification that waits for its vault."""
    return RunStatus(
        run_id=RunId("r-queued"),
        kind=RunKind.VERIFY,
        title="Verify the newest backup of reporting",
        profile="reporting",
        vault="cloud",
        backup=RECORDS[3].backup,
        state=RunState.QUEUED,
        created_at=NOW - timedelta(seconds=20),
        phases=VERIFY_PHASES,
        waiting_for="the vault cloud is busy with: Back up staging",
    )


def failed_backup() -> RunStatus:
    """Return last night's failed backup of production."""
    at = NOW.replace(hour=2, minute=0)
    return _ended(
        "r-failed",
        RunKind.BACKUP,
        "Back up production",
        ("production", "office-nas"),
        (at, 41),
        RunState.FAILED,
        problem=Problem(
            "storage-full",
            "the folder /srv/backups/mongo has no space left; the unfinished backup was removed",
            "free at least 400 MB there",
        ),
        phase=Phase.DUMP,
    )


def restore_with_losses() -> RunStatus:
    """Return a restore that could not insert every document."""
    result = RunResult(
        summary="8 collections with 4,112,561 documents are in shop_restored_20261122_101500",
        warnings=("index shop.events.at_1 was built with a longer name",),
        losses=(
            Loss(
                "shop.users",
                "the target refused 3 documents: Document failed validation",
                ('{"$oid":"65f1c0a2e4b0a1f2c3d4e5f6"}', '{"$oid":"65f1c0a2e4b0a1f2c3d4e5f7"}'),
                3,
            ),
        ),
        backup=RECORDS[5].backup,
        figures=(("documents", 4_112_561), ("bytes", 1_559.0 * MB), ("seconds", 214)),
        targets=("shop_restored_20261122_101500",),
    )
    return _ended(
        "r-losses",
        RunKind.RESTORE,
        "Restore production into staging",
        ("staging", "office-nas"),
        (NOW - timedelta(days=1, hours=3, minutes=47), 214),
        RunState.SUCCEEDED_WITH_WARNINGS,
        result=result,
        phases=RESTORE_PHASES,
    )


def _history() -> tuple[RunStatus, ...]:
    runs = [failed_backup(), restore_with_losses()]
    for number, row in enumerate(RECORDS[:18]):
        vault = "office-nas" if row.profile_slug == "production" else "cloud"
        result = RunResult(
            summary=f"8 collections with {row.documents:,} documents are stored and re-read",
            backup=row.backup,
            figures=(("documents", row.documents), ("bytes", row.plain_bytes), ("seconds", 74)),
        )
        runs.append(
            _ended(
                f"r-{number}",
                RunKind.BACKUP,
                f"Back up {row.profile_name}",
                (row.profile_name, vault),
                (row.started_at, 74 + number),
                RunState.SUCCEEDED,
                result=result,
            )
        )
    at = NOW - timedelta(days=2, hours=1)
    reporting = ("reporting", "cloud")
    cancelled = ("r-cancelled", RunKind.BACKUP, "Back up reporting", reporting, (at, 12))
    runs.append(_ended(*cancelled, RunState.CANCELLED, phase=Phase.DUMP))
    gone = Problem("run-interrupted", "the process that did this run is gone")
    at = NOW - timedelta(days=4, hours=6)
    interrupted = ("r-gone", RunKind.VERIFY, "Verify production", ("production", ""), (at, 300))
    runs.append(_ended(*interrupted, RunState.INTERRUPTED, phase=Phase.LOAD, problem=gone))
    return tuple(sorted(runs, key=lambda r: r.created_at, reverse=True))


def _ended(  # noqa: PLR0913 - a table row of sample data
    run_id: str,
    kind: RunKind,
    title: str,
    place: tuple[str, str],
    when: tuple[datetime, int],
    state: RunState,
    *,
    result: RunResult | None = None,
    problem: Problem | None = None,
    phase: Phase | None = None,
    phases: tuple[Phase, ...] = BACKUP_PHASES,
) -> RunStatus:
    started_at, seconds = when
    return RunStatus(
        run_id=RunId(run_id),
        kind=kind,
        title=title,
        profile=place[0],
        vault=place[1],
        backup=result.backup if result else None,
        state=state,
        created_at=started_at,
        started_at=started_at,
        ended_at=started_at + timedelta(seconds=seconds),
        phase=phase or phases[-1],
        phases=phases,
        done_bytes=1559 * MB,
        total_bytes=1559 * MB,
        documents=4_112_564,
        namespaces_done=8 if phase is None else 3,
        namespaces_total=8,
        result=result,
        problem=problem,
    )


def _progress(collection: tuple[str, str, int, int], percent: int) -> NamespaceProgress:
    database, name, documents, size_bytes = collection
    state = (
        NamespaceState.DONE
        if percent == 100
        else NamespaceState.ACTIVE
        if percent
        else NamespaceState.WAITING
    )
    note = "digest 7f3a91c4" if percent == 100 else ""
    done = size_bytes * percent // 100
    return NamespaceProgress(
        f"{database}.{name}", state, done, size_bytes, documents * percent // 100, note
    )


RUNS = (queued_verify(), running_backup(), *_history())

LOG = tuple(
    LogLine(NOW - timedelta(seconds=80 - 4 * n), text)
    for n, text in enumerate(
        (
            "connected to shop: MongoDB 6.0.5, replica set of 3",
            "consistency snapshot: the deployment allows it",
            "8 collections, about 1.6 GB",
            "reading at cluster time 1795010440:1",
            "shop.products: 12,840 documents, digest 7f3a91c4",
            "shop.users: 88,401 documents, digest 1b90ce02",
        )
    )
)
