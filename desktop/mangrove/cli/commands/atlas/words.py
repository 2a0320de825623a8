"""What the commands about Atlas print: tables, facts and documents."""

from datetime import UTC, datetime

from mangrove.cli.output import Facts, Table
from mangrove.core.atlas.account import AtlasAccount
from mangrove.core.atlas.cluster import Wish
from mangrove.core.atlas.link import Located
from mangrove.core.atlas.restore import AtlasRestoreJob, JobState
from mangrove.core.atlas.snapshot import AtlasSnapshot
from mangrove.core.atlas.windows import Continuous
from mangrove.core.explain import duration_text, size_text
from mangrove.core.wording import counted
from mangrove.services.atlas.schedules import ScheduleView

EVERYTHING = "everything that Atlas' backups offer"


def account_document(account: AtlasAccount) -> dict[str, object]:
    """Return an account; never its secret."""
    return {
        "name": account.name,
        "sign_in": account.sign_in,
        "user": account.user,
        "url": account.url,
        "created_at": account.created_at,
    }


def cluster_document(place: Located) -> dict[str, object]:
    """Return a cluster with what it does not allow."""
    cluster = place.cluster
    return {
        "name": cluster.name,
        "project": place.project.name,
        "project_id": place.project.project_id,
        "account": place.account.name,
        "tier": cluster.tier,
        "shape": cluster.shape,
        "size": cluster.size,
        "version": cluster.version,
        "state": cluster.state,
        "backups": cluster.has_backups,
        "continuous": cluster.has_continuous,
        "hosts": cluster.hosts,
        "regions": cluster.regions,
        "not_possible": {wish: cluster.why_not(wish) for wish in Wish if cluster.why_not(wish)},
    }


def clusters_table(places: tuple[Located, ...]) -> Table:
    """Return clusters as a list."""
    rows = tuple(
        (
            p.text,
            p.cluster.describe,
            p.cluster.version,
            "yes" if p.cluster.has_backups else "off",
            "yes" if p.cluster.has_continuous else "no",
            p.cluster.state.lower(),
        )
        for p in places
    )
    columns = ("cluster", "kind", "version", "snapshots", "any second", "state")
    return Table(columns, rows, "no cluster that the account may see")


def cluster_facts(place: Located) -> Facts:
    """Return one cluster, and what it does not allow."""
    cluster = place.cluster
    regions = ", ".join(f"{r.provider} {r.name}" for r in cluster.regions)
    limits = tuple((" " if n else "not possible", text) for n, text in enumerate(cluster.limits))
    return Facts(
        (
            ("cluster", f"{place.text}, {cluster.describe}"),
            ("server", f"MongoDB {cluster.version}, {cluster.state.lower()}"),
            ("regions", regions or "unknown"),
            ("snapshots", "yes" if cluster.has_backups else "turned off"),
            ("any second", "yes" if cluster.has_continuous else "no"),
            ("account", place.account.name),
            *(limits or (("possible", EVERYTHING),)),
        )
    )


def snapshot_document(snapshot: AtlasSnapshot) -> dict[str, object]:
    """Return a snapshot."""
    return {
        "snapshot": snapshot.snapshot_id,
        "state": snapshot.state,
        "created_at": snapshot.created_at,
        "expires_at": snapshot.expires_at,
        "origin": snapshot.origin,
        "on_demand": snapshot.is_on_demand,
        "bytes": snapshot.size_bytes or None,
        "version": snapshot.version,
        "description": snapshot.description,
        "parts": snapshot.parts,
        "copies": snapshot.copies,
    }


def snapshots_table(snapshots: tuple[AtlasSnapshot, ...], now: datetime) -> Table:
    """Return snapshots as a list."""
    rows = tuple(
        (
            s.snapshot_id,
            moment_text(s.created_at) or s.state,
            s.origin,
            "ready" if s.is_usable else _STATES.get(s.state, s.state),
            size_text(s.size_bytes) if s.size_bytes else "",
            _left(s, now),
            s.description,
        )
        for s in snapshots
    )
    columns = ("snapshot", "taken", "from", "state", ">size", "stays", "description")
    return Table(columns, rows, "no snapshot")


def job_document(job: AtlasRestoreJob) -> dict[str, object]:
    """Return a restore; the addresses of a download are as good as the data, and left out."""
    return {
        "job": job.job_id,
        "state": job.state,
        "delivery": job.delivery,
        "from": job.origin,
        "snapshot": job.snapshot,
        "point": job.point.text if job.point else None,
        "target_cluster": job.target_cluster or None,
        "target_project_id": job.target_project or None,
        "parts": job.parts,
        "created_at": job.created_at,
        "finished_at": job.finished_at,
        "expires_at": job.expires_at,
        "documents_done": job.documents_done or None,
        "documents_total": job.documents_total or None,
        "download_ready": job.is_ready_download,
        "problem": job.problem,
    }


def jobs_table(jobs: tuple[AtlasRestoreJob, ...]) -> Table:
    """Return restores as a list."""
    rows = tuple(
        (
            job.job_id,
            moment_text(job.created_at),
            ", ".join(job.parts) or "whole cluster",
            job.origin,
            job.destination,
            _job_state(job),
        )
        for job in jobs
    )
    return Table(("job", "begun", "what", "from", "to", "state"), rows, "no restore yet")


def schedule_document(view: ScheduleView) -> dict[str, object]:
    """Return a schedule with its estimate."""
    schedule = view.schedule
    pairs = zip(schedule.items, view.estimate.by_item, strict=True)
    return {
        "time_utc": f"{schedule.hour:02}:{schedule.minute:02}",
        "restore_window_days": schedule.restore_window_days,
        "next_at": schedule.next_at,
        "items": [
            {"written": i.as_written, "sentence": i.describe, "estimated_snapshots": count}
            for i, count in pairs
        ],
        "copies": [
            {
                "provider": c.provider,
                "region": c.region,
                "frequencies": c.frequencies,
                "oplog": c.copies_oplog,
            }
            for c in schedule.copies
        ],
        "estimated_snapshots": view.estimate.total,
        "broken_rules": [b.sentence for b in view.broken],
        "compliance_policy": view.compliance is not None,
    }


def schedule_blocks(view: ScheduleView) -> tuple[Table, Facts]:
    """Return a schedule as a person reads it."""
    schedule = view.schedule
    pairs = zip(schedule.items, view.estimate.by_item, strict=True)
    rows = tuple((i.as_written, i.describe, f"{count:,}") for i, count in pairs)
    table = Table(("line", "means", ">snapshots"), rows, "no line")
    days = schedule.restore_window_days
    copies = tuple(("copies", c.describe) for c in schedule.copies)
    facts = (
        ("in all", f"about {counted(view.estimate.total, 'snapshot')}, once it has run so long"),
        ("time", schedule.time_text),
        ("any second", f"of the last {counted(days, 'day')}" if days else "no"),
        ("next", moment_text(schedule.next_at) or "unknown"),
        *(copies or (("copies", "none"),)),
        ("compliance", "a policy binds this project" if view.compliance else "no policy"),
        *(("broken rule", b.sentence) for b in view.broken),
    )
    return table, Facts(facts)


def reach_lines(reach: Continuous) -> tuple[str, ...]:
    """Say which seconds can be restored, and which not."""
    if reach.why_none:
        return (f"Only snapshots can be restored: {reach.why_none}.",)
    windows = tuple(
        f"any second from {moment_text(w.start)} to {moment_text(w.end)}" for w in reach.windows
    )
    gaps = tuple(
        f"not from {moment_text(g.start)} to {moment_text(g.end) or 'now'}: {g.reason}"
        for g in reach.gaps
    )
    return (*windows, *gaps)


def moment_text(at: datetime | None) -> str:
    """Write a moment; "" for none."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at else ""


def _left(snapshot: AtlasSnapshot, now: datetime) -> str:
    left = snapshot.keeps_for(now)
    return f"{duration_text(left)} more" if left is not None else "unknown"


def _job_state(job: AtlasRestoreJob) -> str:
    if job.is_ready_download:
        return f"ready to fetch until {moment_text(job.expires_at)}".removesuffix(" until ")
    if job.state is JobState.RUNNING and job.documents_total:
        return f"running, {job.documents_done / job.documents_total:.0%}"
    return str(job.state)


_STATES = {"inProgress": "being taken", "queued": "queued", "failed": "failed"}
