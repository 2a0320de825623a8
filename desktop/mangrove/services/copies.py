"""Copies: from one deployment, or from a dump of another tool, straight into a deployment."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path

from mangrove.core.backup import BackupId, Consistency, RestoreRequest, SafetyBackup, Selection
from mangrove.core.copy import CopyRequest, DumpRestoreRequest, copy_plan
from mangrove.core.errors import ConfirmationMissingError
from mangrove.core.namespace import Namespace
from mangrove.core.ports import Contents, DumpSource
from mangrove.core.profile import Profile
from mangrove.core.restore import RestorePlan
from mangrove.core.run import RunId, RunKind
from mangrove.jobs.context import RunContext
from mangrove.jobs.copy import PHASES, CopyBody
from mangrove.jobs.foreign_source import opened_dump
from mangrove.jobs.lanes import Claim
from mangrove.jobs.restore import RestoreBody, TakeSafetyBackup, planned
from mangrove.jobs.runner import Ticket
from mangrove.jobs.transit import Transit
from mangrove.services.backups import DEPLOYMENT_LIMIT, Backups, BackupTools

OpenSource = Callable[[], AbstractContextManager[DumpSource]]
NO_BACKUP = BackupId("")


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
        source = self._tools.profiles.find(request.source)
        opened = partial(self._tools.gate.open_source, source)
        return copy_plan(self._planned(opened, request.selection, request.restore, source.name))

    def start(self, request: CopyRequest) -> RunId:
        """Start a copy and return at once; it refuses what nobody confirmed.

        Raises:
            ProfileNotFoundError, VaultNotFoundError: Nothing was started.
        """
        source = self._tools.profiles.find(request.source)
        opened = partial(self._tools.gate.open_source, source)
        body = self._body(
            opened, source.name, request.selection, request.restore, request.safety_vault
        )
        body = replace(body, consistency=request.consistency)
        target = self._tools.profiles.find(request.restore.profile)
        claims = (Claim(f"deployment {source.name}", DEPLOYMENT_LIMIT),)
        return self._started(
            RunKind.COPY, f"Copy {source.name} to {target.name}", target, body, claims
        )

    def preview_dump(self, request: DumpRestoreRequest) -> RestorePlan:
        """Look at a dump and a deployment, and say exactly what would happen."""
        path = _absolute(request.path)
        opened = partial(opened_dump, path, request.database)
        return self._planned(opened, Selection(), request.restore, path.name)

    def start_dump(self, request: DumpRestoreRequest) -> RunId:
        """Start restoring a dump and return at once; it refuses what nobody confirmed.

        Raises:
            ProfileNotFoundError, VaultNotFoundError: Nothing was started.
        """
        path = _absolute(request.path)
        opened = partial(opened_dump, path, request.database)
        body = self._body(opened, path.name, Selection(), request.restore, request.safety_vault)
        target = self._tools.profiles.find(request.restore.profile)
        title = f"Restore {path.name} to {target.name}"
        return self._started(RunKind.RESTORE, title, target, body, ())

    # --- inside --------------------------------------------------------------------------

    def _planned(
        self, opened: OpenSource, selection: Selection, wanted: RestoreRequest, name: str
    ) -> RestorePlan:
        tools = self._tools
        target = tools.profiles.find(wanted.profile)
        with opened() as source, source.open(selection, Consistency.NONE) as dump:
            manifest = Transit(dump, name, tools.clock.now()).manifest(NO_BACKUP)
        request = replace(wanted, backup=NO_BACKUP, profile=target.name)
        with tools.gate.open_sink(target) as sink:
            return planned(manifest, request, sink, tools.clock.now())

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
        target: Profile,
        body: CopyBody,
        claims: tuple[Claim, ...],
    ) -> RunId:
        ticket = Ticket(
            kind=kind,
            title=title,
            phases=PHASES,
            profile=target.name,
            claims=(Claim(f"restore into {target.name}"), *claims),
        )
        return self._tools.runner.start(ticket, body)


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
