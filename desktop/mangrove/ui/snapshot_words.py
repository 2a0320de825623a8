"""The window's words for filesystem snapshots."""

from PySide6.QtCore import QCoreApplication

from mangrove.core.snapshots.preflight import Weight
from mangrove.core.snapshots.snapshot import LockUse, Snapshot
from mangrove.ui.theme.tokens import Tone

WEIGHT_TONES = {
    Weight.GOOD: Tone.PROVEN,
    Weight.NOTE: Tone.NEUTRAL,
    Weight.WARNING: Tone.UNPROVEN,
    Weight.STOP: Tone.EXPOSED,
}


def locked_words(snapshot: Snapshot) -> str:
    """Say how long writes waited."""
    if snapshot.lock is LockUse.NO_LOCK:
        return _tr("no lock")
    if snapshot.locked_for is None:
        return _tr("unknown")
    return _tr("{seconds} s").format(seconds=f"{snapshot.locked_for.total_seconds():.2f}")


def proof_words(snapshot: Snapshot) -> str:
    """Say in a word or two what is known of its soundness."""
    if snapshot.problem:
        return _tr("not whole")
    check = snapshot.last_check
    if check is None:
        return _tr("not verified")
    return _tr("validated") if check.passed else _tr("failed")


def proof_rank(snapshot: Snapshot) -> int:
    """Return where it stands among others by what ``proof_words`` says of it, the best first."""
    check = snapshot.last_check
    if snapshot.problem:
        return 3
    return 1 if check is None else 0 if check.passed else 2


def proof_tone(snapshot: Snapshot) -> Tone:
    """Return how that is drawn."""
    check = snapshot.last_check
    if snapshot.problem or (check is not None and not check.passed):
        return Tone.EXPOSED
    return Tone.UNPROVEN if check is None else Tone.PROVEN


def stands_words(snapshot: Snapshot) -> str:
    """Say at which entry of the oplog it stands."""
    at = snapshot.consistent_at
    if at is None:
        return _tr("not known yet; verifying reads it from the snapshot")
    where = _tr("read from the snapshot") if snapshot.is_read_back else _tr("as the server said")
    return f"{at.at:%Y-%m-%d %H:%M:%S} UTC ({at}), {where}"


def _tr(words: str) -> str:
    return QCoreApplication.translate("SnapshotWords", words)
