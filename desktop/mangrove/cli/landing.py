"""What restore and copy have in common: show the plan, let a person confirm, run, report."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from mangrove.cli.exit_codes import ExitCode
from mangrove.cli.front import Desk
from mangrove.cli.json_value import official_document, plan_document
from mangrove.cli.output import Facts, Table
from mangrove.cli.progress import follow
from mangrove.cli.reports import report_run
from mangrove.core.backup import RestoreRequest
from mangrove.core.command_line import typed
from mangrove.core.explain import size_text
from mangrove.core.known import figure
from mangrove.core.official_command import OfficialCommand
from mangrove.core.restores.forecast import Room
from mangrove.core.restores.naming import copies_of
from mangrove.core.restores.plan import PlannedNamespace, RestorePlan
from mangrove.core.run import RunId
from mangrove.core.shell_command import shell_command
from mangrove.core.wording import figure_of
from mangrove.services.bundle import Services


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted instead of the plain run, or besides.

    Attributes:
        dry_run: Only say what would happen.
        explain: Only print the equivalent of MongoDB's own tools.
        print_indexes: Print the createIndexes commands instead of sending them.
        wide: Show whole names, however long.
    """

    dry_run: bool = False
    explain: bool = False
    print_indexes: bool = False
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Landing:
    """The way documents land somewhere: from a backup, a deployment or a dump.

    Attributes:
        preview: Says what a request would do.
        start: Does it.
        official: Returns its equivalent with MongoDB's own tools.
        index_commands: Returns the createIndexes commands it would send.
    """

    preview: Callable[[RestoreRequest], RestorePlan]
    start: Callable[[RestoreRequest], RunId]
    official: Callable[[RestoreRequest], OfficialCommand]
    index_commands: Callable[[RestoreRequest], Sequence[str]]

    def serve(self, desk: Desk, services: Services, request: RestoreRequest, wish: Wish) -> int:
        """Do what is wanted; returns the exit code."""
        if wish.explain:
            command = self.official(request)
            desk.output.give(official_document(command), command.text)
            return ExitCode.DONE
        commands = None
        if wish.print_indexes:
            request = self._with_named_copies(request)
            commands = self.index_commands(request)
        if wish.dry_run:
            return self._show(desk, request, commands, wide=wish.wide)
        if desk.can_ask():
            request = self._confirmed(desk, request)
        status = follow(services, self.start(request), desk.output)
        return report_run(desk.output, status, commands)

    def _show(
        self, desk: Desk, request: RestoreRequest, commands: Sequence[str] | None, *, wide: bool
    ) -> int:
        """Say what would happen; returns the exit code."""
        plan = self.preview(request)
        forecast = Facts(plan.forecast.lines() if plan.forecast else ())
        notes = (f"note: {note}" for note in plan.notes)
        accounts = plan.accounts.lines() if plan.accounts else ()
        said = (
            plan.sentence,
            *accounts,
            *notes,
            *_obstacles(plan),
            *map(shell_command, commands or ()),
        )
        more = {} if commands is None else {"index_commands": commands}
        document = {"plan": plan_document(plan), **more}
        desk.output.give(document, _plan_table(plan, wide=wide), forecast, *said)
        return _code_of(plan)

    def _with_named_copies(self, request: RestoreRequest) -> RestoreRequest:
        """Name the copies now: what is printed and what is restored is the same then."""
        copies = copies_of(request, self.preview(request))
        return replace(request, renames=(*copies, *request.renames))

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


def _code_of(plan: RestorePlan) -> ExitCode:
    """Return what the run itself would end with, as far as that is known."""
    if plan.unconfirmed:
        return ExitCode.REFUSED
    may = plan.forecast is None or plan.forecast.privileges.allowed is not False
    return ExitCode.DONE if may else ExitCode.NOT_ALLOWED


def _obstacles(plan: RestorePlan) -> Iterator[str]:
    if plan.unconfirmed:
        confirm = " ".join(typed("--yes-replace", name) for name in plan.unconfirmed)
        held = ", ".join(plan.unconfirmed)
        yield f"It would be refused: {held} holds data already; confirm with {confirm}."
    if plan.forecast and plan.forecast.privileges.allowed is False:
        yield "It would be refused: the user may not do it; nothing would be touched."
    if plan.forecast and plan.forecast.space.room is Room.LACKING:
        yield "The space on the target's disk is not enough, as far as is known."


def _plan_table(plan: RestorePlan, *, wide: bool) -> Table:
    rows = tuple(
        (
            str(item.entry.namespace),
            str(item.target),
            _there(item),
            figure(figure_of(item.entry.kind, item.entry.documents), item.entry.documents_known),
            figure(size_text(item.entry.plain_bytes), item.entry.bytes_known),
        )
        for item in plan.namespaces
    )
    columns = ("from", "to", "there", ">documents", ">BSON")
    return Table(columns, rows, names=("from", "to"), whole=wide)


def _there(item: PlannedNamespace) -> str:
    if item.fills:
        return "filled up"
    return "REPLACED" if item.replaces else "new"
