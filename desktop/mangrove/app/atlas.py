"""Builds the services about Atlas; the HTTP library is loaded when somebody first asks Atlas."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from typing_extensions import override

from mangrove.connectors.state.atlas import SqliteAtlasAccounts, SqliteAtlasLinks
from mangrove.connectors.state.database import StateDatabase
from mangrove.core.atlas.account import AtlasAccount
from mangrove.core.ports.atlas import AtlasApi, AtlasGate, Say
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.secret import Secret
from mangrove.jobs.atlas.looking import AtlasLook
from mangrove.jobs.runner import Runner
from mangrove.services.atlas.service import Atlas, build_atlas
from mangrove.services.atlas.tools import AtlasTools
from mangrove.services.profiles import Profiles


class LateAtlasGate(AtlasGate):
    """Stands before the real gate: loading the HTTP library takes a tenth of a second.

    Args:
        secrets: Where secrets of accounts are kept.
        seconds: A clock that only grows.
    """

    def __init__(self, secrets: SecretStore, seconds: Callable[[], float]) -> None:
        self._secrets, self._seconds = secrets, seconds

    @override
    @contextmanager
    def open(
        self, account: AtlasAccount, secret: Secret | None = None, say: Say | None = None
    ) -> Iterator[AtlasApi]:
        with self._gate.open(account, secret, say) as api:
            yield api

    @cached_property
    def _gate(self) -> AtlasGate:
        from mangrove.connectors.atlas.gate import HttpAtlasGate  # noqa: PLC0415

        return HttpAtlasGate(self._secrets, self._seconds)


@dataclass(frozen=True, slots=True)
class AtlasParts:
    """The services about Atlas, and what looks there by itself."""

    services: Atlas
    look: AtlasLook


def atlas_parts(
    database: StateDatabase,
    secrets: SecretStore,
    clock: Clock,
    profiles: Profiles,
    runner: Runner,
    poll_s: float,
) -> AtlasParts:
    """Build them; nothing is asked of Atlas yet."""
    tools = AtlasTools(
        gate=LateAtlasGate(secrets, clock.monotonic_s),
        accounts=SqliteAtlasAccounts(database),
        links=SqliteAtlasLinks(database),
        profiles=profiles,
        secrets=secrets,
        runner=runner,
        clock=clock,
        poll_s=poll_s,
    )
    made = build_atlas(tools)
    return AtlasParts(made, AtlasLook(made.links.look_at_all, made.links.is_any, clock))
