"""How snapshots and what was looked at before them are printed."""

from mangrove.cli.output import Block, Facts, Table, clipped
from mangrove.core.explain import size_text
from mangrove.core.snapshots.preflight import Preflight, Weight
from mangrove.core.snapshots.snapshot import LockUse, Snapshot

COLUMNS = ("snapshot", "profile", "with", ">size", "locked", "stands at", "proof", "pin")
SHOWN_PROFILE, SHOWN_PROOF = 12, 24
_MARKS = {Weight.GOOD: "ok", Weight.NOTE: "note", Weight.WARNING: "warn", Weight.STOP: "STOP"}


def row_of(snapshot: Snapshot) -> tuple[str, ...]:
    """Return a snapshot as a row of ``snapshot list``."""
    return (
        snapshot.snapshot,
        clipped(snapshot.profile_name, SHOWN_PROFILE),
        snapshot.provider.value,
        size_text(snapshot.used_bytes),
        locked_text(snapshot),
        stands_text(snapshot),
        clipped(proof_text(snapshot), SHOWN_PROOF),
        "" if snapshot.pin is None else "pinned",
    )


def locked_text(snapshot: Snapshot) -> str:
    """Say how long writes waited."""
    if snapshot.lock is LockUse.NO_LOCK:
        return "no lock"
    return f"{snapshot.locked_for.total_seconds():.2f} s" if snapshot.locked_for else "unknown"


def stands_text(snapshot: Snapshot) -> str:
    """Say at which entry of the oplog it stands."""
    if snapshot.consistent_at is None:
        return "unknown"
    return f"{snapshot.consistent_at.at:%Y-%m-%d %H:%M:%S} ({snapshot.consistent_at})"


def proof_text(snapshot: Snapshot) -> str:
    """Say what is known of its soundness."""
    check = snapshot.last_check
    if snapshot.problem:
        return snapshot.problem
    if check is None:
        return "never verified"
    return "opened and validated" if check.passed else "FAILED"


def snapshot_facts(snapshot: Snapshot) -> Facts:
    """Return everything known of one snapshot."""
    check = snapshot.last_check
    pairs = [
        ("snapshot", str(snapshot.snapshot)),
        ("profile", snapshot.profile_name),
        ("server", f"{snapshot.node}, MongoDB {snapshot.server.version_text}"),
        ("machine", snapshot.place),
        ("taken", f"{snapshot.taken_at:%Y-%m-%d %H:%M:%S} UTC with {snapshot.provider}"),
        ("writes waited", locked_text(snapshot)),
        ("stands at", stands_text(snapshot)),
        ("read from", "the snapshot itself" if snapshot.is_read_back else "the server"),
        ("size", size_text(snapshot.used_bytes)),
        ("data folder", snapshot.dbpath),
        *(("lies in", part.name) for part in snapshot.parts),
        ("proof", proof_text(snapshot)),
    ]
    if check is not None:
        pairs.append(("verified", f"{check.finished_at:%Y-%m-%d %H:%M:%S} UTC"))
        pairs += [("found", f"{f.subject}: {f.problem}") for f in check.findings]
    if snapshot.pin is not None:
        pairs.append(("pin", snapshot.pin or "yes"))
    return Facts(tuple(pairs))


def snapshot_document(snapshot: Snapshot) -> dict[str, object]:
    """Return a snapshot as ``--json`` prints it."""
    return {
        "snapshot": snapshot.snapshot,
        "profile": snapshot.profile_name,
        "node": snapshot.node,
        "machine": snapshot.ssh.address if snapshot.ssh else None,
        "provider": snapshot.provider,
        "parts": snapshot.parts,
        "dbpath": snapshot.dbpath,
        "server": snapshot.server,
        "taken_at": snapshot.taken_at,
        "lock": snapshot.lock,
        "locked_seconds": snapshot.locked_for,
        "consistent_at": snapshot.consistent_at,
        "read_back": snapshot.is_read_back,
        "data_at": snapshot.data_at,
        "used_bytes": snapshot.used_bytes,
        "pin": snapshot.pin,
        "problem": snapshot.problem or None,
        "checks": snapshot.checks,
    }


def preflight_document(checked: Preflight) -> dict[str, object]:
    """Return what was looked at as ``--json`` prints it."""
    return {
        "node": checked.node.node,
        "machine": checked.machine.name,
        "dbpath": checked.node.dbpath,
        "provider": checked.provider,
        "lock_is_needless": checked.lock_is_needless,
        "used_bytes": checked.machine.used_bytes,
        "volumes": checked.volumes,
        "findings": checked.findings,
        "may_go_on": not checked.stops,
    }


def preflight_blocks(checked: Preflight) -> list[Block]:
    """Return what was looked at as text."""
    rows = tuple(
        (_MARKS[f.weight], f.subject, f.text + (f" ({f.hint})" if f.hint else ""))
        for f in checked.findings
    )
    stops = len(checked.stops)
    provider = checked.provider.value if checked.provider else "nothing"
    end = (
        f"A snapshot of {checked.node.node} with {provider} would be refused."
        if stops
        else f"A snapshot of {checked.node.node} with {provider} can be taken."
    )
    return [Table(("", "what", "found"), rows), end]
