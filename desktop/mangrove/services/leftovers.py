"""Leftovers: what restores that did not end left on deployments, listed and removed on request."""

from collections.abc import Sequence

from mangrove.core.errors import ConfirmationMissingError
from mangrove.core.gate_ports import Gate
from mangrove.core.leftovers import Leftover, leftovers_in
from mangrove.core.namespace import Namespace
from mangrove.core.profile import Profile
from mangrove.core.run import RunKind
from mangrove.core.state_ports import RunHistory
from mangrove.services.profiles import Profiles

_LOOKED_AT = 100
_WRITING = frozenset({RunKind.RESTORE, RunKind.COPY})


class Leftovers:
    """Collections under the working names that restores give."""

    def __init__(self, profiles: Profiles, gate: Gate, runs: RunHistory) -> None:
        self._profiles = profiles
        self._gate = gate
        self._runs = runs

    def of(self, name: str) -> tuple[Leftover, ...]:
        """List what is there now; a restore that is running has such collections too.

        Raises:
            ProfileNotFoundError, ConnectError: If the deployment cannot be asked.
        """
        return leftovers_in(self._gate.collections(self._profiles.find(name)))

    def remove(self, name: str, wanted: Sequence[Namespace]) -> tuple[Namespace, ...]:
        """Drop leftovers, and only those: what is wanted and no leftover stays.

        Raises:
            ConfirmationMissingError: If a restore into the deployment is running here.
            ProfileNotFoundError, ConnectError, WriteRefusedError: What was dropped stays so.
        """
        profile = self._profiles.find(name)
        self._refuse_while_restoring(profile)
        there = {found.namespace for found in leftovers_in(self._gate.collections(profile))}
        removed = tuple(namespace for namespace in wanted if namespace in there)
        with self._gate.open_sink(profile) as sink:
            for namespace in removed:
                sink.drop(namespace)
        return removed

    def _refuse_while_restoring(self, profile: Profile) -> None:
        for run in self._runs.recent(_LOOKED_AT):
            if run.kind in _WRITING and run.profile == profile.name and not run.state.is_over:
                raise ConfirmationMissingError(
                    f"'{run.title}' runs and has such collections itself; nothing was removed",
                    hint="wait until it has ended",
                )
