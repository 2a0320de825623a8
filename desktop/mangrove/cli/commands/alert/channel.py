"""``mangrove alert channel``: the ways in which people are told."""

from typing import Annotated

import typer

from mangrove.cli.exit_codes import ExitCode
from mangrove.cli.front import Desk, desk_of, require_keyring
from mangrove.cli.output import Table
from mangrove.core.alerts.address import MailAccount, MailSecurity, mail_url
from mangrove.core.alerts.alert import Severity
from mangrove.core.alerts.delivery import DeliveryState
from mangrove.core.errors import DeliveryError, InvalidChannelError
from mangrove.core.secret import Secret
from mangrove.services.bundle import Services
from mangrove.services.channels import ChannelDraft, ChannelView

app = typer.Typer(help="Mail, chat and webhooks that alerts go to.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The channel's name.")]
WHERE_URL = (
    "The address holds secrets, so it is no argument: it is asked for at a terminal, and read from"
    " standard input elsewhere."
)


UNTRIED = (
    "check the address and try again; or add it untested with --no-test, and test it later with:"
    " mangrove alert channel test NAME"
)


@app.command(epilog=WHERE_URL)
def add(  # noqa: PLR0913 - every option of the command is an argument here
    context: typer.Context,
    name: Name,
    *,
    mail_to: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Send mail there; then give the server too.")
    ] = "",
    smtp: Annotated[
        str, typer.Option(metavar="HOST[:PORT]", help="The mail server that takes it.")
    ] = "",
    mail_from: Annotated[str, typer.Option(metavar="ADDRESS", help="The sender.")] = "",
    user: Annotated[
        str, typer.Option(help="Sign in to the mail server; asks for a password.")
    ] = "",
    security: Annotated[
        MailSecurity, typer.Option(help="Of the connection to the mail server.")
    ] = MailSecurity.STARTTLS,
    least: Annotated[Severity, typer.Option(help="Nothing milder goes there.")] = Severity.WARNING,
    no_test: Annotated[bool, typer.Option("--no-test", help="Send no test message.")] = False,
) -> None:
    """Add a channel: mail by its options; else the address of a webhook or a chat service.

    An address is https://host/path for a webhook, what Slack, Discord and others give out, or any
    that the apprise library knows. A test message is sent before anything is saved.
    """
    desk = desk_of(context)
    if mail_to:
        password = _asked(desk, "Password of the mail server") if user else None
        url = mail_url(_account(mail_to, smtp, mail_from, user, security, password))
    else:
        url = _asked(desk, "Address of the channel")
    with desk.services() as services:
        require_keyring(services, "the address", "no channel was added")
        if not no_test:
            _try(services, url)
        channel = services.channels.add(ChannelDraft(name, url, least))
    tested = "" if no_test else "; a test message arrived there"
    words = f"{channel.name} is added ({channel.kind}){tested}"
    desk.output.give({"channel": channel}, words)


@app.command("list")
def list_all(context: typer.Context) -> None:
    """List the channels and how well they work; never their addresses."""
    desk = desk_of(context)
    with desk.services() as services:
        views = services.channels.all()
    columns = ("channel", "kind", "from", "last arrived (UTC)", ">waiting", "problem")
    table = Table(columns, tuple(map(_row, views)), "no channel yet: mangrove alert channel add")
    desk.output.give({"channels": views}, table)


@app.command()
def remove(context: typer.Context, name: Name) -> None:
    """Forget a channel and its address."""
    desk = desk_of(context)
    with desk.services() as services:
        services.channels.remove(name)
    desk.output.give({"removed": name}, f"the channel '{name}' is gone")


@app.command()
def test(context: typer.Context, name: Name) -> None:
    """Send a test message through one channel."""
    desk = desk_of(context)
    with desk.services() as services:
        delivery = services.channels.test(name)
    is_sent = delivery.state is DeliveryState.SENT
    words = (
        "the test message arrived"
        if is_sent
        else f"failed: {delivery.problem}; the channel stays as it is"
    )
    desk.output.give({"delivery": delivery}, words)
    if not is_sent:
        raise typer.Exit(ExitCode.FAILED)


def _try(services: Services, url: Secret) -> None:
    """Send the test message; if it does not arrive, say what became of the channel."""
    try:
        services.channels.try_url(url)
    except DeliveryError as error:
        raise DeliveryError(
            f"{error.message}; the channel was not added, and nothing was kept", hint=UNTRIED
        ) from error


def _row(view: ChannelView) -> tuple[str, ...]:
    channel, health = view.channel, view.health
    sent = f"{health.sent_at:%Y-%m-%d %H:%M}" if health.sent_at else "never"
    kind = channel.kind if channel.is_on else f"{channel.kind} (off)"
    return (channel.name, kind, channel.least, sent, str(health.waiting), health.problem)


def _asked(desk: Desk, question: str) -> Secret:
    found = desk.ask_secret(question) if desk.can_ask() else Secret(desk.read_line().strip())
    if not found:
        raise InvalidChannelError(f"{question.lower()}: nothing was given; nothing was saved")
    return found


def _account(
    to: str, smtp: str, sender: str, user: str, security: MailSecurity, password: Secret | None
) -> MailAccount:
    server, colon, port = smtp.partition(":")
    if colon and not port.isdigit():
        raise InvalidChannelError(f"'{port}' is no port; nothing was saved")
    return MailAccount(to, server, sender, int(port or 0), security, user, password)
