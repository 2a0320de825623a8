"""``mangrove atlas``: accounts, projects, clusters, and which profile is which."""

from typing import Annotated

import typer

from mangrove.cli.commands.atlas import restore, schedule, snapshots
from mangrove.cli.commands.atlas.options import Account, Cluster
from mangrove.cli.commands.atlas.words import (
    account_document,
    cluster_document,
    cluster_facts,
    clusters_table,
    moment_text,
    reach_lines,
)
from mangrove.cli.front import Desk, desk_of, require_keyring
from mangrove.cli.output import Table
from mangrove.core.atlas.account import DEFAULT_URL, SignIn
from mangrove.core.atlas.link import AtlasView
from mangrove.core.command_line import command_line
from mangrove.core.errors import AtlasNotFoundError, ConfigurationError, SecretNotFoundError
from mangrove.core.secret import Secret
from mangrove.core.wording import counted
from mangrove.services.atlas.accounts import AccountDraft, SavedAccount

app = typer.Typer(help="MongoDB Atlas beside your own backups.", no_args_is_help=True)
accounts = typer.Typer(help="Service accounts and API keys of Atlas.", no_args_is_help=True)
app.add_typer(accounts, name="account")
app.add_typer(schedule.app, name="schedule")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The account's name.")]
Profile = Annotated[str, typer.Argument(metavar="PROFILE", help="The profile's name.")]


@accounts.command()
def add(
    context: typer.Context,
    name: Name,
    *,
    client_id: Annotated[
        str, typer.Option(metavar="ID", help="Client id of a service account.")
    ] = "",
    public_key: Annotated[str, typer.Option(metavar="KEY", help="Public key of an API key.")] = "",
    secret_stdin: Annotated[
        bool,
        typer.Option("--secret-stdin", help="Read client secret or private key from stdin."),
    ] = False,
    url: Annotated[str, typer.Option(help="Another Atlas than the usual one.")] = DEFAULT_URL,
) -> None:
    """Sign in and remember the account; its secret goes to the keyring.

    Reading needs the role Project Read Only; snapshots, schedules and restores need Project Backup
    Manager or Project Owner. This computer's public address must be on the account's access list.
    """
    desk = desk_of(context)
    if bool(client_id) == bool(public_key):
        raise ConfigurationError(
            "give either --client-id or --public-key; nothing was stored",
            hint="a service account has a client id, an API key has a public key",
        )
    sign_in = SignIn.SERVICE_ACCOUNT if client_id else SignIn.API_KEY
    with desk.services() as services:
        require_keyring(services, "the account's secret", "nothing was stored")
        secret = _secret(desk, sign_in, from_input=secret_stdin)
        draft = AccountDraft(name, sign_in, client_id or public_key, secret, url)
        _give_account(desk, services.atlas.accounts.add(draft))


@accounts.command("list")
def list_accounts(context: typer.Context) -> None:
    """List the accounts."""
    desk = desk_of(context)
    with desk.services() as services:
        known = services.atlas.accounts.all()
    rows = tuple((a.name, a.sign_in.replace("-", " "), a.user, a.url) for a in known)
    table = Table(("account", "kind", "id", "address"), rows, "no account yet")
    desk.output.give({"accounts": [account_document(a) for a in known]}, table)


@accounts.command()
def test(context: typer.Context, name: Name) -> None:
    """Sign in, and say which projects the account sees."""
    desk = desk_of(context)
    with desk.services() as services:
        _give_account(desk, services.atlas.accounts.test(name))


@accounts.command()
def remove(context: typer.Context, name: Name) -> None:
    """Forget an account, its secret and its links; nothing at Atlas changes."""
    desk = desk_of(context)
    with desk.services() as services:
        services.atlas.accounts.remove(name)
    desk.output.give({"removed": name}, f"{name} was removed; nothing at Atlas was changed.")


@app.command()
def projects(context: typer.Context, *, account: Account = "") -> None:
    """List the projects that the accounts see."""
    desk = desk_of(context)
    with desk.services() as services:
        found = services.atlas.clusters.projects(account)
    rows = tuple((p.name, p.project_id, f"{p.clusters}", a.name) for a, p in found)
    documents = [
        {"name": p.name, "project_id": p.project_id, "clusters": p.clusters, "account": a.name}
        for a, p in found
    ]
    table = Table(("project", "id", ">clusters", "account"), rows, "no project that it may see")
    desk.output.give({"projects": documents}, table)


@app.command()
def clusters(
    context: typer.Context,
    *,
    project: Annotated[str, typer.Option(metavar="P", help="Only of this project.")] = "",
    account: Account = "",
) -> None:
    """List the clusters that the accounts see."""
    desk = desk_of(context)
    with desk.services() as services:
        found = services.atlas.clusters.all(account, project)
    documents = [cluster_document(p) for p in found]
    desk.output.give({"clusters": documents}, clusters_table(found))


@app.command()
def show(context: typer.Context, cluster: Cluster, *, account: Account = "") -> None:
    """Say what a cluster is, what its backups allow, and which seconds can be restored."""
    desk = desk_of(context)
    with desk.services() as services:
        place = services.atlas.clusters.find(cluster, account)
        reach = services.atlas.restores.reach(place)
    document = {"cluster": cluster_document(place), "continuous": reach}
    desk.output.give(document, cluster_facts(place), *reach_lines(reach))


@app.command()
def link(
    context: typer.Context,
    profile: Profile,
    cluster: Annotated[
        str, typer.Argument(metavar="[CLUSTER]", help="Left out, it is found by its servers.")
    ] = "",
    *,
    account: Account = "",
) -> None:
    """Say that a profile is an Atlas cluster: its snapshots then count like our own backups."""
    desk = desk_of(context)
    with desk.services() as services:
        atlas = services.atlas
        if cluster:
            place = atlas.clusters.find(cluster, account)
        else:
            found = atlas.links.propose(profile)
            if len(found) != 1:
                how = "more than one cluster names" if found else "no cluster that is seen names"
                raise AtlasNotFoundError(
                    f"{how} the servers of '{profile}'; nothing was linked",
                    hint=f"name it: {command_line('atlas', 'link', profile, 'PROJECT/CLUSTER')}",
                )
            place = found[0]
        view = atlas.links.link(profile, place)
    _give_view(desk, profile, view, "is linked with")


@app.command()
def unlink(context: typer.Context, profile: Profile) -> None:
    """Take the link of a profile back; nothing at Atlas changes."""
    desk = desk_of(context)
    with desk.services() as services:
        services.atlas.links.unlink(profile)
    desk.output.give({"unlinked": profile}, f"{profile} is linked with no cluster any more.")


@app.command()
def refresh(
    context: typer.Context,
    profile: Annotated[
        str, typer.Argument(metavar="[PROFILE]", help="Left out, every linked profile.")
    ] = "",
) -> None:
    """Look what linked clusters hold now; timeline and figures go by what was seen last."""
    desk = desk_of(context)
    with desk.services() as services:
        links = services.atlas.links
        names = [profile] if profile else [p.name for p, _ in links.all()]
        views = [(name, links.look(name)) for name in names]
    documents = [_view_document(name, view) for name, view in views]
    lines = [_view_line(name, view, "is") for name, view in views]
    desk.output.give({"views": documents}, *(lines or ["No profile is linked with a cluster."]))


def _give_account(desk: Desk, saved: SavedAccount) -> None:
    names = ", ".join(p.name for p in saved.projects) or "none"
    document = {"account": account_document(saved.account), "projects": saved.projects}
    said = f"{saved.account.name} signs in and sees {counted(len(saved.projects), 'project')}"
    desk.output.give(document, f"{said}: {names}.")


def _secret(desk: Desk, sign_in: SignIn, *, from_input: bool) -> Secret:
    what = "Client secret" if sign_in is SignIn.SERVICE_ACCOUNT else "Private key"
    found = None
    if from_input:
        found = Secret(desk.read_line().strip())
    elif desk.can_ask():
        found = desk.ask_secret(what)
    if not found:
        raise SecretNotFoundError(
            f"the {what.lower()} is missing; nothing was stored",
            hint="give --secret-stdin and write it to standard input",
        )
    return found


def _give_view(desk: Desk, profile: str, view: AtlasView, verb: str) -> None:
    desk.output.give({"view": _view_document(profile, view)}, _view_line(profile, view, verb))


def _view_document(profile: str, view: AtlasView) -> dict[str, object]:
    newest = view.newest
    return {
        "profile": profile,
        "cluster": view.link.text,
        "snapshots": len(view.snapshots),
        "newest_at": newest.created_at if newest else None,
        "continuous": view.continuous,
        "seen_at": view.seen_at,
        "problem": view.problem,
    }


def _view_line(profile: str, view: AtlasView, verb: str) -> str:
    newest = view.newest
    said = f"{profile} {verb} {view.link.text}: {counted(len(view.snapshots), 'snapshot')}"
    return f"{said}, the newest of {moment_text(newest.created_at)}." if newest else f"{said}."


snapshots.add_to(app)
restore.add_to(app)
