"""Leftovers: what restores that did not end left on deployments, listed and removed on request."""

from collections.abc import Iterable, Sequence

from mangrove.core.deployment import CollectionSize
from mangrove.core.errors import ConfirmationMissingError
from mangrove.core.namespace import Namespace
from mangrove.core.ports.gate import Gate
from mangrove.core.ports.restore import RestoreSink
from mangrove.core.ports.state import MakingRegister, RunHistory, ScratchRegister
from mangrove.core.profile import Profile
from mangrove.core.restores.leftovers import (
    Leftover,
    StrangeScratch,
    leftovers_in,
    strange_scratch_in,
)
from mangrove.core.restores.unfinished import Unfinished, unfinished_in
from mangrove.core.run import RunKind
from mangrove.services.profiles import Profiles

_LOOKED_AT = 100
_WRITING = frozenset({RunKind.RESTORE, RunKind.COPY})


class Leftovers:
    """Collections under the working names that restores give, and those that were never whole."""

    def __init__(
        self,
        profiles: Profiles,
        gate: Gate,
        runs: RunHistory,
        making: MakingRegister,
        scratch: ScratchRegister,
    ) -> None:
        self._profiles = profiles
        self._gate = gate
        self._runs = runs
        self._making = making
        self._scratch = scratch

    def of(self, name: str) -> tuple[Leftover, ...]:
        """List what is there now; a restore that is running has such collections too.

        Raises:
            ProfileNotFoundError, ConnectError: If the deployment cannot be asked.
        """
        return self.among(name, self._gate.collections(self._profiles.find(name)))

    def among(self, name: str, found: Sequence[CollectionSize]) -> tuple[Leftover, ...]:
        """Pick them out of everything that a deployment holds; it is asked only if need be.

        Raises:
            ProfileNotFoundError, ConnectError: If the deployment cannot be asked.
        """
        profile = self._profiles.find(name)
        noted = self._making.abandoned(profile.profile_id)
        if not noted:
            return leftovers_in(found)
        with self._gate.open_sink(profile) as sink:
            identities = sink.identities([entry.namespace for entry in noted])
        return (*leftovers_in(found), *unfinished_in(found, noted, identities))

    def strange_among(
        self, name: str, found: Sequence[CollectionSize]
    ) -> tuple[StrangeScratch, ...]:
        """Pick out the databases of proofs that nobody here noted; they are only ever listed.

        Raises:
            ProfileNotFoundError: If the profile is not known.
        """
        noted = self._scratch.noted(self._profiles.find(name).profile_id)
        return strange_scratch_in(found, noted)

    def remove(self, name: str, wanted: Sequence[Namespace]) -> tuple[Namespace, ...]:
        """Drop leftovers, and only those: what is wanted and no certain leftover stays.

        A database goes with the last of them, if the restore made that too.

        Raises:
            ConfirmationMissingError: If a restore into the deployment is running here.
            ProfileNotFoundError, ConnectError, WriteRefusedError: What was dropped stays so.
        """
        profile = self._profiles.find(name)
        self._refuse_while_restoring(profile)
        there = {found.namespace for found in self.of(name) if found.is_certain}
        removed = tuple(namespace for namespace in wanted if namespace in there)
        noted = self._making.abandoned(profile.profile_id)
        with self._gate.open_sink(profile) as sink:
            for namespace in removed:
                sink.drop(namespace)
            self._making.forget(profile.profile_id, removed)
            _drop_empty(sink, (entry for entry in noted if entry.namespace in set(removed)))
        return removed

    def _refuse_while_restoring(self, profile: Profile) -> None:
        for run in self._runs.recent(_LOOKED_AT):
            if run.kind in _WRITING and run.profile == profile.name and not run.state.is_over:
                raise ConfirmationMissingError(
                    f"'{run.title}' runs and has such collections itself; nothing was removed",
                    hint="wait until it has ended",
                )


def _drop_empty(sink: RestoreSink, removed: Iterable[Unfinished]) -> None:
    """Drop the databases that a restore made and that hold nothing any more."""
    for database in sorted({r.namespace.database for r in removed if r.in_new_database}):
        if database in sink.databases() and not sink.existing(database):
            sink.drop_database(database)
