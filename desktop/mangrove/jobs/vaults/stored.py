"""Comparing stored blobs with the manifest, before anything is made of them."""

from collections.abc import Sequence

from mangrove.core.manifest import AuthEntry, NamespaceEntry, StoredBlob, StoredOplog
from mangrove.core.ports.backup import Contents
from mangrove.core.ports.storage import Passing
from mangrove.core.run import Phase
from mangrove.jobs.context import RunContext
from mangrove.jobs.workers import each, side_by_side


def check_stored(
    ctx: RunContext,
    contents: Contents,
    entries: Sequence[NamespaceEntry | AuthEntry | StoredOplog],
    parallel: int,
    passing: Passing,
) -> None:
    """Compare every blob of some namespaces with the manifest, as a phase of its own.

    Raises:
        BlobMismatchError, BlobNotFoundError: Nothing was written.
    """
    blobs = [b for e in entries for b in (e.metadata, *e.segments) if b is not None]
    ctx.enter(Phase.CHECK_STORED, sum(b.size_bytes for b in blobs))

    def check(blob: StoredBlob) -> None:
        ctx.check()
        contents.compare(blob, passing)
        ctx.advance(blob.size_bytes)

    side_by_side(each(check, blobs), parallel, "mangrove-check")
