"""What restore and copy have in common: show the plan, let a person confirm, run, report."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mangrove.cli.exit_codes import ExitCode
from mangrove.cli.front import Desk
from mangrove.cli.json_value import plan_document
from mangrove.cli.output import Table
from mangrove.cli.progress import follow
from mangrove.cli.reports import report_run
from mangrove.core.backup import RestoreRequest
from mangrove.core.explain import size_text
from mangrove.core.restore import PlannedNamespace, RestorePlan
from mangrove.core.run import RunId
from mangrove.services.bundle import Services


@dataclass(frozen=True, slots=True)
class Landing:
    """The way documents land somewhere: from a backup, a deployment or a dump.

    Attributes:
        preview: Says what a request would do.
        start: Does it.
        commands: The createIndexes commands to print instead of building; None to build.
    """

    preview: Callable[[RestoreRequest], RestorePlan]
    start: Callable[[RestoreRequest], RunId]
    commands: Sequence[str] | None = None

    def show(self, desk: Desk, request: RestoreRequest) -> int:
        """Say what would happen; returns the exit code."""
        plan = self.preview(request)
        refused = (
            f"It would be refused: {', '.join(plan.unconfirmed)} holds data already; confirm with "
        )
        refused += " ".join(f"--yes-replace {name}" for name in plan.unconfirmed) + "."
        notes = (f"note: {note}" for note in plan.notes)
        warned = (refused,) if plan.unconfirmed else ()
        accounts = plan.accounts.lines() if plan.accounts else ()
        said = (plan.sentence, *accounts, *notes, *warned, *(self.commands or ()))
        more = {} if self.commands is None else {"index_commands": self.commands}
        desk.output.give({"plan": plan_document(plan), **more}, _plan_table(plan), *said)
        return ExitCode.REFUSED if plan.unconfirmed else ExitCode.DONE

    def carry_out(self, desk: Desk, services: Services, request: RestoreRequest) -> int:
        """Ask what must be asked, run to the end, report; returns the exit code."""
        if desk.can_ask():
            request = self._confirmed(desk, request)
        status = follow(services, self.start(request), desk.output)
        return report_run(desk.output, status, self.commands)

    def _confirmed(self, desk: Desk, request: RestoreRequest) -> RestoreRequest:
        """Let a person type the names of databases that hold data; anything else leaves them."""
        plan = self.preview(request)
        if not plan.unconfirmed:
            return request
        desk.output.say(plan.sentence)
        typed = [
            name
            for name in plan.unconfirmed
            if desk.ask(f"{name} on {plan.profile} holds data. Type its name to go on:") == name
        ]
        return replace(request, replace=(*request.replace, *typed))


def _plan_table(plan: RestorePlan) -> Table:
    rows = tuple(
        (
            str(item.entry.namespace),
            str(item.target),
            _there(item),
            f"{item.entry.documents:,}",
            size_text(item.entry.plain_bytes),
        )
        for item in plan.namespaces
    )
    return Table(("from", "to", "there", ">documents", ">BSON"), rows)


def _there(item: PlannedNamespace) -> str:
    if item.fills:
        return "filled up"
    return "REPLACED" if item.replaces else "new"
