"""Snapshots that Atlas keeps: list, take, keep longer, delete, watch, look inside."""

from mangrove.core.atlas.cluster import Wish
from mangrove.core.atlas.link import Located
from mangrove.core.atlas.policy import Retention, Unit
from mangrove.core.atlas.snapshot import AtlasSnapshot, AtlasSnapshotId
from mangrove.core.command_line import command_line, typed
from mangrove.core.errors import AtlasNotFoundError, ConfirmationMissingError
from mangrove.core.run import RunId, RunKind
from mangrove.jobs.atlas.snapshot import TAKE_PHASES, WATCH_PHASES, TakeBody
from mangrove.jobs.atlas.watching import lane_of
from mangrove.jobs.lanes import Claim
from mangrove.jobs.runner import Ticket
from mangrove.services.atlas.tools import AtlasTools

NEWEST = "latest"
_SHORTEST = 4


class AtlasSnapshots:
    """Every call goes to Atlas and blocks for as long as that takes."""

    def __init__(self, tools: AtlasTools) -> None:
        self._tools = tools

    def all(self, place: Located) -> tuple[AtlasSnapshot, ...]:
        """Return the snapshots of a cluster, newest first."""
        with self._tools.opened(place) as api:
            return api.snapshots(place.cluster)

    def find(self, place: Located, text: str) -> AtlasSnapshot:
        """Return a snapshot by its id, the beginning of it, or ``latest``.

        Raises:
            AtlasNotFoundError: If there is none, or more than one.
        """
        known, wanted = self.all(place), text.strip().lower()
        if wanted == NEWEST:
            known = tuple(s for s in known if s.is_usable)[:1]
        elif len(wanted) >= _SHORTEST:
            known = tuple(s for s in known if s.snapshot_id.startswith(wanted))
        else:
            known = ()
        if len(known) != 1:
            how = "more than one snapshot" if known else "no snapshot"
            raise AtlasNotFoundError(
                f"{place.text} has {how} '{text}'",
                hint=f"list them: {command_line('atlas', 'snapshots', place.text)}",
            )
        return known[0]

    def start_take(self, place: Located, description: str, keep_days: int) -> RunId:
        """Start to take a snapshot, and return at once.

        Raises:
            AtlasUnsupportedError, AtlasComplianceError: Nothing was asked of Atlas.
        """
        place.cluster.require(Wish.TAKE)
        self._compliance_allows(place, Retention(keep_days, Unit.DAYS))
        body = TakeBody(self._tools.gate, place, self._tools.poll_s, description.strip(), keep_days)
        ticket = Ticket(
            kind=RunKind.ATLAS_SNAPSHOT,
            title=f"Take a snapshot of {place.text}",
            phases=TAKE_PHASES,
            claims=(Claim(lane_of(place)),),
        )
        return self._tools.runner.start(ticket, body)

    def start_watch(self, place: Located, wanted: AtlasSnapshotId) -> RunId:
        """Start to watch a snapshot until it is complete, and return at once."""
        body = TakeBody(self._tools.gate, place, self._tools.poll_s, known=wanted)
        title = f"Watch a snapshot of {place.text}"
        ticket = Ticket(kind=RunKind.ATLAS_SNAPSHOT, title=title, phases=WATCH_PHASES)
        return self._tools.runner.start(ticket, body)

    def keep(self, place: Located, snapshot: AtlasSnapshot, keep: Retention) -> AtlasSnapshot:
        """Change how long a snapshot stays.

        Raises:
            AtlasUnsupportedError, AtlasComplianceError: Nothing was asked of Atlas.
        """
        place.cluster.require(Wish.CHANGE_RETENTION)
        self._compliance_allows(place, keep)
        with self._tools.opened(place) as api:
            return api.keep(place.cluster, snapshot.snapshot_id, keep)

    def delete(self, place: Located, snapshot: AtlasSnapshot, confirmed: str) -> None:
        """Delete a snapshot for good, if the cluster's name was typed.

        Raises:
            ConfirmationMissingError: If it was not.
            AtlasUnsupportedError, AtlasComplianceError: Nothing was asked of Atlas.
        """
        place.cluster.require(Wish.DELETE)
        with self._tools.opened(place) as api:
            policy = api.compliance(place.project.project_id)
            if policy is not None:
                policy.require_deletable()
            if confirmed != place.cluster.name:
                raise ConfirmationMissingError(
                    f"a deleted snapshot cannot be had back: {snapshot.snapshot_id} of "
                    f"{place.text}; nothing was deleted",
                    hint=f"say yes to exactly that: {typed('--yes-delete-of', place.cluster.name)}",
                    target=place.cluster.name,
                )
            api.delete(place.cluster, snapshot)

    def databases(self, place: Located, snapshot: AtlasSnapshot) -> tuple[str, ...]:
        """Return the databases that a snapshot holds."""
        place.cluster.require(Wish.PART)
        with self._tools.opened(place) as api:
            return api.databases(place.cluster, snapshot.snapshot_id)

    def collections(
        self, place: Located, snapshot: AtlasSnapshot, database: str
    ) -> tuple[str, ...]:
        """Return the collections of a database in a snapshot."""
        place.cluster.require(Wish.PART)
        with self._tools.opened(place) as api:
            return api.collections(place.cluster, snapshot.snapshot_id, database)

    def _compliance_allows(self, place: Located, keep: Retention) -> None:
        with self._tools.opened(place) as api:
            policy = api.compliance(place.project.project_id)
        if policy is not None:
            policy.require_kept(keep)
