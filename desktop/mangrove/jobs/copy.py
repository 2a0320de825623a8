"""The copy body: read a deployment or a dump, and load it elsewhere with a restore's care."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from mangrove.core.backup import Consistency, Selection
from mangrove.core.ports import Clock, Contents, DumpSource
from mangrove.core.run import Phase, RunResult
from mangrove.engine.queries import queries_of
from mangrove.jobs.context import RunContext
from mangrove.jobs.restore import PHASES as RESTORE_PHASES
from mangrove.jobs.restore import RestoreBody
from mangrove.jobs.transit import Transit

PHASES = tuple(phase for phase in RESTORE_PHASES if phase is not Phase.CHECK_STORED)
SHOWN_WARNINGS = 20


@dataclass(frozen=True, slots=True)
class CopyBody:
    """Bring collections from one place to another, compared at the end.

    Attributes:
        name: What the documents come from, for people.
        open_source: The way to it.
        body_for: Makes the restore that loads what is read.
    """

    name: str
    open_source: Callable[[], AbstractContextManager[DumpSource]]
    selection: Selection
    consistency: Consistency
    body_for: Callable[[Contents], RestoreBody]
    clock: Clock

    def __call__(self, ctx: RunContext) -> RunResult:
        """Do the work; ends and raises as a restore does."""
        ctx.enter(Phase.CONNECT, note=self.name)
        with (
            self.open_source() as source,
            ctx.aborting_on_cancel(source.abort),
            source.open(self.selection, self.consistency, queries_of(self.selection)) as dump,
        ):
            ctx.log(dump.reason)
            result = self.body_for(Transit(dump, self.name, self.clock.now()))(ctx)
            warnings = dict.fromkeys((*dump.facts.warnings, *result.warnings))
            left_out = tuple(f"{n.what}: {n.reason}" for n in dump.not_included)
        return replace(result, warnings=(*warnings, *left_out[:SHOWN_WARNINGS]))
