"""What restores to a deployment took so far: the evidence for how long the next one will take."""

from collections.abc import Iterator
from datetime import timedelta

from mangrove.core.forecast import Measured
from mangrove.core.ports import Catalog, RunHistory
from mangrove.core.run import RunKind, RunState, RunStatus
from mangrove.core.verification import Level

_LOOKED_AT = 500
_LOADING = frozenset({RunKind.RESTORE, RunKind.COPY})
_GOOD = frozenset({RunState.SUCCEEDED, RunState.SUCCEEDED_WITH_WARNINGS})


class RestoreTimes:
    """Reads the history of runs and the evidence of trial restores."""

    def __init__(self, runs: RunHistory, catalog: Catalog) -> None:
        self._runs = runs
        self._catalog = catalog

    def of(self, profile: str) -> tuple[Measured, ...]:
        """Return every whole restore, copy and trial restore into a deployment."""
        return (*self._of_runs(profile), *self._of_trials(profile))

    def _of_runs(self, profile: str) -> Iterator[Measured]:
        for run in self._runs.recent(_LOOKED_AT):
            if run.kind in _LOADING and run.profile == profile and run.state in _GOOD:
                yield from _measured(run)

    def _of_trials(self, profile: str) -> Iterator[Measured]:
        for record in self._catalog.all():
            for evidence in record.evidence:
                is_restore = evidence.level.depth >= Level.RESTORED.depth
                if is_restore and evidence.passed and evidence.target == profile:
                    yield Measured(
                        "trial restore", record.plain_bytes, evidence.duration, evidence.finished_at
                    )


def _measured(run: RunStatus) -> Iterator[Measured]:
    """Yield what a run measured; one that lost something was perhaps faster for it."""
    if run.result is None or run.result.losses or run.ended_at is None:
        return
    figures = dict(run.result.figures)
    seconds, plain_bytes = figures.get("seconds", 0.0), int(figures.get("bson_bytes", 0))
    if seconds > 0:
        yield Measured(run.kind.value, plain_bytes, timedelta(seconds=seconds), run.ended_at)
