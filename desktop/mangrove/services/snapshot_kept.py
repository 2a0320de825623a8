"""Lets filesystem snapshots count in timeline and figures, beside what others keep."""

from collections.abc import Sequence

from typing_extensions import override

from mangrove.core.backup_record import BackupState
from mangrove.core.elsewhere import Elsewhere, ElsewhereSource
from mangrove.core.ports.catalog import WholeCatalog
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.snapshot import SnapshotStore
from mangrove.core.profile import Profile
from mangrove.core.snapshots.kept import kept_snapshots
from mangrove.core.verification import Level


class SnapshotsKept(ElsewhereSource):
    """Tells what the snapshots of a profile come to; no machine is asked."""

    def __init__(self, store: SnapshotStore, catalog: WholeCatalog, clock: Clock) -> None:
        self._store = store
        self._catalog = catalog
        self._clock = clock

    @override
    def kept(self, profile: Profile) -> tuple[Elsewhere, ...]:
        slug = profile.slug
        own = [s for s in self._store.all() if s.profile_id == profile.profile_id]
        physical = [
            (r.consistent_at, r.proven is not None and r.proven.level.depth >= Level.RESTORED.depth)
            for r in self._catalog.physical(slug)
            if r.state is BackupState.COMPLETE and r.consistent_at is not None
            if r.failed_evidence is None
        ]
        if not own and not physical:
            return ()
        slices, breaks = self._catalog.slices(slug), self._catalog.breaks(slug)
        found = kept_snapshots(own, physical, slices, breaks, self._clock.now())
        return (found,) if found is not None else ()


class AllKept(ElsewhereSource):
    """What several keepers have, one after the other."""

    def __init__(self, sources: Sequence[ElsewhereSource]) -> None:
        self._sources = tuple(sources)

    @override
    def kept(self, profile: Profile) -> tuple[Elsewhere, ...]:
        return tuple(one for source in self._sources for one in source.kept(profile))
