"""Restores: preview with the very code that runs, then start."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from mangrove.core.backup import RestoreRequest, SafetyBackup
from mangrove.core.manifest import Manifest
from mangrove.core.official_command import OfficialCommand, read_backup, restore_command
from mangrove.core.ports import RestoreSink
from mangrove.core.restore import RestorePlan
from mangrove.core.run import RunId, RunKind
from mangrove.core.vault import VaultSpec
from mangrove.jobs.accounts import with_accounts
from mangrove.jobs.forecast import with_forecast
from mangrove.jobs.lanes import Claim
from mangrove.jobs.restore import RestoreBody, index_commands, phases_of, planned
from mangrove.jobs.runner import Ticket
from mangrove.services.backups import Backups, BackupTools


@dataclass(frozen=True, slots=True)
class _Looked:
    """What was found while both sides were open."""

    plan: RestorePlan
    manifest: Manifest
    sink: RestoreSink


class Restores:
    """Bringing data back."""

    def __init__(self, tools: BackupTools, backups: Backups) -> None:
        self._tools = tools
        self._backups = backups

    def preview(self, request: RestoreRequest) -> RestorePlan:
        """Look at backup and target, and say exactly what would happen.

        Raises:
            InvalidSelectionError, NamespaceConflictError: If the request makes no sense.
            VaultError, ConnectError: If backup or target cannot be looked at.
        """
        with self._looking(request) as looked:
            times = self._tools.times.of(looked.plan.profile)
            return with_forecast(looked.plan, looked.manifest, request, looked.sink, times)

    def index_commands(self, request: RestoreRequest) -> tuple[str, ...]:
        """Return the createIndexes commands a restore would send, as canonical extended JSON.

        Raises:
            As ``preview`` does.
        """
        with self._looking(request) as looked:
            return index_commands(looked.plan, looked.sink)

    def official(self, request: RestoreRequest) -> OfficialCommand:
        """Return the same restore with MongoDB's own tools, as close as they come.

        Raises:
            As ``preview`` does.
        """
        with self._looking(request) as looked:
            profile = self._tools.profiles.find(request.profile)
            source = read_backup(looked.plan.backup, request.users_and_roles)
            return restore_command(request, looked.plan, profile.uri, source)

    @contextmanager
    def _looking(self, request: RestoreRequest) -> Iterator[_Looked]:
        record = self._backups.find(request.backup)
        vault = self._tools.keeper.open(self._tools.vaults.by_id(record.vault_id))
        manifest = vault.manifest(record.backup)
        profile = self._tools.profiles.find(request.profile)
        exact = replace(request, backup=record.backup, profile=profile.name)
        with self._tools.gate.open_sink(profile) as sink:
            plan = planned(manifest, exact, sink, self._tools.clock.now())
            yield _Looked(with_accounts(plan, manifest, exact, vault, sink), manifest, sink)

    def start(self, request: RestoreRequest) -> RunId:
        """Start a restore and return at once; it refuses what nobody confirmed.

        Raises:
            BackupNotFoundError, ProfileNotFoundError, VaultNotFoundError: Nothing was started.
        """
        tools = self._tools
        record = self._backups.find(request.backup)
        spec = tools.vaults.by_id(record.vault_id)
        profile = tools.profiles.find(request.profile)
        body = RestoreBody(
            request=replace(request, backup=record.backup, profile=profile.name),
            profile=profile,
            gate=tools.gate,
            vault=tools.keeper.open(spec),
            clock=tools.clock,
            at=tools.clock.now(),
            safety=self._backups.safety_taker(profile, spec),
            parallel=tools.parallel,
        )
        ticket = Ticket(
            kind=RunKind.RESTORE,
            title=f"Restore to {profile.name}",
            phases=phases_of(request),
            profile=profile.name,
            vault=spec.name,
            backup=record.backup,
            claims=(
                Claim(f"restore into {profile.name}"),
                Claim(f"backup {record.backup}"),
                *_claims_of_safety(request, spec),
            ),
        )
        return tools.runner.start(ticket, body)


def _claims_of_safety(request: RestoreRequest, spec: VaultSpec) -> tuple[Claim, ...]:
    """A safety backup writes to the vault, and a vault has one writer."""
    may_write = request.replace and request.safety is SafetyBackup.TAKE
    return (Claim(f"vault {spec.name}"),) if may_write else ()
