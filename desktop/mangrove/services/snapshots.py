"""Filesystem snapshots: look first, take one, list, pin, verify, delete."""

import secrets
from dataclasses import dataclass, replace

from mangrove.core.backup import backup_id
from mangrove.core.command_line import command_line, typed
from mangrove.core.elsewhere import ElsewhereSource
from mangrove.core.errors import (
    BackupProtectedError,
    InvalidSelectionError,
    SnapshotNotFoundError,
    SnapshotRefusedError,
)
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.ports.catalog import WholeCatalog
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.snapshot import (
    CopyLedger,
    OpenHost,
    OpenTarget,
    SnapshotGate,
    SnapshotStore,
)
from mangrove.core.profile import Profile
from mangrove.core.retention.policy import RetentionPolicy, checked_policy
from mangrove.core.retention.rule import Judgement
from mangrove.core.run import Phase, RunId, RunKind
from mangrove.core.snapshots.guide import restore_guide, snapshot_facts
from mangrove.core.snapshots.kept import slices_onto
from mangrove.core.snapshots.preflight import Preflight
from mangrove.core.snapshots.retention import judge_snapshots
from mangrove.core.snapshots.snapshot import (
    MAX_LOCK_LIMIT,
    MIN_LOCK_LIMIT,
    OwnCommands,
    Provider,
    Snapshot,
    SnapshotRequest,
)
from mangrove.jobs.lanes import Claim
from mangrove.jobs.runner import Runner, Ticket
from mangrove.jobs.snapshots.copy import PHASES as COPY_PHASES
from mangrove.jobs.snapshots.copy import CopySnapshotBody
from mangrove.jobs.snapshots.delete import PHASES as DELETE_PHASES
from mangrove.jobs.snapshots.delete import DeleteSnapshotBody
from mangrove.jobs.snapshots.prune import PHASES as PRUNE_PHASES
from mangrove.jobs.snapshots.prune import PruneSnapshotsBody
from mangrove.jobs.snapshots.restore import PHASES as RESTORE_PHASES
from mangrove.jobs.snapshots.restore import RestoreFilesBody, RestoreSnapshotBody, files_in
from mangrove.jobs.snapshots.rewind import SnapshotRewind
from mangrove.jobs.snapshots.survey import SiteOpener
from mangrove.jobs.snapshots.take import PHASES as TAKE_PHASES
from mangrove.jobs.snapshots.take import TakeSnapshotBody
from mangrove.jobs.snapshots.verify import PHASES as VERIFY_PHASES
from mangrove.jobs.snapshots.verify import VerifySnapshotBody
from mangrove.jobs.vaults.facts import zone_named
from mangrove.services.backups import Backups, BackupTools
from mangrove.services.profiles import Profiles
from mangrove.services.snapshot_kept import AllKept, SnapshotsKept
from mangrove.services.verification import FilesOpeners

LATEST = "latest"


@dataclass(frozen=True, slots=True)
class SnapshotTools:
    """What the snapshot service works with."""

    profiles: Profiles
    gate: SnapshotGate
    open_host: OpenHost
    store: SnapshotStore
    runner: Runner
    clock: Clock
    shared: BackupTools
    catalog: WholeCatalog
    ledger: CopyLedger
    open_target: OpenTarget

    def kept(self, others: ElsewhereSource) -> ElsewhereSource:
        """Return what tells of these snapshots besides what others keep."""
        own = SnapshotsKept(self.store, self.catalog, self.clock)
        return AllKept((others, own))

    @property
    def files(self) -> FilesOpeners:
        """Opens a server's files on trial."""
        return FilesOpeners(self.gate, self.open_host, self.open_target)

    @property
    def sites(self) -> SiteOpener:
        """Opens the way to a server and its machine."""
        return SiteOpener(self.gate, self.open_host)


class Snapshots:
    """Every filesystem snapshot that this workstation took."""

    def __init__(self, tools: SnapshotTools, backups: Backups) -> None:
        self._tools = tools
        self._backups = backups

    def preflight(self, request: SnapshotRequest) -> Preflight:
        """Look at server and machine; nothing is locked and nothing is taken.

        Raises:
            ProfileNotFoundError, ConnectError, MissingPrivilegeError, SnapshotError.
        """
        profile, request = self._checked(request)
        with self._tools.sites.open(profile, request) as site:
            return site.checked

    def take(self, request: SnapshotRequest) -> RunId:
        """Start taking one and return at once.

        Raises:
            ProfileNotFoundError, InvalidSelectionError: Nothing was started.
        """
        tools = self._tools
        profile, request = self._checked(request)
        name = backup_id(tools.clock.now(), profile.slug, secrets.token_hex(2))
        body = TakeSnapshotBody(request, profile, name, tools.sites, tools.store, tools.clock)
        ticket = Ticket(
            kind=RunKind.SNAPSHOT,
            title=f"Snapshot of {profile.name}",
            phases=TAKE_PHASES,
            profile=profile.name,
            backup=name,
            claims=(Claim(f"snapshot of {profile.name}"),),
        )
        return tools.runner.start(ticket, body)

    def all(self, profile: str | None = None) -> tuple[Snapshot, ...]:
        """Return the snapshots, newest first."""
        wanted = profile.casefold() if profile else None
        return tuple(
            s
            for s in self._tools.store.all()
            if wanted is None or wanted in (s.profile_name.casefold(), s.profile_slug)
        )

    def find(self, text: str) -> Snapshot:
        """Return a snapshot by its id, the beginning of it, or ``latest``.

        Raises:
            SnapshotNotFoundError: If none or several fit.
        """
        known = self._tools.store.all()
        if text == LATEST:
            found = [s for s in known if not s.problem][:1]
        else:
            found = [s for s in known if s.snapshot == text] or [
                s for s in known if text and s.snapshot.startswith(text)
            ]
        if len(found) == 1:
            return found[0]
        what = f"{len(found)} snapshots begin with" if found else "there is no snapshot"
        raise SnapshotNotFoundError(
            f"{what} '{text}'", hint="list them with: mangrove snapshot list"
        )

    def delete(self, text: str) -> RunId:
        """Start removing one and return at once.

        Raises:
            SnapshotNotFoundError: Nothing was started.
            BackupProtectedError: If it is pinned.
        """
        snapshot = self.find(text)
        if snapshot.pin is not None:
            raise BackupProtectedError(
                f"{snapshot.snapshot} is pinned{f': {snapshot.pin}' if snapshot.pin else ''}; "
                "nothing was removed",
                hint=f"unpin it first: {command_line('snapshot', 'unpin', snapshot.snapshot)}",
            )
        body = DeleteSnapshotBody(snapshot, self._tools.open_host, self._tools.store)
        ticket = self._ticket(snapshot, RunKind.SNAPSHOT, "Delete", DELETE_PHASES)
        return self._tools.runner.start(ticket, body)

    def verify(self, text: str, mongod: str = "") -> RunId:
        """Start opening a throw-away copy and validating it; returns at once.

        Args:
            text: Which snapshot.
            mongod: The server program on its machine; "" for the one it was taken of.

        Raises:
            SnapshotNotFoundError: Nothing was started.
        """
        snapshot, tools = self.find(text), self._tools
        body = VerifySnapshotBody(
            snapshot, tools.gate, tools.open_host, tools.store, tools.clock, mongod
        )
        ticket = self._ticket(snapshot, RunKind.VERIFY, "Verify", VERIFY_PHASES)
        return tools.runner.start(ticket, body)

    def copy(self, text: str, vault: str, limit_bytes_per_s: int | None = None) -> RunId:
        """Start copying one into a vault, as a physical backup; returns at once.

        An unfinished copy of the same snapshot into the same vault is gone on with.

        Raises:
            SnapshotNotFoundError, VaultNotFoundError: Nothing was started.
        """
        snapshot, tools, shared = self.find(text), self._tools, self._tools.shared
        _require_whole(snapshot)
        spec = shared.vaults.find(vault)
        body = CopySnapshotBody(
            snapshot=snapshot,
            backup=backup_id(tools.clock.now(), snapshot.profile_slug, secrets.token_hex(2)),
            open_host=tools.open_host,
            vault=shared.keeper.open(spec),
            catalog=shared.catalog,
            ledger=tools.ledger,
            clock=tools.clock,
            tool_version=shared.tool_version,
            parallel=shared.parallel,
            limit_bytes_per_s=limit_bytes_per_s,
            copy_on=shared.copy_on(spec),
        )
        ticket = self._ticket(snapshot, RunKind.SNAPSHOT, "Copy", COPY_PHASES)
        claims = (*ticket.claims, Claim(f"vault {spec.name}"))
        return tools.runner.start(replace(ticket, vault=spec.name, claims=claims), body)

    def restore(self, text: str, folder: str, limit: OplogTimestamp | None = None) -> RunId:
        """Start bringing the files of a snapshot, or of a physical backup, into a folder.

        Args:
            text: Which one.
            folder: Empty, or not there yet.
            limit: Replay captured oplog onto them up to, and without, this entry.

        Raises:
            SnapshotNotFoundError, BackupNotFoundError, RestoreError, PointNotReachableError:
                Nothing was started.
        """
        tools, shared = self._tools, self._tools.shared
        try:
            snapshot = self.find(text)
        except SnapshotNotFoundError:
            return self._restore_stored(text, folder, limit)
        _require_whole(snapshot)
        rewind = self._rewind(snapshot.profile_slug, snapshot.consistent_at, limit)
        body = RestoreSnapshotBody(snapshot, folder, tools.open_host, tools.open_target, rewind)
        ticket = self._ticket(snapshot, RunKind.EXPORT, "Restore", RESTORE_PHASES)
        return shared.runner.start(ticket, body)

    def _restore_stored(self, text: str, folder: str, limit: OplogTimestamp | None) -> RunId:
        tools, shared = self._tools, self._tools.shared
        record = self._backups.find(text)
        spec = shared.vaults.by_id(record.vault_id)
        vault = shared.keeper.open(spec)
        manifest = vault.manifest(record.backup)
        files_in(manifest)
        rewind = self._rewind(record.profile_slug, record.consistent_at, limit)
        body = RestoreFilesBody(
            manifest, folder, vault, tools.clock, tools.open_target, shared.parallel, rewind
        )
        ticket = Ticket(
            kind=RunKind.EXPORT,
            title=f"Restore the files of {record.backup}",
            phases=RESTORE_PHASES,
            profile=record.profile_name,
            vault=spec.name,
            backup=record.backup,
            claims=(Claim(f"backup {record.backup}"),),
        )
        return shared.runner.start(ticket, body)

    def _rewind(
        self, slug: str, base: OplogTimestamp | None, limit: OplogTimestamp | None
    ) -> SnapshotRewind | None:
        """Find the slices that lead from where files stand to a moment."""
        if limit is None:
            return None
        tools, shared = self._tools, self._tools.shared
        found = slices_onto(base, limit, tools.catalog.slices(slug), tools.catalog.breaks(slug))
        vault = shared.keeper.open(shared.vaults.by_id(found[0].vault_id))
        return SnapshotRewind(limit, found, vault, tools.gate, tools.open_host)

    def guide(self, text: str, folder: str) -> str:
        """Return the restore guide of a snapshot, for files in this folder.

        Raises:
            SnapshotNotFoundError: If there is none.
        """
        return restore_guide(snapshot_facts(self.find(text), folder))

    def preview_prune(self, profile: str, policy: RetentionPolicy) -> Judgement:
        """Say which snapshots of a profile the policy lets go, and why the others stay.

        Raises:
            ProfileNotFoundError, InvalidPolicyError: If it cannot be said.
        """
        slug = self._tools.profiles.find(profile).slug
        own = [s for s in self._tools.store.all() if s.profile_slug == slug]
        now = self._tools.clock.now()
        return judge_snapshots(own, checked_policy(policy), now, zone_named)

    def prune(self, profile: str, policy: RetentionPolicy) -> RunId:
        """Start removing what the preview says; returns at once.

        Raises:
            ProfileNotFoundError, InvalidPolicyError: Nothing was started.
        """
        tools = self._tools
        names = {verdict.entry.backup for verdict in self.preview_prune(profile, policy).going}
        going = tuple(s for s in tools.store.all() if s.snapshot in names)
        ticket = Ticket(
            kind=RunKind.SNAPSHOT,
            title=f"Prune the snapshots of {profile}",
            phases=PRUNE_PHASES,
            profile=profile,
            claims=(Claim(f"snapshot of {profile}"),),
        )
        return tools.runner.start(ticket, PruneSnapshotsBody(going, tools.open_host, tools.store))

    def forget(self, text: str) -> Snapshot:
        """Take a snapshot off the register; what lies on the file system stays.

        Raises:
            SnapshotNotFoundError: If there is none.
        """
        snapshot = self.find(text)
        self._tools.store.remove(snapshot.snapshot)
        return snapshot

    def pin(self, text: str, note: str) -> Snapshot:
        """Keep one from every deletion.

        Raises:
            SnapshotNotFoundError: If there is none.
        """
        return self._saved(replace(self.find(text), pin=note))

    def unpin(self, text: str) -> Snapshot:
        """Let one be deleted again.

        Raises:
            SnapshotNotFoundError: If there is none.
        """
        return self._saved(replace(self.find(text), pin=None))

    def _saved(self, snapshot: Snapshot) -> Snapshot:
        self._tools.store.save(snapshot)
        return snapshot

    def _checked(self, request: SnapshotRequest) -> tuple[Profile, SnapshotRequest]:
        """Return the profile, and the request with what it leaves open."""
        if not MIN_LOCK_LIMIT <= request.lock_limit <= MAX_LOCK_LIMIT:
            raise InvalidSelectionError(
                "a lock lasts at least 2 seconds and at most 15 minutes; nothing was locked"
            )
        profile = self._tools.profiles.find(request.profile)
        if request.commands != OwnCommands() and request.provider is None:
            request = replace(request, provider=Provider.COMMANDS)
        if request.ssh is None and not request.node and profile.tunnel is not None:
            raise SnapshotRefusedError(
                f"{profile.name} is reached through {profile.tunnel.address}, and its files are "
                "not on this computer; nothing was locked",
                hint=f"name the machine with the files: {typed('--ssh', profile.tunnel.address)}",
            )
        return profile, request

    def _ticket(
        self, snapshot: Snapshot, kind: RunKind, verb: str, phases: tuple[Phase, ...]
    ) -> Ticket:
        return Ticket(
            kind=kind,
            title=f"{verb} snapshot {snapshot.snapshot}",
            phases=phases,
            profile=snapshot.profile_name,
            backup=snapshot.snapshot,
            claims=(Claim(f"snapshot {snapshot.snapshot}"),),
        )


def _require_whole(snapshot: Snapshot) -> None:
    if snapshot.problem:
        raise SnapshotRefusedError(
            f"{snapshot.snapshot} cannot be used: {snapshot.problem}", hint="take another one"
        )
