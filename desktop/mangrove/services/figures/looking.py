"""Notes what is seen of deployments and storages, so that figures need not look again."""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from mangrove.core.errors import MangroveError
from mangrove.core.figures.sightings import VaultSighting
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.figures import Sightings
from mangrove.core.profile import ProfileId
from mangrove.core.vaults.mirror import MirrorState
from mangrove.core.vaults.vault import VaultHealth, VaultId


@dataclass(frozen=True, slots=True)
class Looking:
    """Is told what others see; what cannot be noted is no trouble to them."""

    sightings: Sightings
    clock: Clock

    def listed(self, profile_id: ProfileId, databases: Iterable[str]) -> None:
        """Note the databases of a deployment, each named once for every collection of it."""
        with suppress(MangroveError):
            self.sightings.note_databases(profile_id, Counter(databases), self.clock.now())

    def looked(self, vault_id: VaultId, health: VaultHealth) -> None:
        """Note what a look at a vault's storage found."""
        with suppress(MangroveError):
            self.sightings.note_vault(
                vault_id,
                replace(
                    self._known(vault_id),
                    is_reachable=health.reachable,
                    free_bytes=health.free_bytes,
                    missing=len(health.missing),
                    rolled_back=health.rolled_back,
                ),
            )

    def compared(self, vault_id: VaultId, states: Iterable[MirrorState]) -> None:
        """Note which mirrors lack more than evidence; a silent one stays as it was known."""
        with suppress(MangroveError):
            known, states = self._known(vault_id), tuple(states)
            if not all(s.problem for s in states):  # listings of both were compared
                known = replace(known, is_reachable=True)
            late = [
                s.name for s in states if (s.name in known.late_mirrors if s.problem else s.is_late)
            ]
            self.sightings.note_vault(vault_id, replace(known, late_mirrors=tuple(late)))

    def _known(self, vault_id: VaultId) -> VaultSighting:
        now = self.clock.now()
        held = self.sightings.vaults().get(vault_id, VaultSighting(now, is_reachable=True))
        return replace(held, seen_at=now)
