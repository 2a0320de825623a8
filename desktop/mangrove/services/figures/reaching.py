"""Whether a vault's storage answered when it was last tried, by a look at it or by a run."""

from collections.abc import Iterable
from datetime import datetime

from mangrove.core.errors import StorageUnavailableError
from mangrove.core.figures.sightings import VaultSighting
from mangrove.core.run import RunState, RunStatus

_REACHED = (RunState.SUCCEEDED, RunState.SUCCEEDED_WITH_WARNINGS)


def was_reached(name: str, seen: VaultSighting | None, runs: Iterable[RunStatus]) -> bool | None:
    """Return whether the last attempt reached a vault; None when there was none that tells.

    Args:
        name: What the vault is called in runs.
        seen: The last look at its storage.
        runs: Backups and checks; one that failed for another reason tells nothing.
    """
    attempts: list[tuple[datetime, bool]] = []
    if seen is not None:
        attempts.append((seen.seen_at, seen.is_reachable))
    for run in runs:
        is_lost = run.problem is not None and run.problem.code == StorageUnavailableError.code
        if run.vault == name and (is_lost or run.state in _REACHED):
            attempts.append((run.ended_at or run.created_at, not is_lost))
    return max(attempts)[1] if attempts else None
