"""The copy body: read a deployment or a dump, and load it elsewhere with a restore's care."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from mangrove.core.backup import Consistency, RestoreRequest, Selection
from mangrove.core.copy import CopySource
from mangrove.core.errors import InvalidSelectionError
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.ports.backup import Contents
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.dump import DumpSource, OpenDump
from mangrove.core.replay import ReplayWindow
from mangrove.core.run import Phase, RunResult
from mangrove.engine.queries import queries_of
from mangrove.jobs.context import RunContext
from mangrove.jobs.entering import entering
from mangrove.jobs.reading import Rereading
from mangrove.jobs.restores.restore import RestoreBody
from mangrove.jobs.restores.restore import phases_of as phases_of_restore
from mangrove.jobs.restores.rewinding import OplogPart
from mangrove.jobs.restores.transit import Transit

SHOWN_WARNINGS = 20
NO_MOMENT = (
    "there is no snapshot to read at, so collections are read one after the other, each at its own "
    "moment; a backup with its oplog could bring them to one"
)


def phases_of(request: RestoreRequest) -> tuple[Phase, ...]:
    """Return the phases of a copy that loads what it reads as this request says."""
    return tuple(p for p in phases_of_restore(request) if p is not Phase.CHECK_STORED)


@dataclass(frozen=True, slots=True)
class CopyBody:
    """Bring collections from one place to another, compared at the end.

    Attributes:
        name: What the documents come from, for people.
        open_source: The way to it.
        body_for: Makes the restore that loads what is read.
        limit: Of a dump's oplog, this entry and what follows is not replayed.
        is_dump: Whether what is read lies in files, so that an oplog can be read twice.
    """

    name: str
    open_source: Callable[[], AbstractContextManager[DumpSource]]
    selection: Selection
    consistency: Consistency
    body_for: Callable[[Contents], RestoreBody]
    clock: Clock
    limit: OplogTimestamp | None = None
    is_dump: bool = False

    def __call__(self, ctx: RunContext) -> RunResult:
        """Do the work; ends and raises as a restore does."""
        ctx.enter(Phase.CONNECT, note=self.name)
        with (
            entering(ctx, self.open_source()) as source,
            ctx.aborting_on_cancel(source.abort),
            source.open(self.selection, self.consistency, queries_of(self.selection)) as dump,
        ):
            part = self._oplog(dump)
            reason = dump.reason
            ctx.log(reason)
            reading = Rereading(ctx, dump, self.consistency).read
            body = self.body_for(Transit(dump, self.name, self.clock.now(), reading))
            body = replace(body, oplog=part, is_stored=False, source=copy_source(source, self.name))
            result = body(ctx)
            changed = (dump.reason,) if dump.reason != reason else ()
            warnings = dict.fromkeys((*dump.facts.warnings, *changed, *result.warnings))
            left_out = tuple(f"{n.what}: {n.reason}" for n in dump.not_included)
        return replace(result, warnings=(*warnings, *left_out[:SHOWN_WARNINGS]))

    def _oplog(self, dump: OpenDump) -> OplogPart | None:
        """Return the oplog to be replayed: that of a dump; a copy keeps none.

        Raises:
            InvalidSelectionError: If there is none that a limit could be of.
        """
        if dump.achieved is Consistency.OPLOG and self.is_dump:
            return OplogPart(dump.read_oplog, ReplayWindow(limit=self.limit))
        if dump.achieved is Consistency.OPLOG:
            dump.leave_oplog(NO_MOMENT)
        if self.limit is not None:
            raise InvalidSelectionError(
                f"{self.name} comes without an oplog, so it cannot be brought to another moment; "
                "nothing was changed",
                hint="leave the moment out, or take a dump with mongodump --oplog",
            )
        return None


def copy_source(source: DumpSource, name: str) -> CopySource | None:
    """Return which deployment is read; None for a dump in files."""
    mark = source.mark()
    return CopySource(name, mark) if mark is not None else None
