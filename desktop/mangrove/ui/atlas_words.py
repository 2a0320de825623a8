"""Words and tones for what Atlas keeps and does."""

from PySide6.QtCore import QCoreApplication

from mangrove.core.atlas.cluster import AtlasCluster, Shape, Tier
from mangrove.core.atlas.policy import DAYS, LAST_DAY, MONTHS, PolicyItem
from mangrove.core.atlas.restore import AtlasRestoreJob, Delivery, JobState
from mangrove.core.atlas.snapshot import AtlasSnapshot, Frequency, SnapshotState
from mangrove.ui import text
from mangrove.ui.theme.tokens import Tone

_SNAPSHOT_TONES = {
    SnapshotState.QUEUED: Tone.RUNNING,
    SnapshotState.IN_PROGRESS: Tone.RUNNING,
    SnapshotState.COMPLETED: Tone.PROVEN,
    SnapshotState.FAILED: Tone.EXPOSED,
    SnapshotState.UNKNOWN: Tone.NEUTRAL,
}
_JOB_TONES = {
    JobState.RUNNING: Tone.RUNNING,
    JobState.SUCCEEDED: Tone.PROVEN,
    JobState.FAILED: Tone.EXPOSED,
    JobState.CANCELLED: Tone.NEUTRAL,
    JobState.EXPIRED: Tone.NEUTRAL,
}


def snapshot_tone(snapshot: AtlasSnapshot) -> Tone:
    """Return how a snapshot's state is drawn."""
    return _SNAPSHOT_TONES[snapshot.state]


def snapshot_word(snapshot: AtlasSnapshot) -> str:
    """Say where a snapshot stands."""
    return {
        SnapshotState.QUEUED: _tr("queued"),
        SnapshotState.IN_PROGRESS: _tr("being taken"),
        SnapshotState.COMPLETED: _tr("ready"),
        SnapshotState.FAILED: _tr("failed"),
        SnapshotState.UNKNOWN: _tr("unknown"),
    }[snapshot.state]


def origin_word(snapshot: AtlasSnapshot) -> str:
    """Say where a snapshot comes from."""
    if snapshot.is_on_demand or snapshot.frequency is None:
        return _tr("on demand") if snapshot.is_on_demand else _tr("scheduled")
    return frequency_word(snapshot.frequency)


def frequency_word(frequency: Frequency) -> str:
    """Name a kind of line of a schedule."""
    return {
        Frequency.HOURLY: _tr("hourly"),
        Frequency.DAILY: _tr("daily"),
        Frequency.WEEKLY: _tr("weekly"),
        Frequency.MONTHLY: _tr("monthly"),
        Frequency.YEARLY: _tr("yearly"),
        Frequency.ON_DEMAND: _tr("on demand"),
    }[frequency]


def job_tone(job: AtlasRestoreJob) -> Tone:
    """Return how a restore's state is drawn."""
    return _JOB_TONES[job.state]


def job_word(job: AtlasRestoreJob) -> str:
    """Say where a restore stands."""
    if job.is_ready_download:
        return _tr("ready to fetch")
    if job.state is JobState.RUNNING and job.documents_total:
        share = text.percent(job.documents_done / job.documents_total)
        return _tr("running, {share}").format(share=share)
    return {
        JobState.RUNNING: _tr("running"),
        JobState.SUCCEEDED: _tr("done"),
        JobState.FAILED: _tr("failed"),
        JobState.CANCELLED: _tr("cancelled"),
        JobState.EXPIRED: _tr("expired"),
    }[job.state]


def target_word(job: AtlasRestoreJob) -> str:
    """Say where a restore goes."""
    return _tr("download") if job.delivery is Delivery.DOWNLOAD else job.target_cluster


def cluster_word(cluster: AtlasCluster) -> str:
    """Say what a cluster is in a few words."""
    if cluster.tier is not Tier.DEDICATED:
        return {Tier.FREE: _tr("free"), Tier.FLEX: _tr("Flex")}[cluster.tier]
    shape = _tr("replica set") if cluster.shape is Shape.REPLICA_SET else _tr("sharded")
    return f"{cluster.size}, {shape}" if cluster.size else shape


def places_of(frequency: Frequency) -> tuple[tuple[str, int], ...]:
    """Return the places a line of a schedule can have, with their words."""
    match frequency:
        case Frequency.HOURLY:
            hours = (1, 2, 4, 6, 8, 12)
            every = tuple((_tr("every {n} hours").format(n=n), n) for n in hours[1:])
            return ((_tr("every hour"), 1), *every)
        case Frequency.WEEKLY:
            return tuple((_day(number), number) for number in range(1, 8))
        case Frequency.MONTHLY:
            days = tuple((_tr("on day {n}").format(n=n), n) for n in range(1, 29))
            return ((_tr("on the last day"), LAST_DAY), *days)
        case Frequency.YEARLY:
            return tuple((_month(number), number) for number in range(1, 13))
        case _:
            return ((_tr("every day"), 1),)


def item_words(item: PolicyItem) -> str:
    """Say what a line of a schedule does."""
    return text.sentence(item.describe).rstrip(".")


def _day(number: int) -> str:
    return _tr("on {day}s").format(day=DAYS[number - 1])


def _month(number: int) -> str:
    return _tr("on 1 {month}").format(month=MONTHS[number - 1])


def _tr(words: str) -> str:
    return QCoreApplication.translate("Atlas", words)
