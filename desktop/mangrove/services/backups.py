"""Backups: start one, list them, explain one."""

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from mangrove.core.backup import (
    SAFETY_MARK,
    BackupId,
    BackupRequest,
    Consistency,
    Selection,
    backup_id,
)
from mangrove.core.backup_record import BackupRecord
from mangrove.core.catalog_words import rebuilding
from mangrove.core.errors import BackupNotFoundError, MangroveError
from mangrove.core.explain import explanation
from mangrove.core.latest import LATEST, Latest, latest_of
from mangrove.core.manifest import Manifest
from mangrove.core.namespace import Namespace
from mangrove.core.official_command import OfficialCommand, dump_command, notes_on_reaching
from mangrove.core.own_work import OwnWork, OwnWorkLimits
from mangrove.core.ports.catalog import Catalog
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.gate import Gate
from mangrove.core.ports.keeper import VaultKeeper
from mangrove.core.ports.mirror import Mirror, MirrorKeeper
from mangrove.core.ports.state import MakingRegister
from mangrove.core.profile import Profile
from mangrove.core.run import RunId, RunKind, RunResult
from mangrove.core.vaults.vault import Debris, VaultSpec
from mangrove.core.verification import Evidence
from mangrove.engine.queries import query_bytes
from mangrove.jobs.backup import BackupBody, Origin, phases_of
from mangrove.jobs.context import RunContext
from mangrove.jobs.lanes import Claim
from mangrove.jobs.runner import Runner, Ticket
from mangrove.jobs.vaults.mirror import follow_up
from mangrove.services.profiles import Profiles
from mangrove.services.restore_times import RestoreTimes
from mangrove.services.vaults import Vaults, killed_words

DEPLOYMENT_LIMIT = 2
COUNT_LIMIT_MS = 3_000
SHOWN_MATCHES = 4


@dataclass(frozen=True, slots=True)
class BackupExplanation:
    """One backup with everything known of it, and a paragraph that says it in words."""

    record: BackupRecord
    manifest: Manifest
    evidence: tuple[Evidence, ...]
    text: str


@dataclass(frozen=True, slots=True)
class BackupTools:
    """What the services that deal with backups work with."""

    profiles: Profiles
    vaults: Vaults
    gate: Gate
    keeper: VaultKeeper
    catalog: Catalog
    runner: Runner
    clock: Clock
    tool_version: str
    times: RestoreTimes
    mirrors: MirrorKeeper
    limits: OwnWorkLimits
    making: MakingRegister
    parallel: int = 2

    def copy_on(self, vault: VaultSpec) -> Callable[[RunContext], tuple[str, ...]]:
        """Return what a run calls to bring its backup to the mirrors of a vault."""
        opened = self.mirrors_of(vault)
        return partial(follow_up, open_mirrors=lambda: opened)

    def mirrors_of(self, vault: VaultSpec) -> tuple[Mirror, ...]:
        """Return the mirrors of a vault, opened."""
        return tuple(self.mirrors.open_mirror(vault, mirror) for mirror in vault.mirrors)


class Backups:
    """Every backup of every known vault."""

    def __init__(self, tools: BackupTools) -> None:
        self._tools = tools

    def start(self, request: BackupRequest) -> RunId:
        """Start a backup and return at once.

        Raises:
            ProfileNotFoundError, VaultNotFoundError: Nothing was started.
            UnsupportedTopologyError: If the oplog is needed and its Atlas cluster gives none.
        """
        profile = self._tools.profiles.find(request.profile)
        if request.consistency is Consistency.OPLOG:
            self._tools.limits.require(profile.profile_id, OwnWork.CAPTURE)
        spec = self._tools.vaults.find(request.vault)
        body = self._body(request, profile, spec)
        ticket = Ticket(
            kind=RunKind.BACKUP,
            title=f"Back up {profile.name}",
            phases=phases_of(request.consistency, has_mirrors=bool(spec.mirrors)),
            profile=profile.name,
            vault=spec.name,
            backup=body.backup,
            claims=(
                Claim(f"vault {spec.name}"),
                Claim(f"deployment {profile.name}", DEPLOYMENT_LIMIT),
            ),
        )
        return self._tools.runner.start(ticket, self._with_a_look_around(body, request, profile))

    def official(self, request: BackupRequest) -> OfficialCommand:
        """Return the same dump with MongoDB's own tools, as close as they come.

        Raises:
            ProfileNotFoundError: If the profile is not known.
        """
        profile = self._tools.profiles.find(request.profile)
        return dump_command(request, profile.uri, notes_on_reaching(profile))

    def count(self, profile: str, namespace: Namespace, query: str) -> int | None:
        """Count the documents that a query would take; None if that takes too long.

        Args:
            profile: The deployment to ask.
            namespace: The collection.
            query: Extended JSON.

        Raises:
            InvalidSelectionError: If query and collection do not go together.
            ProfileNotFoundError, ConnectError, SourceError: As looking turns out.
        """
        document = query_bytes(query)
        with self._tools.gate.open_source(self._tools.profiles.find(profile)) as source:
            return source.count(namespace, document, COUNT_LIMIT_MS)

    def safety_taker(
        self, profile: Profile, spec: VaultSpec
    ) -> Callable[[RunContext, tuple[Namespace, ...]], str]:
        """Return what a restore calls to back up the collections it will replace."""

        def take(ctx: RunContext, namespaces: tuple[Namespace, ...]) -> str:
            selection = Selection(collections=namespaces)
            request = BackupRequest(profile.name, spec.name, selection)
            body = self._body(request, profile, spec)
            named = replace(body.origin, name=f"{profile.name}{SAFETY_MARK}")
            return str(replace(body, origin=named)(ctx).backup)

        return take

    def all(self, vault: str | None = None, profile: str | None = None) -> tuple[BackupRecord, ...]:
        """Return the backups in the catalog, newest first.

        Raises:
            VaultNotFoundError: If that vault is not known.
        """
        vault_id = self._tools.vaults.find(vault).vault_id if vault else None
        wanted = profile.casefold() if profile else None
        return tuple(
            r
            for r in (
                self._tools.catalog.of_vault(vault_id) if vault_id else self._tools.catalog.all()
            )
            if (wanted is None or wanted in (r.profile_name.casefold(), r.profile_slug))
        )

    def newest(self, limit: int) -> tuple[BackupRecord, ...]:
        """Return the newest backups of all vaults at once, however many there are."""
        return self._tools.catalog.newest(limit)

    def find(self, text: str) -> BackupRecord:
        """Return a backup by its id, the beginning of it, or ``latest``.

        The latest is the newest complete backup of a deployment; safety backups and imports are
        never meant by that.

        Raises:
            BackupNotFoundError: If none or several fit.
        """
        catalog = self._tools.catalog
        if text == LATEST:
            meant = self.latest()
            found = [meant.record] if meant else []
        else:
            named = catalog.find(BackupId(text))
            found = [named] if named else list(catalog.beginning(text) if text else ())
        if len(found) == 1:
            return found[0]
        if not found and text == LATEST and catalog.all():
            raise BackupNotFoundError(
                "no backup that was taken of a deployment is complete; latest means no import and "
                "no safety backup",
                hint="name one of those by its id; list them with: mangrove backups",
            )
        if not found:
            raise BackupNotFoundError(
                f"there is no backup '{text}'",
                hint=f"list them with: mangrove backups; or rebuild the catalog: {rebuilding()}; "
                "a dump in files is named by its path",
            )
        shown = ", ".join(r.backup for r in found[:SHOWN_MATCHES])
        more = f" and {len(found) - SHOWN_MATCHES} more" if len(found) > SHOWN_MATCHES else ""
        raise BackupNotFoundError(
            f"'{text}' is the beginning of {len(found)} backups: {shown}{more}",
            hint="type one letter more than they have in common",
        )

    def latest(self) -> Latest | None:
        """Return what ``latest`` means now, and why nothing newer; None without any backup."""
        return latest_of(self._tools.catalog.all())

    def explain(self, backup: BackupId) -> BackupExplanation:
        """Read a backup's manifest and evidence, and say in words what it is.

        Raises:
            BackupNotFoundError, VaultError: As the vault says.
        """
        record = self.find(backup)
        vault = self._tools.keeper.open(self._tools.vaults.by_id(record.vault_id))
        manifest = vault.manifest(record.backup)
        evidence = vault.evidence(record.backup)
        text = explanation(manifest, evidence, self.vault_name(record))
        return BackupExplanation(record, manifest, evidence, text)

    def vault_name(self, record: BackupRecord) -> str:
        """Return the name of the vault a backup is in, "" if it is not known any more."""
        specs = self._tools.vaults.all()
        return next((v.name for v in specs if v.vault_id == record.vault_id), "")

    def usual_vault(self, profile: str) -> str:
        """Return the name of the vault a profile's newest backup went to; "" without any.

        Raises:
            ProfileNotFoundError: If the profile is not known.
        """
        own = self._tools.catalog.of_profile(self._tools.profiles.find(profile).slug)
        names = (self.vault_name(record) for record in own if not record.is_aside)
        return next((name for name in names if name), "")

    def _with_a_look_around(
        self, body: BackupBody, request: BackupRequest, profile: Profile
    ) -> Callable[[RunContext], RunResult]:
        """Let a backup be followed by a look around; its result depends on nothing found there.

        After a backup of a part all there is is listed, for what it lacks must show. What killed
        runs left in the vault is told as a warning.
        """

        def run(ctx: RunContext) -> RunResult:
            result = body(ctx)
            if not request.selection.is_whole:
                with suppress(MangroveError):
                    self._tools.gate.collections(profile)
            left: tuple[Debris, ...] = ()
            with suppress(MangroveError):
                left = self._tools.vaults.left_by_killed(request.vault)
            if not left:
                return result
            said = killed_words(left, self._tools.vaults.find(request.vault).name)
            return replace(result, warnings=(*result.warnings, said))

        return run

    def _body(self, request: BackupRequest, profile: Profile, spec: VaultSpec) -> BackupBody:
        tools = self._tools
        return BackupBody(
            request=request,
            backup=backup_id(tools.clock.now(), profile.slug, secrets.token_hex(2)),
            origin=Origin(profile.name, profile.slug),
            open_source=partial(tools.gate.open_source, profile),
            vault=tools.keeper.open(spec),
            catalog=tools.catalog,
            clock=tools.clock,
            tool_version=tools.tool_version,
            parallel=tools.parallel,
            copy_on=tools.copy_on(spec),
        )
