"""Where the figures come from."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo

from mangrove.core.figures.facts import BackupFacts
from mangrove.core.ports.agent import LeaseHolder
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.figures import FiringFacts, ObjectiveStore, RunFacts, Sightings
from mangrove.core.ports.state import JobStore
from mangrove.services.points import Points
from mangrove.services.profiles import Profiles
from mangrove.services.vaults import Vaults


@dataclass(frozen=True, slots=True)
class FigureSources:
    """What the figures are gathered from; no server and no storage is asked.

    Attributes:
        backups: Opens the facts about backups, as they are now.
        fires: Who fires the jobs; None for nobody.
        zone: The zone that a person's days are meant in.
    """

    profiles: Profiles
    vaults: Vaults
    points: Points
    backups: Callable[[], BackupFacts]
    runs: RunFacts
    jobs: JobStore
    firings: FiringFacts
    objectives: ObjectiveStore
    sightings: Sightings
    clock: Clock
    fires: Callable[[], LeaseHolder | None]
    zone: Callable[[], tzinfo]
