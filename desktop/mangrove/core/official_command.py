"""What a dump or restore would be with MongoDB's own tools, for people who know those.

The commands hold no secret: the tools ask for the password. What they cannot do is said in notes.

Source: MongoDB manual, "mongodump" and "mongorestore" (Database Tools 100.x).
"""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mangrove.core import globs
from mangrove.core.accounts import UsersAndRoles
from mangrove.core.backup import (
    BackupRequest,
    Compression,
    Consistency,
    IndexChoice,
    OnExisting,
    OnRefusal,
    RestoreRequest,
    Selection,
)
from mangrove.core.command_line import typed
from mangrove.core.namespace import Namespace
from mangrove.core.profile import Profile
from mangrove.core.restores.naming import copies_of
from mangrove.core.restores.plan import RestorePlan
from mangrove.core.uri import MongoUri

FOLDER = "dump"
_DUMP_OWN_USERS, _RESTORE_OWN_USERS = "--dumpDbUsersAndRoles", "--restoreDbUsersAndRoles"


@dataclass(frozen=True, slots=True)
class OfficialCommand:
    """Command lines to be run one after the other, and what they do not do.

    Attributes:
        lines: Each one a program with its arguments.
        notes: One sentence for each choice without an equivalent.
    """

    lines: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]

    @property
    def text(self) -> str:
        """Everything as it can be pasted into a shell; notes are comments."""
        notes = (f"# {note}".replace("\n", "\n# ") for note in self.notes)  # names hold line ends
        return "\n".join([*notes, *map(shlex.join, self.lines)])


def notes_on_reaching(profile: Profile) -> tuple[str, ...]:
    """Say what the tools need to reach a deployment besides its address."""
    notes = []
    if profile.tunnel is not None:
        notes.append(
            f"{profile.name} is reached through the SSH server {profile.tunnel.address}: open a "
            "tunnel first (ssh -L), and put its end into the address"
        )
    if profile.certificate_password is not None:
        notes.append("the password of the client key is not part of the command either")
    return tuple(notes)


def dump_command(
    request: BackupRequest, uri: MongoUri, besides: Sequence[str] = ()
) -> OfficialCommand:
    """Return what comes closest to a backup.

    Args:
        request: What is asked for.
        uri: Where.
        besides: What ``notes_on_reaching`` says.
    """
    start = ["mongodump", f"--uri={_address(uri)}", f"--out={FOLDER}"]
    if request.compression is not Compression.NONE:
        start.append("--gzip")
    request = replace(request, selection=_with_whole_databases(request.selection))
    selection = request.selection
    if request.consistency is Consistency.OPLOG and selection.is_whole:
        start.append("--oplog")
    lines = tuple((*start, *part) for part in _dump_parts(selection))
    return OfficialCommand(lines, (*besides, *_dump_notes(request, uri)))


@dataclass(frozen=True, slots=True)
class ReadFrom:
    """Where mongorestore reads, and what makes it first.

    Attributes:
        lines: Commands that make the dump; none for one that lies there.
        options: How it is packed.
        path: Its folder or data file; "" for an archive, which an option names.
        notes: What those commands do not do.
        owners: Databases whose users and roles lie in their own folders.
    """

    lines: tuple[tuple[str, ...], ...]
    options: tuple[str, ...]
    path: str
    notes: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()


def read_backup(backup: str, users: UsersAndRoles = UsersAndRoles.LEAVE_OUT) -> ReadFrom:
    """Say how a backup gets to where mongorestore reads."""
    more = ("--users-and-roles",) if users is UsersAndRoles.INCLUDE else ()
    export = ("mangrove", "export", backup, FOLDER, "--gzip", *more)
    return ReadFrom((export,), ("--gzip",), FOLDER)


def read_deployment(dump: OfficialCommand) -> ReadFrom:
    """Say how a deployment gets to where mongorestore reads; ``dump`` is of ``dump_command``."""
    packed = any("--gzip" in line for line in dump.lines)
    owners = tuple(
        argument.removeprefix("--db=")
        for line in dump.lines
        if _DUMP_OWN_USERS in line
        for argument in line
        if argument.startswith("--db=")
    )
    return ReadFrom(dump.lines, ("--gzip",) if packed else (), FOLDER, dump.notes, owners)


def read_path(path: str, *, is_archive: bool, is_gzip: bool) -> ReadFrom:
    """Say how mongorestore reads a dump that lies in files."""
    options = ("--gzip",) if is_gzip else ()
    if is_archive:
        return ReadFrom((), (*options, f"--archive={path}"), "")
    return ReadFrom((), options, path)


def restore_command(
    request: RestoreRequest,
    plan: RestorePlan,
    uri: MongoUri,
    read_from: ReadFrom,
    besides: Sequence[str] = (),
) -> OfficialCommand:
    """Return what comes closest to a restore of this plan; ``besides`` as for a dump."""
    start = ("mongorestore", f"--uri={_address(uri)}", *read_from.options)
    owners = _owners(plan, read_from)
    own = [
        (*start, f"--db={name}", _RESTORE_OWN_USERS, *_ways(request, plan), f"{FOLDER}/{name}")
        for name in owners
    ]
    rest: list[tuple[str, ...]] = []
    if not owners or any(p.entry.namespace.database not in owners for p in plan.namespaces):
        path = (read_from.path,) if read_from.path else ()
        chosen = _chosen(request, plan, owners)
        rest.append((*start, *chosen, *_ways(request, plan), *path))
    own_notes = (*besides, *_restore_notes(request, plan, uri, owners))
    notes = dict.fromkeys((*read_from.notes, *own_notes))
    return OfficialCommand((*read_from.lines, *own, *rest), tuple(notes))


def _address(uri: MongoUri) -> str:
    """Return an address without a database, which the tools would take for the only one meant.

    Without authSource it says where the user is, too.
    """
    if uri.database and uri.user is not None and uri.option("authSource") is None:
        uri = uri.with_option("authSource", uri.database)
    return replace(uri, database="").text()


# --- dump --------------------------------------------------------------------------------


def _with_whole_databases(selection: Selection) -> Selection:
    """Name the databases that a pattern ``D.*`` takes whole: mongodump knows names only."""
    found = {pattern: _whole_database(pattern) for pattern in selection.include}
    if selection.users_and_roles is UsersAndRoles.INCLUDE or not any(found.values()):
        return selection  # users and roles belong to databases that were named as such
    named = dict.fromkeys((*selection.databases, *filter(None, found.values())))
    rest = tuple(pattern for pattern, database in found.items() if not database)
    return replace(selection, databases=tuple(named), include=rest)


def _whole_database(pattern: str) -> str:
    """Return the database that a pattern takes whole; "" for any other pattern."""
    head, *rest = globs.pieces(pattern)
    is_whole = rest == [""] and head.endswith(".") and head.count(".") == 1
    return head[:-1] if is_whole else ""


def _dump_parts(selection: Selection) -> Iterator[tuple[str, ...]]:
    """Yield the arguments of each run: mongodump takes one database or collection at a time."""
    if not selection.is_chosen:
        yield ()
    queries = {q.namespace: q.text for q in selection.queries}
    for database in selection.databases:
        own = tuple(n for n in queries if n.database == database)
        users = selection.users_and_roles is UsersAndRoles.INCLUDE and database != "admin"
        more = (_DUMP_OWN_USERS,) if users else ()
        yield (f"--db={database}", *_exclusions(selection, database, own), *more)
    if selection.include:  # more than asked for, as the notes say
        around = dict.fromkeys(map(globs.database_of, selection.include))
        yield from ((f"--db={n}",) if n else () for n in around if n not in selection.databases)
    single = dict.fromkeys((*selection.collections, *queries))
    for namespace in single:
        query = (f"--query={queries[namespace]}",) if namespace in queries else ()
        yield (f"--db={namespace.database}", f"--collection={namespace.collection}", *query)


def _exclusions(
    selection: Selection, database: str, besides: Sequence[Namespace] = ()
) -> tuple[str, ...]:
    """Return the patterns that mongodump understands: a name or its beginning, in one database."""
    found = [f"--excludeCollection={n.collection}" for n in besides]
    for pattern in selection.exclude:
        literals = globs.pieces(pattern)
        head, _, name = literals[0].partition(".")
        if head != database:
            continue
        if len(literals) == 1:
            found.append(f"--excludeCollection={name}")
        elif name and literals[1:] == ("",):
            found.append(f"--excludeCollectionsWithPrefix={name}")
    return tuple(found)


def _is_said(pattern: str, selection: Selection) -> bool:
    """Whether mongodump can be told to leave this out."""
    database = globs.database_of(pattern)
    alone = Selection(exclude=(pattern,))
    return (
        database is not None
        and database in selection.databases
        and (bool(_exclusions(alone, database)))
    )


def _note_on_users(selection: Selection) -> Iterator[str]:
    if not selection.is_chosen and selection.users_and_roles is UsersAndRoles.LEAVE_OUT:
        yield "mongodump takes the users and roles of a whole deployment along unasked"


def _dump_notes(request: BackupRequest, uri: MongoUri) -> Iterator[str]:
    selection = request.selection
    yield from _note_on_password(uri)
    yield from _note_on_users(selection)
    if len(selection.databases) + len(selection.collections) + len(selection.queries) > 1:
        yield "mongodump takes one database or collection at a time, each at its own moment"
    if selection.queries and not selection.is_chosen:
        yield "mongodump filters single collections: the later files take the place of the first"
    for pattern in selection.include:
        around = globs.database_of(pattern)
        more = f"everything in {around}" if around else "the whole deployment"
        yield (
            f"mongodump has no --include: it takes {more}; to restore only what was asked for, "
            f"give mongorestore {typed('--nsInclude', pattern)}"
        )
    for pattern in selection.exclude:
        if not _is_said(pattern, selection):
            yield f"mongodump cannot leave out '{pattern}' here: leave it out when restoring"
    yield from _consistency_notes(request)
    yield from _notes_on_writing(request)
    yield "mongodump does not encrypt, sign or read back what it wrote"


def _notes_on_writing(request: BackupRequest) -> Iterator[str]:
    if request.limit_bytes_per_s is not None:
        yield "mongodump cannot be told how fast it may read"
    if request.compression in (None, Compression.ZSTD):
        yield "mongodump has no zstd; --gzip comes closest"


def _consistency_notes(request: BackupRequest) -> Iterator[str]:
    """Say what moment mongodump reads at instead.

    Source: Database Tools documentation, mongodump, ``--oplog``: not with ``--db`` and the like.
    """
    is_moment = request.consistency in (Consistency.AUTO, Consistency.SNAPSHOT)
    if request.selection.is_whole:
        if is_moment:
            yield "mongodump cannot read everything at one cluster time; --oplog comes closest"
    elif is_moment or request.consistency is Consistency.OPLOG:
        yield "mongodump takes --oplog for the whole deployment only: this reads at no one moment"


# --- restore -----------------------------------------------------------------------------


def _owners(plan: RestorePlan, read_from: ReadFrom) -> tuple[str, ...]:
    """Return the databases that are restored one by one, for their users and roles go along."""
    moved = {p.entry.namespace.database for p in plan.namespaces if p.target != p.entry.namespace}
    return tuple(name for name in read_from.owners if name not in moved)


def _chosen(request: RestoreRequest, plan: RestorePlan, owners: Sequence[str]) -> Iterator[str]:
    """Yield what is restored under which names, but for the databases with a run of their own."""
    yield from (f"--nsInclude={glob}" for glob in request.include)
    yield from (f"--nsExclude={glob}" for glob in request.exclude)
    yield from (f"--nsExclude={name}.*" for name in owners)
    for source, target in _moves(request, plan):
        yield f"--nsFrom={source}"
        yield f"--nsTo={target}"


def _ways(request: RestoreRequest, plan: RestorePlan) -> Iterator[str]:
    if plan.replaced:
        yield "--drop"
    if request.on_refusal is OnRefusal.STOP:
        yield "--stopOnError"
    if request.indexes is IndexChoice.NEVER:
        yield "--noIndexRestore"


def _moves(request: RestoreRequest, plan: RestorePlan) -> Iterator[tuple[str, str]]:
    """Yield the copies first, then the renames as given: the last one that fits wins."""
    for copy in copies_of(request, plan):
        yield copy.source, copy.target
    for rename in request.renames:
        if rename.source == rename.target:
            continue
        is_database = "." not in rename.source and "." not in rename.target
        plain = is_database and not {"*", "$"} & set(rename.source)
        end = ".*" if plain else ""
        yield rename.source + end, rename.target + end


def _restore_notes(
    request: RestoreRequest, plan: RestorePlan, uri: MongoUri, owners: Sequence[str]
) -> Iterator[str]:
    yield from _note_on_password(uri)
    if any("$" in glob for glob in (*request.include, *request.exclude)):
        yield "mongorestore takes no dollar sign in --nsInclude and --nsExclude"
    if plan.replaced:
        yield (
            "--drop drops each collection before its documents are loaded; Mangrove loads and "
            "compares first, and replaces at the very end"
        )
    if any(p.entry.kind == "view" for p in plan.namespaces):
        yield "mongorestore does not let views follow the collections they read"
    if any(p.entry.kind == "timeseries" for p in plan.namespaces):
        yield "mongorestore may skip the renaming of a single time series without a word"
    if request.on_existing is OnExisting.ONLY_MISSING:
        yield (
            "without --drop mongorestore leaves documents with a known _id alone too, but counts "
            "them as failed, and builds indexes on existing collections"
        )
    with_users = request.users_and_roles is UsersAndRoles.INCLUDE
    if with_users and not owners:
        yield (
            "mongorestore takes the users and roles of one database only with --db and "
            f"{_RESTORE_OWN_USERS}, and with --drop it removes those that the dump lacks"
        )
    if owners and plan.replaced:
        yield "with --drop mongorestore removes the users and roles that the dump lacks"
    if request.limit_bytes_per_s is not None:
        yield "mongorestore cannot be told how fast it may write"
    if request.indexes is IndexChoice.BEFORE:
        yield "mongorestore cannot build indexes before the documents"
    yield "mongorestore does not compare the result, and it leaves what it did when it fails"


def _note_on_password(uri: MongoUri) -> Iterator[str]:
    if uri.user is not None:
        yield "the password is not part of the command: the tool asks for it"
