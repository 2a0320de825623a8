"""``mangrove assertion``: what is expected of the data, asked of every restored copy."""

from collections.abc import Sequence
from typing import Annotated

import typer

from mangrove.cli.exit_codes import ExitCode
from mangrove.cli.front import desk_of
from mangrove.cli.output import Table
from mangrove.core.assertion import (
    EVERYTHING,
    Assertion,
    AssertionResult,
    Measure,
    Question,
    Verdict,
    parse_bound,
)
from mangrove.core.assertion_words import asks, expects, figure_found
from mangrove.core.command_line import command_line
from mangrove.core.namespace import Namespace

app = typer.Typer(
    help="What is expected of the data: asked of every copy that a verification or drill restores.",
    no_args_is_help=True,
)

Profile = Annotated[str, typer.Argument(metavar="PROFILE", help="Whose data.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The assertion's name.")]


@app.command()
def add(  # noqa: PLR0913 - every option of the command is an argument here
    context: typer.Context,
    profile: Profile,
    name: Name,
    *,
    collection: Annotated[str, typer.Option(metavar="D.C", help="The collection that is asked.")],
    measure: Annotated[
        Measure,
        typer.Option(help="The figure; age is that of the newest date, when the data were taken."),
    ] = Measure.COUNT,
    field: Annotated[
        str, typer.Option(metavar="PATH", help="The field to look at; none for a count.")
    ] = "",
    query: Annotated[
        str, typer.Option(metavar="JSON", help="Only these documents, as extended JSON.")
    ] = EVERYTHING,
    at_least: Annotated[
        str, typer.Option(metavar="N", help="The least that is expected; of an age such as 90m.")
    ] = "",
    at_most: Annotated[
        str, typer.Option(metavar="N", help="The most that is expected; of an age such as 26h.")
    ] = "",
) -> None:
    """Save an assertion: 'orders at least a million', 'newest order younger than 26 hours'."""
    question = Question(
        namespace=Namespace.parse(collection),
        measure=measure,
        field=field,
        query=query,
        at_least=parse_bound(measure, at_least),
        at_most=parse_bound(measure, at_most),
    )
    desk = desk_of(context)
    with desk.services() as services:
        made = services.assertions.add(profile, name, question)
    said = f"{made.name}: {asks(made.question)}: {expects(made.question)}"
    desk.output.give({"assertion": made}, said)


@app.command("list")
def list_all(context: typer.Context, profile: Profile) -> None:
    """List what is expected of a profile's data."""
    desk = desk_of(context)
    with desk.services() as services:
        found = services.assertions.of(profile)
    desk.output.give({"assertions": found}, _table(found, profile))


@app.command()
def remove(context: typer.Context, profile: Profile, name: Name) -> None:
    """Forget an assertion; evidence that names it stays."""
    desk = desk_of(context)
    with desk.services() as services:
        services.assertions.remove(profile, name)
    desk.output.give({"removed": name}, f"the assertion '{name}' is gone; kept evidence stays")


@app.command()
def run(context: typer.Context, profile: Profile) -> None:
    """Ask the live deployment, as of now; ends with 1 unless every assertion holds.

    Copies are asked by: mangrove verify, mangrove drill.
    """
    desk = desk_of(context)
    with desk.services() as services:
        results = services.assertions.run_live(profile)
    desk.output.give({"results": results}, results_table(results, _hint(profile)))
    if any(result.verdict is not Verdict.HELD for result in results):
        raise typer.Exit(ExitCode.FAILED)


def results_table(results: Sequence[AssertionResult], empty: str) -> Table:
    """Return results as rows."""
    columns = ("assertion", "verdict", "found", "expected", "asked")
    return Table(columns, tuple(_result_row(r) for r in results), empty)


def _result_row(result: AssertionResult) -> tuple[str, ...]:
    found, question = figure_found(result), result.question
    return (result.name, result.verdict.value, found, expects(question), asks(question))


def _table(found: Sequence[Assertion], profile: str) -> Table:
    rows = tuple((a.name, asks(a.question), expects(a.question)) for a in found)
    return Table(("assertion", "asks for", "expects"), rows, _hint(profile))


def _hint(profile: str) -> str:
    more = ("NAME", "--collection", "D.C", "--at-least", "N")
    return f"no assertion yet: {command_line('assertion', 'add', profile, *more)}"
