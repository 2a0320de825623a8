"""Verifications: start one; the evidence comes with the backup."""

import logging
from dataclasses import dataclass

from mangrove.core.backup import Consistency
from mangrove.core.backup_record import BackupRecord
from mangrove.core.errors import InvalidSelectionError
from mangrove.core.ports.snapshot import OpenHost, OpenTarget, SnapshotGate
from mangrove.core.ports.state import ScratchRegister
from mangrove.core.run import RunId, RunKind
from mangrove.core.verification import EMBEDDED, Level, VerifyRequest
from mangrove.jobs.lanes import Claim
from mangrove.jobs.runner import Ticket
from mangrove.jobs.snapshots.proof import VerifyFilesBody
from mangrove.jobs.snapshots.proof import phases_of as files_phases_of
from mangrove.jobs.verifications.scratch import drop_abandoned
from mangrove.jobs.verifications.verify import VerifyBody, phases_of
from mangrove.services.assertions import Assertions
from mangrove.services.backups import Backups, BackupTools

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FilesOpeners:
    """What opens a server's files on trial."""

    gate: SnapshotGate
    open_host: OpenHost
    open_target: OpenTarget


class Verifications:
    """Trial restores and the smaller proofs."""

    def __init__(
        self,
        tools: BackupTools,
        backups: Backups,
        scratch: ScratchRegister,
        assertions: Assertions,
        files: FilesOpeners,
    ) -> None:
        self._files = files
        self._tools = tools
        self._backups = backups
        self._scratch = scratch
        self._assertions = assertions

    def clean_up(self, profile: str) -> tuple[str, ...]:
        """Drop the scratch databases that killed verifications left on a deployment.

        The next verification or drill there does so by itself.

        Returns:
            The names of those that were dropped.

        Raises:
            ProfileNotFoundError, ConnectError: Nothing was dropped.
        """
        found = self._tools.profiles.find(profile)
        with self._tools.gate.open_sink(found) as sink:
            return drop_abandoned(sink, self._scratch, found, log.info)

    def start(self, request: VerifyRequest) -> RunId:
        """Start a verification and return at once.

        Raises:
            BackupNotFoundError, ProfileNotFoundError, InvalidSelectionError: Nothing was started.
        """
        if request.level is Level.DRILLED:
            raise InvalidSelectionError(
                "a drill goes back to a moment of a profile, not to one backup",
                hint="start a drill of the profile instead; or choose stored, decoded or restored",
            )
        record = self._backups.find(request.backup)
        if record.is_physical:
            return self._start_files(record, request)
        wanted = VerifyRequest(record.backup, request.level, request.target)
        body = body_of(self._tools, self._scratch, self._assertions, record, wanted)
        ticket = Ticket(
            kind=RunKind.VERIFY,
            title=f"Verify {record.backup}",
            phases=phases_of(
                request.level,
                replays=record.achieved is Consistency.OPLOG,
                asks=bool(body.assertions),
            ),
            profile=body.target.name if body.target else record.profile_name,
            vault=body.vault.spec.name,
            backup=record.backup,
            claims=(Claim(f"backup {record.backup}"),),
        )
        return self._tools.runner.start(ticket, body)

    def _start_files(self, record: BackupRecord, request: VerifyRequest) -> RunId:
        """Start verifying a physical backup."""
        tools, spec = self._tools, self._tools.vaults.by_id(record.vault_id)
        vault = tools.keeper.open(spec)
        if request.level is Level.RESTORED and request.target != EMBEDDED:
            raise InvalidSelectionError(
                f"{record.backup} holds a server's files: no deployment can take them on trial",
                hint="verify it without --on: a throw-away server opens them",
            )
        body = VerifyFilesBody(
            manifest=vault.manifest(record.backup),
            level=request.level,
            vault=vault,
            catalog=tools.catalog,
            gate=self._files.gate,
            open_host=self._files.open_host,
            open_target=self._files.open_target,
            clock=tools.clock,
            tool_version=tools.tool_version,
            parallel=tools.parallel,
            mirrors=tools.mirrors_of(spec),
        )
        ticket = Ticket(
            kind=RunKind.VERIFY,
            title=f"Verify {record.backup}",
            phases=files_phases_of(request.level),
            profile=record.profile_name,
            vault=spec.name,
            backup=record.backup,
            claims=(Claim(f"backup {record.backup}"),),
        )
        return tools.runner.start(ticket, body)


def body_of(
    tools: BackupTools,
    scratch: ScratchRegister,
    assertions: Assertions,
    record: BackupRecord,
    request: VerifyRequest,
) -> VerifyBody:
    """Return what verifies a backup, with all that its profile expects and every mirror.

    Raises:
        ProfileNotFoundError: If a trial restore is meant for a profile that nobody knows.
    """
    spec = tools.vaults.by_id(record.vault_id)
    on_profile = request.level.depth >= Level.RESTORED.depth and request.target != EMBEDDED
    target = tools.profiles.find(request.target) if on_profile else None
    return VerifyBody(
        request=request,
        target=target,
        gate=tools.gate,
        vault=tools.keeper.open(spec),
        catalog=tools.catalog,
        scratch=scratch,
        clock=tools.clock,
        tool_version=tools.tool_version,
        parallel=tools.parallel,
        assertions=assertions.of_slug(record.profile_slug),
        mirrors=tools.mirrors_of(spec),
    )
