"""``mangrove alert``: what is wrong, who knows of it, and when it is told."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated

import typer

from mangrove.cli.commands.alert import channel, heartbeat
from mangrove.cli.exit_codes import ExitCode
from mangrove.cli.front import desk_of
from mangrove.cli.output import Facts, Table
from mangrove.cli.until_options import For, Until, until_of
from mangrove.core.alerts.alert import Alert, Severity
from mangrove.core.alerts.delivery import Delivery, DeliveryState
from mangrove.core.alerts.policy import QUIET_POLICY, quiet_hours
from mangrove.core.explain import duration_text
from mangrove.core.wording import counted

app = typer.Typer(help="What is wrong, and who is told of it.", no_args_is_help=True)
app.add_typer(channel.app, name="channel")
app.add_typer(heartbeat.app, name="heartbeat")
Name = Annotated[str, typer.Argument(metavar="ID", help="From the list; its beginning will do.")]


@app.command("list")
def list_all(
    context: typer.Context,
    *,
    with_past: Annotated[
        bool, typer.Option("--all", help="Also those that are over, newest first.")
    ] = False,
) -> None:
    """List what is wrong at this moment; it is looked at anew, whether an agent runs or not."""
    desk = desk_of(context)
    with desk.services() as services:
        found = services.alerts.all()
        now = services.clock.now()
    shown = tuple(alert for alert in found if alert.is_open or with_past)
    table = Table(
        ("id", "severity", "since (UTC)", "what", "state"),
        tuple(_row(alert, now) for alert in shown),
        "nothing is wrong",
    )
    hints = tuple(
        f"{alert.alert_id}: {alert.trouble.hint}"
        for alert in shown
        if alert.is_open and alert.trouble.hint and alert.acknowledged_at is None
    )
    document = {"alerts": [alert_document(alert) for alert in shown]}
    desk.output.give(document, table, *(("what to do:", *hints) if hints else ()))


@app.command()
def ack(
    context: typer.Context,
    name: Name,
    *,
    note: Annotated[str, typer.Option(help="Who looks at the alert reads this.")] = "",
) -> None:
    """Say "I know": it is not repeated, unless it gets worse; its end is still told."""
    desk = desk_of(context)
    with desk.services() as services:
        alert = services.alerts.acknowledge(name, note)
    words = f"noted: {alert.trouble.title}; it is not repeated unless it gets worse"
    desk.output.give({"alert": alert_document(alert)}, words)


@app.command()
def mute(
    context: typer.Context,
    name: Name,
    *,
    until: Until = "",
    span: For = "",
) -> None:
    """Tell nothing of it until a moment, or for so long; not even its end."""
    desk = desk_of(context)
    with desk.services() as services:
        moment = until_of(services, until, span)
        alert = services.alerts.mute(name, moment)
    words = f"silent until {moment:%Y-%m-%d %H:%M %Z}: {alert.trouble.title}"
    desk.output.give({"alert": alert_document(alert)}, words)


@app.command()
def unmute(context: typer.Context, name: Name) -> None:
    """Tell of it again; takes an "I know" back too."""
    desk = desk_of(context)
    with desk.services() as services:
        alert = services.alerts.unmute(name)
    desk.output.give({"alert": alert_document(alert)}, f"told again: {alert.trouble.title}")


@app.command("test")
def test_all(context: typer.Context) -> None:
    """Send a test message through every channel, and show a notification on this desktop."""
    desk = desk_of(context)
    with desk.services() as services:
        tried = services.channels.test_all()
    rows = tuple((name, _outcome(delivery)) for name, delivery in tried)
    document = {"tests": [{"channel": n, "delivery": d} for n, d in tried]}
    desk.output.give(document, Table(("channel", "result"), rows, "no channel yet"))
    if any(delivery.state is not DeliveryState.SENT for _, delivery in tried):
        raise typer.Exit(ExitCode.FAILED)


@app.command()
def outbox(context: typer.Context) -> None:
    """List what was sent, what waits for another try, and what was given up."""
    desk = desk_of(context)
    with desk.services() as services:
        deliveries = services.alerts.deliveries()
        names = {str(v.channel.channel_id): v.channel.name for v in services.channels.all()}
    rows = tuple(
        (
            f"{d.made_at:%Y-%m-%d %H:%M}",
            names.get(d.target, d.target),
            d.message.title or d.message.body,
            d.state.value,
            str(d.attempts),
            d.problem,
        )
        for d in deliveries
    )
    columns = ("made (UTC)", "to", "what", "state", ">tries", "why")
    document = {"deliveries": deliveries}
    desk.output.give(document, Table(columns, rows, "nothing was sent yet"))


@app.command()
def quiet(
    context: typer.Context,
    start: Annotated[str, typer.Argument(metavar="FROM", help="Such as 22:00, or off.")] = "",
    end: Annotated[str, typer.Argument(metavar="TO", help="Such as 07:00.")] = "",
    *,
    zone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Time zone; this machine's unless given.")
    ] = None,
    critical_waits: Annotated[
        bool, typer.Option("--critical-waits", help="Not even what is critical is told then.")
    ] = False,
) -> None:
    """Set, show or end the hours in which nobody is disturbed."""
    desk = desk_of(context)
    with desk.services() as services:
        policy = services.channels.policy()
        if start == "off":
            policy = replace(policy, quiet=None)
        elif start:
            hours = quiet_hours(
                start, end, zone or services.clock.zone_name(), critical_waits=critical_waits
            )
            policy = replace(policy, quiet=hours)
        if start:
            services.channels.set_policy(policy)
    words = policy.quiet.describe() if policy.quiet else "no quiet hours"
    desk.output.give({"policy": policy}, words, QUIET_POLICY)


@app.command()
def options(
    context: typer.Context,
    *,
    desktop: Annotated[
        bool | None, typer.Option("--desktop/--no-desktop", help="Notifications on this desktop.")
    ] = None,
    remind: Annotated[
        bool | None, typer.Option("--remind/--no-remind", help="Tell again what lasts.")
    ] = None,
) -> None:
    """Show or change how alerts are told."""
    desk = desk_of(context)
    with desk.services() as services:
        policy = services.channels.policy()
        if desktop is not None:
            policy = replace(policy, uses_desktop=desktop)
        if remind is not None:
            policy = replace(policy, reminds=remind)
        if desktop is not None or remind is not None:
            services.channels.set_policy(policy)
    facts = Facts(
        (
            ("desktop notifications", "on" if policy.uses_desktop else "off"),
            ("reminders", "on, after ever longer waits" if policy.reminds else "off"),
            ("quiet hours", policy.quiet.describe() if policy.quiet else "none"),
        )
    )
    desk.output.give({"policy": policy}, facts)


@app.command()
def route(
    context: typer.Context,
    job: Annotated[str, typer.Argument(metavar="JOB", help="The job's name.")],
    *,
    to: Annotated[
        list[str] | None, typer.Option("--to", metavar="CHANNEL", help="Only there; repeatable.")
    ] = None,
    to_none: Annotated[bool, typer.Option("--none", help="Nowhere.")] = False,
    to_all: Annotated[bool, typer.Option("--all", help="To every channel.")] = False,
) -> None:
    """Choose, or show, where the alerts of one job go."""
    if sum((bool(to), to_none, to_all)) > 1:
        raise typer.BadParameter("choose one of --to, --none and --all")
    desk = desk_of(context)
    with desk.services() as services:
        if to or to_none or to_all:
            services.channels.set_route(job, None if to_all else tuple(to or ()))
        chosen = services.channels.route(job)
        names = None if chosen is None else services.channels.names_of(chosen)
    words = "every channel" if names is None else ", ".join(names) or "nowhere"
    desk.output.give({"job": job, "channels": names}, f"alerts of {job} go to: {words}")


def alert_document(alert: Alert) -> dict[str, object]:
    """Return an alert as ``--json`` prints it."""
    trouble = alert.trouble
    return {
        "id": alert.alert_id,
        "key": alert.key,
        "kind": trouble.kind,
        "severity": trouble.severity,
        "title": trouble.title,
        "sentence": trouble.sentence,
        "hint": trouble.hint,
        "action": trouble.action,
        "subject": trouble.subject,
        "is_open": alert.is_open,
        "opened_at": alert.opened_at,
        "seen_at": alert.seen_at,
        "recovered_at": alert.recovered_at,
        "told_at": alert.told_at,
        "times_told": alert.times_told,
        "acknowledged_at": alert.acknowledged_at,
        "note": alert.note,
        "muted_until": alert.muted_until,
    }


def _row(alert: Alert, now: datetime) -> tuple[str, ...]:
    since = f"{alert.opened_at:%Y-%m-%d %H:%M}"
    return (
        alert.alert_id,
        alert.severity.value,
        since,
        alert.trouble.sentence,
        state_words(alert, now),
    )


def state_words(alert: Alert, now: datetime) -> str:
    """Say where an alert stands."""
    if alert.recovered_at is not None:
        return f"over after {duration_text(alert.recovered_at - alert.opened_at)}"
    if alert.is_muted(now) and alert.muted_until:
        return f"silent until {alert.muted_until:%Y-%m-%d %H:%M}"
    if alert.acknowledged_at is not None:
        return f"known: {alert.note}" if alert.note else "known"
    if alert.told_at is None:
        return "not told yet" if alert.severity is not Severity.NOTE else "shown only"
    return f"told {counted(alert.times_told, 'time')}"


def _outcome(delivery: Delivery) -> str:
    return "arrived" if delivery.state is DeliveryState.SENT else f"failed: {delivery.problem}"
