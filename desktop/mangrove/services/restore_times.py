"""What restores to a deployment took so far: the evidence for how long the next one will take."""

from collections.abc import Callable

from mangrove.core.figures.facts import BackupFacts
from mangrove.core.figures.restore_estimate import measured_by
from mangrove.core.ports.figures import RunFacts
from mangrove.core.restores.forecast import Measured

_MOST_TRIALS = 200


class RestoreTimes:
    """Reads the history of runs and the evidence of trial restores."""

    def __init__(self, runs: RunFacts, backups: Callable[[], BackupFacts]) -> None:
        self._runs = runs
        self._backups = backups

    def of(self, profile: str) -> tuple[Measured, ...]:
        """Return every whole restore, copy and trial restore into a deployment."""
        held = self._backups().test_restores(_MOST_TRIALS).values()
        trials = (measured_by(trial) for facts in held for trial in facts)
        return tuple(
            Measured(m.kind, m.plain_bytes, m.took, m.ended_at)
            for m in (*self._runs.restores(), *trials)
            if m.target == profile
        )
