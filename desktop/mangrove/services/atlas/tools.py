"""What the services about Atlas share."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mangrove.core.atlas.account import AtlasAccount
from mangrove.core.atlas.link import Located
from mangrove.core.errors import AtlasNotFoundError
from mangrove.core.ports.atlas import AtlasAccountStore, AtlasApi, AtlasGate, AtlasLinkStore
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.secrets import SecretStore
from mangrove.jobs.runner import Runner
from mangrove.services.profiles import Profiles

POLL_S = 10.0
"""How often a snapshot or restore is looked at while it is waited for."""


@dataclass(frozen=True, slots=True)
class AtlasTools:
    """The parts that every service here works with.

    Attributes:
        poll_s: How often what is waited for is looked at.
    """

    gate: AtlasGate
    accounts: AtlasAccountStore
    links: AtlasLinkStore
    profiles: Profiles
    secrets: SecretStore
    runner: Runner
    clock: Clock
    poll_s: float = POLL_S

    def account(self, name: str) -> AtlasAccount:
        """Return an account by name, without regard to case.

        Raises:
            AtlasNotFoundError: If there is none.
        """
        known = self.accounts.all()
        wanted = name.strip().casefold()
        found = next((a for a in known if a.name.casefold() == wanted), None)
        if found is None:
            names = ", ".join(a.name for a in known) or "none yet"
            raise AtlasNotFoundError(
                f"there is no Atlas account '{name}'",
                hint=f"known accounts: {names}; add one: mangrove atlas account add NAME",
            )
        return found

    @contextmanager
    def opened(self, place: Located) -> Iterator[AtlasApi]:
        """Open the way to where a cluster was found."""
        with self.gate.open(place.account) as api:
            yield api
