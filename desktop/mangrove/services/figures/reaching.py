"""Whether a vault's storage answered when it was last tried, by a look at it or by a run."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from mangrove.core.errors import StorageUnavailableError
from mangrove.core.figures.sightings import VaultSighting
from mangrove.core.ports.figures import RunFacts
from mangrove.core.run import RunKind, RunState, RunStatus
from mangrove.core.vaults.vault import VaultSpec

_REACHED = (RunState.SUCCEEDED, RunState.SUCCEEDED_WITH_WARNINGS)
_AT_THE_VAULT = (RunKind.PRUNE, RunKind.REWRAP, RunKind.IMPORT)
_AT_ANY_COPY = (RunKind.RESTORE, RunKind.VERIFY, RunKind.DRILL, RunKind.EXPORT)
"""They read the nearest copy, so that with mirrors their success says nothing of the vault."""


def other_attempts(runs: RunFacts) -> Iterator[RunStatus]:
    """Yield the newest runs, besides backups and checks, that needed a vault."""
    for kind in (*_AT_THE_VAULT, *_AT_ANY_COPY):
        yield from runs.newest(kind)


def was_reached(
    spec: VaultSpec, seen: VaultSighting | None, runs: Iterable[RunStatus]
) -> bool | None:
    """Return whether the last attempt reached a vault; None when there was none that tells.

    Args:
        spec: The vault.
        seen: The last look at its storage.
        runs: What needed vaults; one that failed for another reason tells nothing.
    """
    attempts: list[tuple[datetime, bool]] = []
    if seen is not None:
        attempts.append((seen.seen_at, seen.is_reachable))
    for run in runs:
        is_lost = run.problem is not None and run.problem.code == StorageUnavailableError.code
        if run.vault == spec.name and (is_lost or _did_reach(run, spec)):
            attempts.append((run.ended_at or run.created_at, not is_lost))
    return max(attempts)[1] if attempts else None


def _did_reach(run: RunStatus, spec: VaultSpec) -> bool:
    return run.state in _REACHED and not (spec.mirrors and run.kind in _AT_ANY_COPY)
