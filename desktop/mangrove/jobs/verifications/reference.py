"""Compares a replayed copy with a backup that stands at the very same moment."""

from collections.abc import Iterator
from dataclasses import dataclass

from mangrove.core.backup import IndexChoice
from mangrove.core.manifest import Manifest, NamespaceEntry
from mangrove.core.namespace import Namespace
from mangrove.core.ports.dump import CollectionInfo
from mangrove.core.ports.restore import RestoreSink
from mangrove.core.replay import ReplayOutcome
from mangrove.core.run import Phase
from mangrove.core.verification import StepName
from mangrove.engine.compare import content_differences, shape_differences
from mangrove.engine.digest import ContentDigest
from mangrove.engine.target_shape import target_info
from mangrove.jobs.context import RunContext
from mangrove.jobs.verifications.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Reference:
    """A younger backup: what replaying an older one must come to."""

    ctx: RunContext
    ledger: Ledger
    manifest: Manifest

    def compare(self, sink: RestoreSink, outcome: ReplayOutcome) -> None:
        """Read the replayed copy, and note whatever differs from the backup as a finding."""
        moved = {r.source: r.target for r in outcome.collections}
        self.ctx.enter(Phase.REFERENCE, self.manifest.plain_bytes, note=self.manifest.backup)
        with self.ledger.step(StepName.REFERENCE):
            found = {
                info.namespace: info
                for database in {target.database for target in moved.values()}
                for info in sink.existing(database)
            }
            for entry in self.manifest.namespaces:
                for problem in self._problems(sink, entry, moved, found):
                    self.ledger.find(f"{entry.namespace} as replayed", problem)
            for extra in sorted(moved.keys() - {e.namespace for e in self.manifest.namespaces}):
                self.ledger.find(f"{extra} as replayed", "is not in the backup of that moment")

    def _problems(
        self,
        sink: RestoreSink,
        entry: NamespaceEntry,
        moved: dict[Namespace, Namespace],
        found: dict[Namespace, CollectionInfo],
    ) -> Iterator[str]:
        target = moved.get(entry.namespace)
        info = found.get(target) if target is not None else None
        if target is None or info is None:
            yield "is not there after the replay"
            return
        digest = ContentDigest()
        if entry.kind != "view":
            for chunk in self.ctx.metered(sink.read(info)):
                digest.add_chunk(chunk)
        yield from content_differences(entry, digest.documents, digest.hexdigest())
        expected = target_info(entry, target, moved)
        for problem in shape_differences(expected, info, IndexChoice.AFTER):
            yield problem.text
