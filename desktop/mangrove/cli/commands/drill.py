"""``mangrove drill``: a recovery on trial, to a moment drawn by lot."""

from typing import Annotated

import typer

from mangrove.cli.front import Desk, desk_of
from mangrove.cli.output import Block, Facts, Table
from mangrove.cli.progress import follow
from mangrove.cli.reports import report_run
from mangrove.core.assertion_words import expects, figure_found
from mangrove.core.command_line import typed
from mangrove.core.drill import DrillPlan, DrillRequest
from mangrove.core.explain import duration_text
from mangrove.core.pitr.moments import Edge
from mangrove.core.run import RunStatus
from mangrove.core.verification import EMBEDDED, Evidence
from mangrove.services.bundle import Services


def drill(  # noqa: PLR0913 - every option of the command is an argument here
    context: typer.Context,
    profile: Annotated[str, typer.Argument(metavar="PROFILE", help="Whose recovery.")],
    *,
    at: Annotated[
        str, typer.Option(metavar="TIME|TS:INC", help="Go there instead of to a drawn moment.")
    ] = "",
    against: Annotated[
        str,
        typer.Option(
            metavar="BACKUP",
            help="Replay an older backup to where this one stands, and compare all with it.",
        ),
    ] = "",
    seed: Annotated[
        str, typer.Option(metavar="TEXT", help="Draw the moment that this text gives.")
    ] = "",
    on: Annotated[
        str,
        typer.Option(
            metavar="PROFILE|embedded", help="Where to recover; always into new databases."
        ),
    ] = EMBEDDED,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say where it would go.")] = False,
) -> None:
    """Recover to a moment on trial, time each step, compare, and keep that as evidence.

    Nothing existing is touched. Ends with 6 if what comes back is not what it should be.
    """
    desk = desk_of(context)
    if at and against:
        raise typer.BadParameter("say --at or --against, not both")
    with desk.services() as services:
        request = DrillRequest(
            profile=profile,
            at=services.points.moment(at, Edge.BEFORE).limit if at else None,
            against=services.backups.find(against).backup if against else None,
            seed=seed,
            target=on,
        )
        if dry_run:
            plan = services.drills.plan(request)
            desk.output.give(_plan_document(plan), plan.sentence, *_seed_line(plan))
            return
        status = follow(services, services.drills.start(request), desk.output)
        _tell_steps(desk, services, status)
        raise typer.Exit(report_run(desk.output, status))


def _plan_document(plan: DrillPlan) -> dict[str, object]:
    return {
        "base": plan.base.backup,
        "drill": plan.drill,
        "stands_at": plan.stands_at,
        "slices": len(plan.rewind.slices) if plan.rewind else 0,
        "entries": plan.rewind.entries if plan.rewind else 0,
    }


def _seed_line(plan: DrillPlan) -> tuple[str, ...]:
    seed = plan.drill.seed
    return (
        (f"drawn with the seed {seed}: {typed('--seed', str(seed))} goes there again",)
        if seed
        else ()
    )


def _tell_steps(desk: Desk, services: Services, status: RunStatus) -> None:
    """Print what each step took, unless a machine reads along: it finds it in ``show``."""
    if desk.output.as_json or status.result is None or status.backup is None:
        return
    kept = services.backups.explain(status.backup).evidence
    for block in evidence_blocks(kept[0]) if kept else ():
        desk.output.give(None, block)


def evidence_blocks(evidence: Evidence) -> tuple[Block, ...]:
    """Return the steps, amounts and assertions of a trial as a terminal shows them."""
    steps = tuple((name, duration_text(took)) for name, took in evidence.steps)
    amounts = tuple((name.replace("_", " "), f"{n:,}") for name, n in evidence.amounts)
    asked = tuple(
        (r.name, r.verdict.value, figure_found(r), expects(r.question)) for r in evidence.assertions
    )
    blocks: list[Block] = [Table(("step", ">took"), steps)]
    if amounts:
        blocks.append(Facts(amounts))
    if asked:
        blocks.append(Table(("assertion", "verdict", "found", "expected"), asked))
    return tuple(blocks)
