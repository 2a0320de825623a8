"""The RTO estimate: how long until it is back, from measured restores only, never a guess."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

from mangrove.core.figures.evidence import EvidenceFact
from mangrove.core.restores.forecast import COMPARABLE, TELLING_BYTES, TELLING_TIME
from mangrove.core.verification import EMBEDDED, Level, StepName

HALF_LIFE = timedelta(days=90)
CAREFUL = 0.25
"""T(d) itself takes each rate at its 25th percentile: three of four restores went faster."""

HARDLY_LARGER = 2
"""Of what is at most so many times as large, a run tells however small or short it was."""
_ONLY_ON_TRIAL = frozenset({StepName.ASSERTIONS, StepName.CLEAN_UP})


@dataclass(frozen=True, slots=True)
class Steps:
    """How long the parts of a restore took; None for what was not measured apart.

    Attributes:
        download: Fetch, check and decrypt.
        insert: Write the documents.
        indexes: Build the indexes.
        replay: Replay the oplog.
        verify: Compare what is there with what should be.
    """

    download: timedelta | None = None
    insert: timedelta | None = None
    indexes: timedelta | None = None
    replay: timedelta | None = None
    verify: timedelta | None = None


@dataclass(frozen=True, slots=True)
class MeasuredRestore:
    """One restore that went through without a loss.

    Attributes:
        took: All of it, from finding the way to the comparison; what only a trial needs, as
            starting a throw-away server, is not in it.
        target: The class of target: a deployment's name, or ``embedded``.
        kind: ``restore``, ``copy``, ``trial restore`` or ``drill``.
        index_entries: Entries of secondary indexes built: documents times indexes.
        operations: Replayed from the oplog.
    """

    target: str
    kind: str
    ended_at: datetime
    took: timedelta
    stored_bytes: int
    plain_bytes: int
    documents: int = 0
    index_entries: int = 0
    operations: int = 0
    steps: Steps = Steps()


def measured_by(trial: EvidenceFact) -> MeasuredRestore:
    """Return what a trial restore measured, without the steps that only a trial has."""
    steps = dict(trial.steps)
    extra = _ONLY_ON_TRIAL | ({StepName.SERVER} if trial.target == EMBEDDED else set())
    aside = sum((took for name, took in trial.steps if name in extra), timedelta(0))
    stored = steps.get(StepName.STORED, timedelta(0))
    compare = steps.get(StepName.COMPARE)
    return MeasuredRestore(
        target=trial.target,
        kind="drill" if trial.level is Level.DRILLED else "trial restore",
        ended_at=trial.finished_at,
        took=max(trial.took - aside, timedelta(0)),
        stored_bytes=trial.stored_bytes,
        plain_bytes=trial.plain_bytes,
        documents=trial.documents,
        steps=Steps(
            insert=steps.get(StepName.LOAD),
            indexes=steps.get(StepName.INDEXES),
            replay=steps.get(StepName.REPLAY),
            verify=None if compare is None else stored + compare,
        ),
    )


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be restored."""

    stored_bytes: int
    plain_bytes: int
    documents: int = 0
    index_entries: int = 0
    operations: int = 0


@dataclass(frozen=True, slots=True)
class RestoreEstimate:
    """How long a restore takes, and how that is known; noticing and deciding come on top.

    Attributes:
        expected: T(d); None for *unknown*.
        p50, p90: With the rates of the median restore, and of the slow tenth.
        target: Where those restores went, "" for unknown.
        restores: How many were measured there with this size.
        newest: The newest of them.
        why_unknown: Why there is no figure; "" when there is one.
    """

    expected: timedelta | None
    p50: timedelta | None = None
    p90: timedelta | None = None
    target: str = ""
    restores: int = 0
    newest: MeasuredRestore | None = None
    why_unknown: str = ""

    @property
    def is_known(self) -> bool:
        """Whether anything was measured that tells."""
        return self.expected is not None

    def evidence_age(self, now: datetime) -> timedelta | None:
        """How old the newest measurement is."""
        return now - self.newest.ended_at if self.newest else None

    def meets(self, target: timedelta | None) -> bool | None:
        """Whether T(d) is within an objective; None where either is not known."""
        if target is None or self.expected is None:
            return None
        return self.expected <= target


def restore_estimate(
    work: Work, measured: Iterable[MeasuredRestore], targets: Sequence[str], now: datetime
) -> RestoreEstimate:
    """Return T(d) from restores to one class of target, the first that has any of this size.

    Rates of different targets are never mixed. Each counts with a weight that halves every
    90 days.

    A run counts from a twentieth of the work's size up to twenty times that. For work of more than
    10 MB it must be half as large at least, or hold 10 MB of BSON and have taken 2 s: in tiny runs
    nearly all of the time goes into beginning and ending, which says nothing of large ones.

    Args:
        work: What is to be restored.
        measured: Every restore that went through.
        targets: The classes that count, the one that tells most first.
        now: The moment.
    """
    known = [m for m in measured if m.plain_bytes > 0 and m.took > timedelta(0)]
    if not known:
        return RestoreEstimate(None, why_unknown="no restore was ever measured")
    if work.plain_bytes <= 0:
        return RestoreEstimate(None, why_unknown="nothing is there to be restored")
    for target in targets:
        alike = [m for m in known if m.target == target and _tells_of(m, work)]
        if alike:
            return _estimated(work, alike, target, now)
    there = [m for m in known if m.target in targets]
    why = "no restore of this size was measured" if there else "no restore to it was measured"
    if any(_is_size_class(m, work) for m in there):
        why = "only restores too small to tell were measured"
    return RestoreEstimate(None, why_unknown=why)


def weighted_percentile(pairs: Iterable[tuple[float, float]], share: float) -> float:
    """Return the lowest value at which that share of all weight is reached.

    Args:
        pairs: Values with their weights; at least one.
        share: 0 to 1.
    """
    ordered = sorted(pairs)
    total = sum(weight for _, weight in ordered)
    reached = 0.0
    for value, weight in ordered:
        reached += weight
        if reached >= share * total:
            return value
    return ordered[-1][0]


def _tells_of(measured: MeasuredRestore, work: Work) -> bool:
    is_telling = measured.plain_bytes >= TELLING_BYTES and measured.took >= TELLING_TIME
    is_near = work.plain_bytes <= max(HARDLY_LARGER * measured.plain_bytes, TELLING_BYTES)
    return (is_telling or is_near) and _is_size_class(measured, work)


def _is_size_class(measured: MeasuredRestore, work: Work) -> bool:
    one, other = measured.plain_bytes, work.plain_bytes
    return one <= other * COMPARABLE and other <= one * COMPARABLE


def _estimated(
    work: Work, alike: Sequence[MeasuredRestore], target: str, now: datetime
) -> RestoreEstimate:
    return RestoreEstimate(
        expected=_duration(work, alike, CAREFUL, now),
        p50=_duration(work, alike, 0.5, now),
        p90=_duration(work, alike, 0.1, now),
        target=target,
        restores=len(alike),
        newest=max(alike, key=lambda m: m.ended_at),
    )


def _duration(
    work: Work, alike: Sequence[MeasuredRestore], share: float, now: datetime
) -> timedelta:
    """Return how long it takes; nothing of this size ever went faster than the fastest.

    Steps take time even with next to no data, so that less data alone does not promise less.
    """
    apart = [m for m in alike if m.steps.insert is not None]
    if apart:
        seconds = _sum_of_parts(work, apart, share, now)
    else:
        rate = _rate(alike, lambda m: m.plain_bytes, lambda m: m.took, share, now)
        seconds = work.plain_bytes / rate
    return max(timedelta(seconds=seconds), min(m.took for m in alike))


def _sum_of_parts(
    work: Work, apart: Sequence[MeasuredRestore], share: float, now: datetime
) -> float:
    """Add up the parts that grow with the data, and what else those restores took.

    Trials do not count index entries: then their index builds grow with the documents.
    """
    is_counted = any(m.index_entries for m in apart)
    parts: tuple[tuple[float, _Amount, _Time], ...] = (
        (work.stored_bytes, lambda m: m.stored_bytes, lambda m: m.steps.download),
        (work.documents, lambda m: m.documents, lambda m: m.steps.insert),
        (work.index_entries, lambda m: m.index_entries, lambda m: m.steps.indexes)
        if is_counted
        else (work.documents, lambda m: m.documents, lambda m: m.steps.indexes),
        (work.operations, lambda m: m.operations, lambda m: m.steps.replay),
        (work.plain_bytes, lambda m: m.plain_bytes, lambda m: m.steps.verify),
    )
    growing = sum(
        amount / _rate(apart, amount_of, time_of, share, now)
        for amount, amount_of, time_of in parts
    )
    slowest_first = [(-_rest_s(m, parts), _weight(m, now)) for m in apart]
    return growing - weighted_percentile(slowest_first, share)


def _rest_s(measured: MeasuredRestore, parts: "Iterable[tuple[float, _Amount, _Time]]") -> float:
    """Return the seconds of a restore that none of its parts accounts for."""
    known = (
        took for _, amount, time_of in parts if amount(measured) and (took := time_of(measured))
    )
    return max(0.0, (measured.took - sum(known, timedelta(0))).total_seconds())


_Amount = Callable[[MeasuredRestore], float]
_Time = Callable[[MeasuredRestore], timedelta | None]


def _rate(
    measured: Iterable[MeasuredRestore],
    amount_of: _Amount,
    time_of: _Time,
    share: float,
    now: datetime,
) -> float:
    """Return units per second at a percentile; endless where that part was never measured."""
    pairs = [
        (amount_of(m) / max(took.total_seconds(), 1e-6), _weight(m, now))
        for m in measured
        if (took := time_of(m)) is not None and amount_of(m) > 0
    ]
    return weighted_percentile(pairs, share) if pairs else inf


def _weight(measured: MeasuredRestore, now: datetime) -> float:
    age = max(now - measured.ended_at, timedelta(0))
    return float(0.5 ** (age / HALF_LIFE))
