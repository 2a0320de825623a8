"""``mangrove profile``: the deployments you know, and how to reach them."""

from dataclasses import replace
from typing import Annotated

import typer

from mangrove.cli.commands.profile.objective import objective
from mangrove.cli.front import Desk, desk_of, require_keyring
from mangrove.cli.json_value import profile_document
from mangrove.cli.output import Block, Facts, Table
from mangrove.cli.ssh_options import (
    SshKey,
    SshKnownHosts,
    SshOptions,
    SshPasswordFromInput,
    SshServer,
    tunnel_text,
)
from mangrove.core.command_line import command_line
from mangrove.core.deployment import DeploymentReport, PrivilegeFinding
from mangrove.core.explain import duration_text, size_text
from mangrove.core.profile import Colour, Profile, SecretHome, UnreadableProfile
from mangrove.core.secret import Secret
from mangrove.core.uri import parse_uri
from mangrove.core.wording import counted
from mangrove.services.bundle import Services
from mangrove.services.profiles import ProfileDraft, SavedProfile

STANDARD_INPUT = "-"
IN_PROCESS_LIST = (
    "warning: the password stood in the process list, where others on this machine can read it; "
    "next time give --uri - and write the connection string to standard input"
)
WITHOUT_PASSWORD = ("MONGODB-X509", "MONGODB-AWS", "GSSAPI", "MONGODB-OIDC")

LEFT_THERE = "a restore that did not end left {count} there: {command}"
LEFTOVERS_HINT = (
    "Nothing was removed: --apply removes what was never finished, and what was to replace "
    "something that is still there. Be sure that no restore into this deployment runs elsewhere."
)
app = typer.Typer(help="The deployments you know, and how to reach them.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The profile's name.")]
PasswordFromInput = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


@app.command()
def add(  # noqa: PLR0913 - every option of the command is an argument here
    context: typer.Context,
    name: Name,
    *,
    uri: Annotated[
        str, typer.Option(metavar="URI|-", help="Connection string; - reads it from stdin.")
    ],
    colour: Annotated[Colour, typer.Option(help="Its colour in the window.")] = Colour.GREY,
    password_stdin: PasswordFromInput = False,
    ssh: SshServer = None,
    ssh_key: SshKey = None,
    ssh_password_stdin: SshPasswordFromInput = False,
    ssh_known_hosts: SshKnownHosts = None,
) -> None:
    """Remember a deployment; its passwords go to the keyring.

    Standard input gives one line each to --uri -, --password-stdin and --ssh-password-stdin, in
    this order.
    """
    desk = desk_of(context)
    way = SshOptions(ssh, ssh_key, ssh_known_hosts, reads_secret=ssh_password_stdin)
    tunnel = way.changed(None)
    with desk.services() as services:
        draft = _draft(desk, name, uri, colour, from_input=password_stdin)
        draft = replace(draft, tunnel=tunnel, tunnel_secret=way.secret(desk, tunnel))
        _require_home(services, draft)
        _say_saved(desk, services.profiles.add(draft))


@app.command()
def edit(  # noqa: PLR0913 - every option of the command is an argument here
    context: typer.Context,
    name: Name,
    *,
    uri: Annotated[str | None, typer.Option(metavar="URI|-", help="New connection string.")] = None,
    colour: Annotated[Colour | None, typer.Option(help="New colour.")] = None,
    new_name: Annotated[str | None, typer.Option(help="New name.")] = None,
    password_stdin: PasswordFromInput = False,
    ssh: SshServer = None,
    ssh_key: SshKey = None,
    ssh_password_stdin: SshPasswordFromInput = False,
    ssh_known_hosts: SshKnownHosts = None,
    no_ssh: Annotated[bool, typer.Option("--no-ssh", help="Go straight from now on.")] = False,
) -> None:
    """Change a profile; what is not given stays, the passwords too."""
    desk = desk_of(context)
    way = SshOptions(ssh, ssh_key, ssh_known_hosts, reads_secret=ssh_password_stdin)
    with desk.services() as services:
        old = services.profiles.find(name)
        text = _uri_text(desk, uri) if uri is not None else old.uri.text()
        tunnel = None if no_ssh else way.changed(old.tunnel)
        draft = ProfileDraft(
            new_name or old.name,
            text,
            Secret(desk.read_line()) if password_stdin else None,
            colour=colour or old.colour,
            tunnel=tunnel,
            tunnel_secret=way.secret(desk, tunnel),
        )
        _require_home(services, draft)
        _say_saved(desk, services.profiles.update(old.profile_id, draft))


@app.command("list")
def list_all(context: typer.Context) -> None:
    """List the profiles."""
    desk = desk_of(context)
    with desk.services() as services:
        profiles = services.profiles.all()
    rows = tuple(_row(p) for p in profiles)
    table = Table(("name", "address", "user", "colour"), rows, "no profile yet")
    desk.output.give({"profiles": [profile_document(p) for p in profiles]}, table)


@app.command()
def show(context: typer.Context, name: Name) -> None:
    """Show one profile; never its password."""
    desk = desk_of(context)
    with desk.services() as services:
        _give_profile(desk, services.profiles.find(name))


@app.command()
def test(context: typer.Context, name: Name) -> None:
    """Connect, and say what was found there."""
    desk = desk_of(context)
    with desk.services() as services:
        report = services.profiles.test(name, lambda step, result: _say_step(desk, step, result))
        left = services.leftovers.of(name) if report.databases else ()
    clean = command_line("profile", "clean", name)
    there = LEFT_THERE.format(count=counted(len(left), "collection"), command=clean)
    more = (there,) if left else ()
    for warning in (*report.warnings, *more):
        desk.output.say(f"warning: {warning}")
    document = {"report": report, "warnings": (*report.warnings, *more)}
    desk.output.give(document, *_report_blocks(report))


@app.command()
def remove(context: typer.Context, name: Name) -> None:
    """Forget a profile and its password; its backups stay."""
    desk = desk_of(context)
    with desk.services() as services:
        services.profiles.remove(name)
    desk.output.give({"removed": name}, f"{name} was removed; its backups were not touched.")


@app.command()
def duplicate(
    context: typer.Context,
    name: Name,
    new_name: Annotated[str, typer.Argument(metavar="NEW", help="The copy's name.")],
) -> None:
    """Copy a profile, its password too, under another name."""
    desk = desk_of(context)
    with desk.services() as services:
        _say_saved(desk, services.profiles.duplicate(name, new_name))


@app.command()
def clean(
    context: typer.Context,
    name: Name,
    *,
    apply: Annotated[
        bool, typer.Option("--apply", help="Remove them; without it they are only listed.")
    ] = False,
    only_copies: Annotated[
        bool, typer.Option("--only-copies", help="Also those that may be the only copy.")
    ] = False,
) -> None:
    """List what restores and proofs that did not end left there, and remove it."""
    desk = desk_of(context)
    with desk.services() as services:
        there = services.profiles.collections(name)
        found = services.leftovers.among(name, there)
        strange = services.leftovers.strange_among(name, there)
        wanted = [x.namespace for x in found if x.is_certain and (only_copies or x.is_safe)]
        removed = services.leftovers.remove(name, wanted) if apply and wanted else ()
        dropped = services.verifications.clean_up(name) if apply else ()
    lines = [x.sentence for x in found] or ["No restore left anything there."]
    if apply:
        lines.append(f"{counted(len(removed), 'collection')} removed.")
        lines += [f"{scratch} dropped, left by a proof that was killed." for scratch in dropped]
    elif found:
        lines.append(LEFTOVERS_HINT)
    lines += [x.sentence for x in strange]
    document = {"leftovers": found, "removed": removed, "scratch": dropped, "unknown": strange}
    desk.output.give(document, *lines)


app.command()(objective)


def _draft(desk: Desk, name: str, uri: str, colour: Colour, *, from_input: bool) -> ProfileDraft:
    text = _uri_text(desk, uri)
    password = Secret(desk.read_line()) if from_input else None
    parsed = parse_uri(text)
    mechanism = (parsed.uri.option("authMechanism") or "").upper()
    wants_password = parsed.uri.user is not None and mechanism not in WITHOUT_PASSWORD
    if wants_password and not (password or parsed.password) and desk.can_ask():
        password = desk.ask_secret(f"Password of {parsed.uri.user} (empty for none)")
    return ProfileDraft(name, text, password, colour=colour)


def _require_home(services: Services, draft: ProfileDraft) -> None:
    """Refuse a draft with secrets where nothing keeps them."""
    parsed = parse_uri(draft.uri_text)
    if any((draft.password, parsed.password, parsed.certificate_password, draft.tunnel_secret)):
        require_keyring(services, "the password", "nothing was stored")


def _uri_text(desk: Desk, uri: str) -> str:
    if uri == STANDARD_INPUT:
        return desk.read_line()
    if parse_uri(uri).password is not None:
        desk.output.say(IN_PROCESS_LIST)
    return uri


def _say_saved(desk: Desk, saved: SavedProfile) -> None:
    if saved.notice:
        desk.output.say(f"warning: {saved.notice}")
    _give_profile(desk, saved.profile, saved.secret_home)


def _give_profile(
    desk: Desk, profile: Profile, secret_home: SecretHome = SecretHome.KEYRING
) -> None:
    where = "for this session only" if secret_home is SecretHome.SESSION else "in the keyring"
    facts = (
        ("name", profile.name),
        ("address", profile.uri.text()),
        ("password", where if profile.password else "none"),
        ("SSH tunnel", tunnel_text(profile.tunnel)),
        ("colour", profile.colour),
        ("folder in vaults", profile.slug),
    )
    desk.output.give({"profile": profile_document(profile)}, Facts(facts))


def _row(profile: Profile | UnreadableProfile) -> tuple[str, ...]:
    if isinstance(profile, UnreadableProfile):
        return (profile.name, f"damaged: {profile.reason}", "", "")
    return (profile.name, profile.hosts_text, profile.uri.user or "", profile.colour)


def _say_step(desk: Desk, step: str, result: str) -> None:
    if not desk.output.as_json and result:
        desk.output.say(f"{step}: {result}")


def _report_blocks(report: DeploymentReport) -> list[Block]:
    oplog = duration_text(report.oplog.length) if report.oplog else "none or not readable"
    facts = Facts(
        (
            ("server", f"MongoDB {report.version}, {report.topology} {report.replica_set}".strip()),
            ("user", report.user or "no access control"),
            ("TLS", "yes" if report.tls else "no"),
            ("round trip", f"{report.latency.total_seconds() * 1000:.1f} ms"),
            ("oplog window", oplog),
            *((f"may {p.purpose}", _allowed_text(p)) for p in report.privileges),
        )
    )
    rows = tuple(
        (d.name, f"{d.collections}", f"{d.documents:,}", size_text(d.data_bytes))
        for d in report.databases
    )
    return [facts, Table(("database", ">collections", ">documents", ">size"), rows, "no databases")]


def _allowed_text(finding: PrivilegeFinding) -> str:
    if finding.allowed is None:
        return "unknown"
    if finding.allowed:
        return "yes"
    missing = f"missing: {', '.join(finding.missing)}"
    if finding.some:
        return f"only some of it: {', '.join(finding.some)}; {missing}"
    return f"no, {missing}"
