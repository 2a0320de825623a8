"""Copies: from one deployment, or from a dump of another tool, straight into a deployment."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from mangrove.core.backup import (
    BackupId,
    BackupRequest,
    Consistency,
    RestoreRequest,
    SafetyBackup,
    Selection,
)
from mangrove.core.copy import CopyRequest, DumpRestoreRequest, copy_plan
from mangrove.core.errors import ConfirmationMissingError
from mangrove.core.manifest import Manifest
from mangrove.core.namespace import Namespace
from mangrove.core.official_command import (
    OfficialCommand,
    ReadFrom,
    dump_command,
    notes_on_reaching,
    read_deployment,
    read_path,
    restore_command,
)
from mangrove.core.ports.backup import Contents
from mangrove.core.ports.dump import DumpSource
from mangrove.core.ports.restore import RestoreSink
from mangrove.core.profile import Profile
from mangrove.core.restores.plan import RestorePlan
from mangrove.core.run import RunId, RunKind
from mangrove.engine.mongodump.opening import form_of
from mangrove.engine.queries import queries_of
from mangrove.jobs.accounts import read_accounts, with_held_accounts
from mangrove.jobs.context import RunContext
from mangrove.jobs.foreign_source import opened_dump
from mangrove.jobs.lanes import Claim
from mangrove.jobs.restores.copy import CopyBody, copy_source, phases_of
from mangrove.jobs.restores.forecast import with_forecast
from mangrove.jobs.restores.planning import index_commands, planned
from mangrove.jobs.restores.restore import RestoreBody, TakeSafetyBackup
from mangrove.jobs.restores.transit import Transit
from mangrove.jobs.runner import Ticket
from mangrove.services.backups import DEPLOYMENT_LIMIT, Backups, BackupTools

OpenSource = Callable[[], AbstractContextManager[DumpSource]]
NO_BACKUP = BackupId("")


@dataclass(frozen=True, slots=True)
class _Looked:
    """What was found at both sides; the target is open."""

    plan: RestorePlan
    manifest: Manifest
    request: RestoreRequest
    sink: RestoreSink
    target: Profile


class Copies:
    """The everyday migration between environments."""

    def __init__(self, tools: BackupTools, backups: Backups) -> None:
        self._tools = tools
        self._backups = backups

    def preview(self, request: CopyRequest) -> RestorePlan:
        """Look at both sides, and say exactly what would happen.

        Raises:
            ConnectError, SourceError, RestoreError: As looking turns out.
        """
        with self._looking_at_deployment(request) as looked:
            return copy_plan(self._forecast(looked))

    def index_commands(self, request: CopyRequest) -> tuple[str, ...]:
        """Return the createIndexes commands a copy would send, as canonical extended JSON."""
        with self._looking_at_deployment(request) as looked:
            return index_commands(looked.plan, looked.sink)

    def official(self, request: CopyRequest) -> OfficialCommand:
        """Return the same copy with MongoDB's own tools, as close as they come."""
        source = self._tools.profiles.find(request.source)
        asked = BackupRequest(source.name, "", request.taken, request.consistency)
        dump = dump_command(asked, source.uri, notes_on_reaching(source))
        with self._looking_at_deployment(request) as looked:
            return _restore_command(looked, read_deployment(dump))

    def start(self, request: CopyRequest) -> RunId:
        """Start a copy and return at once; it refuses what nobody confirmed.

        Raises:
            ProfileNotFoundError, VaultNotFoundError: Nothing was started.
        """
        source = self._tools.profiles.find(request.source)
        opened = partial(self._tools.gate.open_source, source)
        body = self._body(opened, source.name, request.taken, request.restore, request.safety_vault)
        body = replace(body, consistency=request.consistency)
        target = self._tools.profiles.find(request.restore.profile)
        claims = (Claim(f"deployment {source.name}", DEPLOYMENT_LIMIT),)
        title = f"Copy {source.name} to {target.name}"
        return self._started(RunKind.COPY, title, request.restore, body, claims)

    def preview_dump(self, request: DumpRestoreRequest) -> RestorePlan:
        """Look at a dump and a deployment, and say exactly what would happen."""
        with self._looking_at_dump(request) as looked:
            return self._forecast(looked)

    def index_commands_of_dump(self, request: DumpRestoreRequest) -> tuple[str, ...]:
        """Return the createIndexes commands that restoring a dump would send."""
        with self._looking_at_dump(request) as looked:
            return index_commands(looked.plan, looked.sink)

    def official_of_dump(self, request: DumpRestoreRequest) -> OfficialCommand:
        """Return the same restore of a dump with mongorestore, as close as it comes."""
        path = _absolute(request.path)
        is_archive, is_gzip = form_of(path)
        source = read_path(str(path), is_archive=is_archive, is_gzip=is_gzip)
        with self._looking_at_dump(request) as looked:
            return _restore_command(looked, source)

    def start_dump(self, request: DumpRestoreRequest) -> RunId:
        """Start restoring a dump and return at once; it refuses what nobody confirmed.

        Raises:
            ProfileNotFoundError, VaultNotFoundError: Nothing was started.
        """
        path = _absolute(request.path)
        opened = partial(opened_dump, path, request.database)
        selection = _selection(request)
        body = self._body(opened, path.name, selection, request.restore, request.safety_vault)
        body = replace(body, is_dump=True, limit=request.restore.rewind_to)
        target = self._tools.profiles.find(request.restore.profile)
        title = f"Restore {path.name} to {target.name}"
        return self._started(RunKind.RESTORE, title, request.restore, body, ())

    # --- inside --------------------------------------------------------------------------

    @contextmanager
    def _looking(
        self, opened: OpenSource, selection: Selection, wanted: RestoreRequest, name: str
    ) -> Iterator[_Looked]:
        tools = self._tools
        target = tools.profiles.find(wanted.profile)
        queries = queries_of(selection)
        with opened() as source, source.open(selection, Consistency.NONE, queries) as dump:
            origin = copy_source(source, name)
            contents = Transit(dump, name, tools.clock.now())
            manifest = contents.manifest(NO_BACKUP)
            accounts = read_accounts(manifest, contents)
            notes = _on_oplog(wanted, is_replayed=dump.achieved is Consistency.OPLOG)
        request = replace(wanted, backup=NO_BACKUP, profile=target.name)
        with tools.gate.open_sink(target) as sink:
            plan = planned(manifest, request, sink, tools.clock.now())
            if origin is not None:
                origin.refuse_itself(plan, sink.mark())
            plan = with_held_accounts(plan, manifest, request, accounts, sink)
            plan = replace(plan, notes=(*plan.notes, *notes))
            yield _Looked(plan, replace(manifest, selection=selection), request, sink, target)

    def _looking_at_deployment(self, request: CopyRequest) -> AbstractContextManager[_Looked]:
        source = self._tools.profiles.find(request.source)
        opened = partial(self._tools.gate.open_source, source)
        return self._looking(opened, request.taken, request.restore, source.name)

    def _looking_at_dump(self, request: DumpRestoreRequest) -> AbstractContextManager[_Looked]:
        path = _absolute(request.path)
        opened = partial(opened_dump, path, request.database)
        return self._looking(opened, _selection(request), request.restore, path.name)

    def _forecast(self, looked: _Looked) -> RestorePlan:
        times = self._tools.times.of(looked.target.name)
        return with_forecast(looked.plan, looked.manifest, looked.request, looked.sink, times)

    def _body(
        self,
        opened: OpenSource,
        name: str,
        selection: Selection,
        wanted: RestoreRequest,
        safety_vault: str,
    ) -> CopyBody:
        tools = self._tools
        target = tools.profiles.find(wanted.profile)
        safety = self._safety(target, wanted, safety_vault)

        def body_for(contents: Contents) -> RestoreBody:
            return RestoreBody(
                request=replace(wanted, backup=NO_BACKUP, profile=target.name),
                profile=target,
                gate=tools.gate,
                vault=contents,
                clock=tools.clock,
                at=tools.clock.now(),
                safety=safety,
                register=tools.making,
                parallel=tools.parallel,
            )

        return CopyBody(name, opened, selection, Consistency.AUTO, body_for, tools.clock)

    def _safety(
        self, target: Profile, wanted: RestoreRequest, safety_vault: str
    ) -> TakeSafetyBackup:
        known = self._tools.vaults.all()
        if safety_vault:
            return self._backups.safety_taker(target, self._tools.vaults.find(safety_vault))
        if known and wanted.safety is SafetyBackup.TAKE:
            return self._backups.safety_taker(target, known[0])
        return _no_vault

    def _started(
        self,
        kind: RunKind,
        title: str,
        wanted: RestoreRequest,
        body: CopyBody,
        claims: tuple[Claim, ...],
    ) -> RunId:
        target = self._tools.profiles.find(wanted.profile)
        ticket = Ticket(
            kind=kind,
            title=title,
            phases=phases_of(wanted),
            profile=target.name,
            claims=(Claim(f"restore into {target.name}"), *claims),
        )
        return self._tools.runner.start(ticket, body)


def _restore_command(looked: _Looked, source: ReadFrom) -> OfficialCommand:
    target = looked.target
    besides = notes_on_reaching(target)
    return restore_command(looked.request, looked.plan, target.uri, source, besides)


def _selection(request: DumpRestoreRequest) -> Selection:
    return Selection(users_and_roles=request.restore.users_and_roles)


def _on_oplog(wanted: RestoreRequest, *, is_replayed: bool) -> tuple[str, ...]:
    """Say what a dump's oplog does; a deployment that is only looked at has none."""
    if not is_replayed:
        return ()
    if wanted.rewind_to is None:
        return ("the oplog that came with the dump is replayed",)
    up_to = f"the oplog that came with the dump is replayed up to and without {wanted.rewind_to}"
    newer = (
        "documents that were read after that moment are newer than it: choose none before the end "
        "of the dump"
    )
    return up_to, newer


def _no_vault(ctx: RunContext, namespaces: tuple[Namespace, ...]) -> str:
    """Refuse to replace without a safety backup that nobody declined."""
    del ctx
    raise ConfirmationMissingError(
        f"{len(namespaces)} existing collections would be replaced without a safety backup, "
        "because there is no vault; nothing was changed",
        hint="add a vault, or decline the safety backup (--no-safety-backup)",
    )


def _absolute(path_text: str) -> Path:
    return Path(path_text).expanduser().absolute()
