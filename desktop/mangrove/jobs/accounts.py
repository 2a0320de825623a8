"""Users and roles of a backup on their way: read, planned, merged, and compared on trial."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from mangrove.core.accounts import (
    Account,
    AccountKind,
    AccountsPlan,
    AuthPart,
    RestoredDatabases,
    UsersAndRoles,
    counts,
    plan_accounts,
    require_auth_schema,
)
from mangrove.core.backup import RestoreRequest
from mangrove.core.errors import MangroveError
from mangrove.core.manifest import AuthEntry, Manifest
from mangrove.core.ports.backup import Contents
from mangrove.core.ports.restore import RestoreSink
from mangrove.core.restores.plan import RestorePlan
from mangrove.core.run import Loss, Phase, RunResult
from mangrove.core.verification import Finding
from mangrove.engine.accounts import account_of, auth_schema_of
from mangrove.engine.content import documents_of
from mangrove.engine.framing import iter_documents
from mangrove.jobs.context import RunContext

SUBJECT = "users and roles"


@dataclass(frozen=True, slots=True)
class HeldAccounts:
    """The users and roles of one backup.

    Attributes:
        documents: Each with its whole document, which holds password hashes: never shown.
        schema: The auth schema that the backup names, None without one.
    """

    documents: Mapping[Account, bytes] = field(repr=False)
    schema: int | None

    def of(self, kind: AccountKind, wanted: frozenset[Account]) -> list[bytes]:
        """Return the documents of the wanted users or roles."""
        return [d for a, d in self.documents.items() if a.kind is kind and a in wanted]


def read_accounts(manifest: Manifest, contents: Contents) -> HeldAccounts:
    """Read and check every user and role of a backup.

    Errors: as ``engine.content.documents_of``.
    """
    documents: dict[Account, bytes] = {}
    schema: int | None = None
    for entry in _parts(manifest):
        found = _documents(manifest, contents, entry)
        if entry.part is AuthPart.VERSION:
            schema = auth_schema_of([*found]) or schema
            continue
        kind = AccountKind.USER if entry.part is AuthPart.USERS else AccountKind.ROLE
        documents.update((account_of(document, kind), document) for document in found)
    return HeldAccounts(documents, schema)


def with_accounts(
    plan: RestorePlan,
    manifest: Manifest,
    request: RestoreRequest,
    contents: Contents,
    sink: RestoreSink,
) -> RestorePlan:
    """Add to a plan the users and roles that go along, if they were asked for.

    Raises:
        InvalidSelectionError: If they cannot go where the databases go.
        WriteRefusedError: If they are of another auth schema.
        MissingPrivilegeError: If the user may not look at or add users and roles.
    """
    if request.users_and_roles is UsersAndRoles.LEAVE_OUT:
        return plan
    return with_held_accounts(plan, manifest, request, read_accounts(manifest, contents), sink)


def with_held_accounts(
    plan: RestorePlan,
    manifest: Manifest,
    request: RestoreRequest,
    held: HeldAccounts,
    sink: RestoreSink,
) -> RestorePlan:
    """Add to a plan the users and roles that were read already; raises as ``with_accounts``."""
    if request.users_and_roles is UsersAndRoles.LEAVE_OUT:
        return plan
    if manifest.users_and_roles is None:
        none = AccountsPlan((), (), ("there are no users and roles to take along",))
        return replace(plan, accounts=none, notes=(*plan.notes, *none.notes))
    require_auth_schema(held.schema, manifest.server.version)
    targets: dict[str, set[str]] = {}
    for item in plan.namespaces:
        targets.setdefault(item.entry.namespace.database, set()).add(item.target.database)
    restored = RestoredDatabases(
        {source: frozenset(found) for source, found in targets.items()},
        is_everything=len(plan.namespaces) == len(manifest.namespaces),
    )
    names = sorted(held.documents, key=lambda a: (a.kind, a.database, a.name))
    sink.accounts().check_privileges()
    accounts = plan_accounts(names, sink.accounts().existing(names), restored)
    return replace(
        plan,
        accounts=accounts,
        sentence=f"{plan.sentence} {accounts.sentence()}",
        notes=(*plan.notes, *accounts.notes),
    )


def clear_leftovers(ctx: RunContext, sink: RestoreSink) -> None:
    """Remove the temporary collections of a merge whose process is gone."""
    try:
        if sink.accounts().clear_leftovers():
            ctx.log("dropped the temporary users and roles of a restore that was interrupted")
    except MangroveError as error:
        ctx.log(f"leftovers of an earlier restore could not be looked for: {error.message}")


def merge_accounts(
    ctx: RunContext,
    sink: RestoreSink,
    contents: Contents,
    manifest: Manifest,
    accounts: AccountsPlan | None,
) -> tuple[Loss, ...]:
    """Add the planned users and roles, and look whether they are there; returns what is not.

    The data are in place by then: what fails here is a loss, and a cancel comes too late.
    """
    if accounts is None or not accounts.added:
        return ()
    ctx.enter_last(Phase.ACCOUNTS)
    wanted = frozenset(accounts.added)
    try:
        held = read_accounts(manifest, contents)
        target = sink.accounts()
        target.merge(held.of(AccountKind.USER, wanted), held.of(AccountKind.ROLE, wanted))
        missing = sorted(map(str, wanted - target.existing(accounts.added)))
    except MangroveError as error:
        return (Loss(SUBJECT, error.message, count=len(wanted)),)
    ctx.log(f"{counts(accounts.added)} were added, {counts(accounts.existing)} were there")
    return tuple(Loss(name, "is not there after the restore") for name in missing)


def reported(
    result: RunResult, accounts: AccountsPlan | None, losses: tuple[Loss, ...]
) -> RunResult:
    """Add to a restore's result what became of the users and roles."""
    if accounts is None:
        return result
    is_done = not any(loss.subject == SUBJECT for loss in losses)
    added = accounts.added if is_done else ()
    kinds = [account.kind for account in added]
    said = f"{counts(added)} were added" if is_done else "users and roles were NOT added"
    return replace(
        result,
        summary=f"{result.summary}; {said}",
        warnings=(*result.warnings, *accounts.notes),
        losses=(*result.losses, *losses),
        figures=(
            *result.figures,
            ("users_added", kinds.count(AccountKind.USER)),
            ("roles_added", kinds.count(AccountKind.ROLE)),
            ("users_and_roles_unchanged", len(accounts.existing)),
        ),
    )


def merged_on_trial(
    manifest: Manifest, contents: Contents, sink: RestoreSink
) -> tuple[Finding, ...]:
    """Merge everything into a server of our own and compare document by document."""
    try:
        held = read_accounts(manifest, contents)
        require_auth_schema(held.schema, manifest.server.version)
        everyone = frozenset(held.documents)
        target = sink.accounts()
        target.merge(held.of(AccountKind.USER, everyone), held.of(AccountKind.ROLE, everyone))
    except MangroveError as error:
        return (Finding(SUBJECT, error.message),)
    there = {
        document
        for kind in AccountKind
        for chunk in target.read(kind)
        for document in iter_documents(chunk)
    }
    strange = [str(a) for a, document in held.documents.items() if document not in there]
    return tuple(Finding(name, "did not come back the same") for name in sorted(strange))


def _parts(manifest: Manifest) -> tuple[AuthEntry, ...]:
    return manifest.users_and_roles.parts if manifest.users_and_roles else ()


def _documents(manifest: Manifest, contents: Contents, entry: AuthEntry) -> Iterator[bytes]:
    for chunk in documents_of(entry, manifest.compression, contents.read):
        yield from iter_documents(chunk)
