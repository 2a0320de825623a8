"""Restores: preview with the very code that runs, then start."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from mangrove.core.backup import Consistency, IndexChoice, OnExisting, RestoreRequest, SafetyBackup
from mangrove.core.backup_record import BackupRecord
from mangrove.core.errors import InvalidSelectionError
from mangrove.core.manifest import Manifest, documents_of_backup
from mangrove.core.official_command import (
    OfficialCommand,
    notes_on_reaching,
    read_backup,
    restore_command,
)
from mangrove.core.own_work import OwnWork
from mangrove.core.pitr.planning import RewindPlan
from mangrove.core.ports.catalog import SliceCatalog
from mangrove.core.ports.restore import RestoreSink
from mangrove.core.profile import Profile
from mangrove.core.restores.plan import RestorePlan
from mangrove.core.run import RunId, RunKind
from mangrove.core.vaults.vault import VaultSpec
from mangrove.jobs.accounts import with_accounts
from mangrove.jobs.lanes import Claim
from mangrove.jobs.restores.forecast import with_forecast
from mangrove.jobs.restores.marking import RestoreMarks
from mangrove.jobs.restores.planning import index_commands, planned
from mangrove.jobs.restores.restore import RestoreBody, phases_of
from mangrove.jobs.restores.rewinding import told
from mangrove.jobs.runner import Ticket
from mangrove.services.backups import Backups, BackupTools
from mangrove.services.points import Points


@dataclass(frozen=True, slots=True)
class _Looked:
    """What was found while both sides were open."""

    plan: RestorePlan
    manifest: Manifest
    sink: RestoreSink


class Restores:
    """Bringing data back."""

    def __init__(
        self, tools: BackupTools, backups: Backups, points: Points, slices: SliceCatalog
    ) -> None:
        self._tools = tools
        self._backups = backups
        self._points = points
        self._slices = slices

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
            return restore_command(
                request, looked.plan, profile.uri, source, notes_on_reaching(profile)
            )

    @contextmanager
    def _looking(self, request: RestoreRequest) -> Iterator[_Looked]:
        record, rewind = self._base_of(request)
        vault = self._tools.mirrors.open_nearest(self._tools.vaults.by_id(record.vault_id))
        manifest = documents_of_backup(vault.manifest(record.backup))
        profile = self._tools.profiles.find(request.profile)
        exact = replace(request, backup=record.backup, profile=profile.name)
        with self._tools.gate.open_sink(profile) as sink:
            plan = planned(manifest, exact, sink, self._tools.clock.now())
            if rewind is not None:
                plan = told(plan, rewind)
            yield _Looked(with_accounts(plan, manifest, exact, vault, sink), manifest, sink)

    def start(self, request: RestoreRequest) -> RunId:
        """Start a restore and return at once; it refuses what nobody confirmed.

        Raises:
            BackupNotFoundError, ProfileNotFoundError, VaultNotFoundError: Nothing was started.
            UnsupportedTopologyError: If the target's Atlas cluster forbids replaying an oplog.
        """
        tools = self._tools
        record, rewind = self._base_of(request)
        spec = tools.vaults.by_id(record.vault_id)
        profile = tools.profiles.find(request.profile)
        body = RestoreBody(
            request=replace(request, backup=record.backup, profile=profile.name),
            profile=profile,
            gate=tools.gate,
            vault=tools.mirrors.open_nearest(spec),
            clock=tools.clock,
            at=tools.clock.now(),
            safety=self._backups.safety_taker(profile, spec),
            register=tools.making,
            parallel=tools.parallel,
            rewind=rewind,
            marking=self._marks(profile),
        )
        ticket = Ticket(
            kind=RunKind.RESTORE,
            title=f"Restore to {profile.name}",
            phases=phases_of(request, has_oplog=record.achieved is Consistency.OPLOG),
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

    def _base_of(self, request: RestoreRequest) -> tuple[BackupRecord, RewindPlan | None]:
        """Return the backup to load, and what is replayed onto it when a moment is asked for.

        Raises:
            PointNotReachableError: If nothing leads to that moment.
            InvalidSelectionError: If the moment does not go with another choice.
            UnsupportedTopologyError: If the target's Atlas cluster forbids a replay.
        """
        limit = request.rewind_to
        if limit is None:
            record = self._backups.find(request.backup)
            if record.achieved is Consistency.OPLOG:
                self._require_replay(request.profile)
            return record, None
        _refuse_beside_rewind(request)
        self._require_replay(request.profile)
        if request.backup:
            record = self._backups.find(request.backup)
            plan = self._points.plan(record.profile_slug, limit, record.backup)
        else:
            plan = self._points.plan(request.rewind_of or request.profile, limit)
        return plan.base.record, plan

    def _require_replay(self, target: str) -> None:
        profile = self._tools.profiles.find(target)
        self._tools.limits.require(profile.profile_id, OwnWork.REPLAY)

    def _marks(self, profile: Profile) -> RestoreMarks:
        tools = self._tools
        known = {spec.vault_id: spec for spec in tools.vaults.all()}
        vaults = {piece.vault_id for piece in self._slices.slices(profile.slug)}
        shelves = [
            (vault_id, tools.keeper.open(known[vault_id]).slices())
            for vault_id in sorted(vaults & known.keys())
        ]
        return RestoreMarks(profile, tools.gate, shelves, self._slices, tools.clock)


def _refuse_beside_rewind(request: RestoreRequest) -> None:
    if request.on_existing is OnExisting.ONLY_MISSING:
        raise InvalidSelectionError(
            "a moment is restored whole, not only what is missing; nothing was changed",
            hint="restore the moment into a copy, and take from it what you miss",
        )
    if request.indexes is IndexChoice.BEFORE:
        raise InvalidSelectionError(
            "with a moment, indexes are built after the oplog was replayed; nothing was changed",
            hint="leave out --indexes before",
        )


def _claims_of_safety(request: RestoreRequest, spec: VaultSpec) -> tuple[Claim, ...]:
    """A safety backup writes to the vault, and a vault has one writer."""
    may_write = request.replace and request.safety is SafetyBackup.TAKE
    return (Claim(f"vault {spec.name}"),) if may_write else ()
