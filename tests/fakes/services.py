"""Stand-ins for the services, full of sample data or empty: what a page test draws from."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from fakes import sample_data, sample_jobs, sample_runs
from fakes.activity import FakeActivity, FakeBackground
from fakes.alerts import AlertsDesk
from fakes.atlas import FakeAtlasServices, atlas_in_memory
from fakes.clock import FakeClock
from fakes.evidence import FakeAssertions, FakeDrills, FakeEvidenceReports
from fakes.figures import FigureFakes, MemoryFiringFacts, MemoryRunFacts, fake_figures, measured_by
from fakes.mirrors import FakeMirrors
from fakes.retention_services import FakeRetention, FakeUpkeep
from fakes.sample_alerts import busy_desk, quiet_desk
from fakes.sample_slices import FakeSlices, captured
from fakes.snapshot_services import FakeSnapshots, sample_snapshots
from mangrove.app.clock import zone_of
from mangrove.core.backup import BackupId, BackupRequest, RestoreRequest, Selection
from mangrove.core.backup_record import BackupRecord
from mangrove.core.copy import CopyRequest, DumpRestoreRequest, copy_plan
from mangrove.core.deployment import CollectionSize, DeploymentReport, PrivilegeFinding
from mangrove.core.dump import DumpForm, ExportRequest, ImportRequest
from mangrove.core.errors import (
    BackupNotFoundError,
    MangroveError,
    NameTakenError,
    ProfileNotFoundError,
    VaultNotFoundError,
)
from mangrove.core.jobs.autostart import AutostartState
from mangrove.core.jobs.job import JobKind, Rest
from mangrove.core.jobs.outlook import JobStanding, Outlook, outlook
from mangrove.core.jobs.schedule import parse_schedule
from mangrove.core.jobs.vigil import Notice
from mangrove.core.latest import Latest, latest_of
from mangrove.core.manifest import Manifest, StoredUsersAndRoles
from mangrove.core.namespace import Namespace
from mangrove.core.official_command import (
    OfficialCommand,
    dump_command,
    read_backup,
    read_deployment,
    read_path,
    restore_command,
)
from mangrove.core.pitr.capture import CaptureRequest
from mangrove.core.ports.agent import LeaseHolder
from mangrove.core.ports.catalog import SliceCatalog
from mangrove.core.ports.steps import StepListener
from mangrove.core.profile import Profile, SecretHome, UnreadableProfile, checked_name, slug_of
from mangrove.core.restores.forecast import (
    Forecast,
    FreeSpace,
    Measured,
    secondary_indexes,
    space_forecast,
    time_forecast,
)
from mangrove.core.restores.leftovers import (
    Leftover,
    StrangeScratch,
    leftovers_in,
    strange_scratch_in,
)
from mangrove.core.restores.plan import RestorePlan
from mangrove.core.restores.planning import plan_restore
from mangrove.core.restores.unfinished import Unfinished, unfinished_in
from mangrove.core.restores.version_conflicts import VersionConflict
from mangrove.core.run import RunId, RunKind
from mangrove.core.secret import Secret
from mangrove.core.uri import parse_uri
from mangrove.core.vaults.key_changes import (
    Holder,
    with_confirmed_kit,
    with_holder,
    with_kit,
    with_new_signing_key,
    without_holder,
)
from mangrove.core.vaults.keys import RetiredKey
from mangrove.core.vaults.lock import VaultLock
from mangrove.core.vaults.url import parse_vault_url
from mangrove.core.vaults.vault import Debris, PlaceReport, VaultHealth, VaultId, VaultSpec
from mangrove.core.verification import VerifyRequest
from mangrove.services.agent_desk import AutostartView, check_pause
from mangrove.services.alerts import Alerts
from mangrove.services.atlas.service import Atlas
from mangrove.services.backups import BackupExplanation, BackupTools
from mangrove.services.bundle import Services
from mangrove.services.channels import Channels
from mangrove.services.figures.service import Figures
from mangrove.services.jobs import JobDraft, JobView
from mangrove.services.keys import ChangedKeys
from mangrove.services.kit_files import KitFiles
from mangrove.services.kits import OpenedKit
from mangrove.services.objectives import ObjectiveBook
from mangrove.services.points import Points
from mangrove.services.profiles import ProfileDraft, Profiles, SavedProfile
from mangrove.services.vaults import SavedVault, VaultDraft

TARGET_URI = parse_uri("mongodb://ann@db.example.net").uri


@dataclass
class FakeProfiles:
    """Profiles in a list. ``problem`` makes tests and listings fail."""

    rows: list[Profile | UnreadableProfile]
    report: DeploymentReport = sample_data.REPORT
    problem: MangroveError | None = None
    notice: str = ""
    drafts: list[ProfileDraft] = field(default_factory=list)
    tree: tuple[CollectionSize, ...] = sample_data.TREE
    has_all_databases: bool = True  # what the user is shown

    def all(self) -> tuple[Profile | UnreadableProfile, ...]:
        return tuple(self.rows)

    def find(self, name: str) -> Profile:
        for row in self.rows:
            if isinstance(row, Profile) and row.name.casefold() == name.casefold():
                return row
        raise ProfileNotFoundError(f"there is no profile '{name}'")

    def preview(self, draft: ProfileDraft) -> Profile:
        uri = parse_uri(draft.uri_text).uri
        name = checked_name(draft.name)
        made = sample_data.profile(name, uri.text(), draft.colour)
        return replace(made, slug=slug_of(name))

    def add(self, draft: ProfileDraft) -> SavedProfile:
        made = self.preview(draft)
        if any(row.name.casefold() == made.name.casefold() for row in self.rows):
            raise NameTakenError(f"there is a profile '{made.name}' already")
        self.drafts.append(draft)
        self.rows.append(made)
        return SavedProfile(made, SecretHome.SESSION if self.notice else SecretHome.KEYRING)

    def update(self, profile_id: str, draft: ProfileDraft) -> SavedProfile:
        made = self.preview(draft)
        self.drafts.append(draft)
        self.rows = [
            replace(made, profile_id=row.profile_id)
            if isinstance(row, Profile) and row.profile_id == profile_id
            else row
            for row in self.rows
        ]
        return SavedProfile(made, SecretHome.KEYRING)

    def duplicate(self, name: str, new_name: str) -> SavedProfile:
        old = self.find(name)
        return self.add(ProfileDraft(new_name, old.uri.text(), colour=old.colour))

    def remove(self, name: str) -> None:
        self.rows = [row for row in self.rows if row.name != name]

    def test(self, name: str, on_step: StepListener) -> DeploymentReport:
        self.find(name)
        return self._probe(on_step)

    def test_draft(
        self,
        draft: ProfileDraft,
        on_step: StepListener,
        profile_id: str | None = None,
    ) -> DeploymentReport:
        del profile_id
        parse_uri(draft.uri_text)
        return self._probe(on_step)

    def collections(self, name: str) -> tuple[CollectionSize, ...]:
        self.find(name)
        if self.problem:
            raise self.problem
        return self.tree

    def sees_everything(self, name: str) -> bool:
        self.find(name)
        return self.has_all_databases

    def secrets_notice(self) -> str:
        return self.notice

    def _probe(self, on_step: StepListener) -> DeploymentReport:
        on_step("name resolved", "")
        if self.problem:
            raise self.problem
        for step in ("name resolved", "port open", "TLS", "sign-in", "privileges", "oplog"):
            on_step(step, "")
            on_step(step, "done in 3 ms")
        return self.report


@dataclass
class FakeVaults:
    """Vaults in a list. ``problem`` makes every blocking call fail."""

    rows: list[VaultSpec]
    health: dict[str, VaultHealth]
    problem: MangroveError | None = None
    drafts: list[VaultDraft] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def all(self) -> tuple[VaultSpec, ...]:
        return tuple(self.rows)

    def find(self, name: str) -> VaultSpec:
        for row in self.rows:
            if row.name.casefold() == name.casefold():
                return row
        raise VaultNotFoundError(f"there is no vault '{name}'")

    def replace_row(self, spec: VaultSpec) -> None:
        self.rows = [spec if row.vault_id == spec.vault_id else row for row in self.rows]

    def by_id(self, vault_id: VaultId) -> VaultSpec:
        return next(row for row in self.rows if row.vault_id == vault_id)

    def test(self, draft: VaultDraft, on_step: StepListener) -> PlaceReport:
        parse_vault_url(draft.url)
        on_step("reached", "")
        on_step("reached", "it is there and empty")
        if self.problem:
            raise self.problem
        on_step("written", "256 KiB under a name of its own")
        return PlaceReport(free_bytes=5_000_000_000)

    def add(self, draft: VaultDraft) -> SavedVault:
        parse_vault_url(draft.url)
        if self.problem:
            raise self.problem
        if any(row.name.casefold() == draft.name.casefold() for row in self.rows):
            raise NameTakenError(f"there is a vault '{draft.name}' already")
        self.drafts.append(draft)
        made = replace(
            sample_data.VAULTS[0],
            vault_id=VaultId(f"new{len(self.rows)}"),
            name=draft.name,
            url=draft.url,
            recipients=sample_data.VAULTS[0].recipients if draft.encrypted else (),
        )
        self.rows.append(made)
        return SavedVault(made, "" if draft.encrypted else "this vault is not encrypted")

    def remove(self, name: str) -> None:
        self.rows = [row for row in self.rows if row.name != name]

    def check(self, name: str) -> VaultHealth:
        if self.problem:
            raise self.problem
        return self.health.get(name, sample_data.HEALTH["cloud"])

    def left_by_killed(self, name: str) -> tuple[Debris, ...]:
        del name
        return ()

    def break_stale_locks(self, name: str) -> tuple[VaultLock, ...]:
        self.broken.append(name)
        return ()

    def rebuild_catalog(self, name: str) -> int:
        return self.check(name).backups

    def clean(self, name: str) -> int:
        freed = sum(d.size_bytes for d in self.check(name).debris)
        self.health[name] = replace(self.check(name), debris=())
        return freed


@dataclass
class FakeBackups:
    """Backups in a list, newest first."""

    rows: list[BackupRecord]
    activity: FakeActivity
    problem: MangroveError | None = None
    requests: list[BackupRequest] = field(default_factory=list)
    matching: int | None = 42
    measured: list[Measured] = field(default_factory=list)
    counted: list[tuple[str, str, str]] = field(default_factory=list)
    accounts: StoredUsersAndRoles | None = None

    def start(self, request: BackupRequest) -> RunId:
        if self.problem:
            raise self.problem
        self.requests.append(request)
        title = f"Back up {request.profile}"
        return self.activity.begin(RunKind.BACKUP, title, request.profile, request.vault)

    def official(self, request: BackupRequest) -> OfficialCommand:
        return dump_command(request, parse_uri("mongodb://ann@db.example.net").uri)

    def count(self, profile: str, namespace: Namespace, query: str) -> int | None:
        self.counted.append((profile, str(namespace), query))
        if self.problem:
            raise self.problem
        return self.matching

    def all(self, vault: str | None = None, profile: str | None = None) -> tuple[BackupRecord, ...]:
        return tuple(
            row
            for row in self.rows
            if vault in (None, self.vault_name(row)) and profile in (None, row.profile_name)
        )

    def newest(self, limit: int) -> tuple[BackupRecord, ...]:
        return tuple(self.rows[:limit])

    def latest(self) -> Latest | None:
        return latest_of(self.rows)

    def usual_vault(self, profile: str) -> str:
        return next((self.vault_name(r) for r in self.rows if r.profile_name == profile), "")

    def of_profile(self, slug: str, since: datetime | None = None) -> tuple[BackupRecord, ...]:
        own = (row for row in self.rows if row.profile_slug == slug)
        return tuple(row for row in own if since is None or row.started_at >= since)

    def find(self, text: str) -> BackupRecord:
        for row in self.rows:
            if text == "latest" or row.backup.startswith(text):
                return row
        raise BackupNotFoundError(f"no vault holds a backup '{text}'")

    def explain(self, backup_id: str) -> BackupExplanation:
        if self.problem:
            raise self.problem
        row = self.find(backup_id)
        text = (
            f"This backup holds {row.selection} of {row.profile_name} as of one moment. "
            "Every stored object was re-read and matched its SHA-256."
        )
        manifest = replace(sample_data.manifest_of(row), users_and_roles=self.accounts)
        return BackupExplanation(row, manifest, sample_data.evidence_of(row), text)

    def vault_name(self, row: BackupRecord) -> str:
        names = {spec.vault_id: spec.name for spec in sample_data.VAULTS}
        return names.get(row.vault_id, "")


@dataclass
class FakeVerifications:
    """Starts verifications that stay queued."""

    activity: FakeActivity
    requests: list[VerifyRequest] = field(default_factory=list)

    def start(self, request: VerifyRequest) -> RunId:
        self.requests.append(request)
        return self.activity.begin(RunKind.VERIFY, f"Verify {request.backup}", "", "")


@dataclass
class FakeTarget:
    """What the deployment restored to has and allows."""

    free: FreeSpace = field(default_factory=lambda: FreeSpace(40 * 10**9))
    missing: tuple[str, ...] = ()
    conflicts: tuple[VersionConflict, ...] = ()
    measured: tuple[Measured, ...] = sample_data.RESTORES

    def forecast(self, plan: RestorePlan) -> Forecast:
        moved = [(p.entry, p.target) for p in plan.namespaces]
        role = "restore" if self.missing else ""
        return Forecast(
            collections=len(moved),
            documents=plan.documents,
            plain_bytes=plan.plain_bytes,
            indexes=secondary_indexes(moved),
            space=space_forecast(moved, self.free),
            time=time_forecast(plan.plain_bytes, self.measured, plan.profile),
            privileges=PrivilegeFinding("restore", not self.missing, self.missing, role),
            conflicts=self.conflicts,
        )

    def index_commands(self, plan: RestorePlan) -> tuple[str, ...]:
        return tuple(
            f'{{"createIndexes":"{p.target.collection}","indexes":[],"$db":"{p.target.database}"}}'
            for p in plan.namespaces
            if p.entry.kind != "view"
        )


@dataclass
class FakeRestores:
    """Plans by the real rule over sample manifests; ``existing`` is what the target holds."""

    backups: FakeBackups
    activity: FakeActivity
    existing: dict[str, frozenset[str]] = field(default_factory=dict)
    requests: list[RestoreRequest] = field(default_factory=list)
    target: FakeTarget = field(default_factory=FakeTarget)

    def preview(self, request: RestoreRequest) -> RestorePlan:
        manifest = sample_data.manifest_of(self.backups.find(request.backup))
        plan = plan_restore(manifest, request, self.existing, sample_data.NOW)
        return replace(plan, forecast=self.target.forecast(plan))

    def official(self, request: RestoreRequest) -> OfficialCommand:
        return restore_command(
            request, self.preview(request), TARGET_URI, read_backup(request.backup)
        )

    def index_commands(self, request: RestoreRequest) -> tuple[str, ...]:
        return self.target.index_commands(self.preview(request))

    def start(self, request: RestoreRequest) -> RunId:
        self.preview(request).require_confirmed()
        self.requests.append(request)
        title = f"Restore into {request.profile}"
        return self.activity.begin(RunKind.RESTORE, title, request.profile, "")


@dataclass
class FakeLeftovers:
    """Remembers what was to be removed; the listing is that of the profiles."""

    profiles: FakeProfiles
    removed: list[Namespace] = field(default_factory=list)
    unfinished: list[Unfinished] = field(default_factory=list)

    def of(self, name: str) -> tuple[Leftover, ...]:
        return self.among(name, self.profiles.collections(name))

    def among(self, name: str, found: Sequence[CollectionSize]) -> tuple[Leftover, ...]:
        self.profiles.find(name)
        listed = {Namespace(row.database, row.name): row for row in found}
        made = {entry.namespace: entry.identity for entry in self.unfinished}
        here = {n: said for n, said in made.items() if n in listed}
        return (*leftovers_in(found), *unfinished_in(found, self.unfinished, here))

    def strange_among(
        self, name: str, found: Sequence[CollectionSize]
    ) -> tuple[StrangeScratch, ...]:
        self.profiles.find(name)
        return strange_scratch_in(found, ())

    def remove(self, name: str, wanted: Sequence[Namespace]) -> tuple[Namespace, ...]:
        self.profiles.find(name)
        self.removed += wanted
        gone = {(n.database, n.collection) for n in wanted}
        self.profiles.tree = tuple(
            row for row in self.profiles.tree if (row.database, row.name) not in gone
        )
        return tuple(wanted)


@dataclass
class FakeKeys:
    """Changes the specs of the fake vaults by the real rules."""

    vaults: FakeVaults
    activity: FakeActivity
    problem: MangroveError | None = None
    notice: str = ""
    imported: list[Secret] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)

    def add_recipient(self, name: str, holder: Holder) -> ChangedKeys:
        return self._changed(with_holder(self._found(name), holder))

    def remove_recipient(self, name: str, wanted: str) -> ChangedKeys:
        return self._changed(without_holder(self._found(name), wanted))

    def rotate_signing_key(self, name: str) -> ChangedKeys:
        spec = self._found(name)
        return self._changed(
            with_new_signing_key(spec, "RWnew", RetiredKey(spec.public_key, 30, sample_data.NOW))
        )

    def import_identity(self, name: str, identity: Secret) -> Holder:
        self.imported.append(identity)
        return Holder(self._found(name).recipients[0])

    def start_rewrap(self, name: str) -> RunId:
        self._found(name)
        return self.activity.begin(RunKind.REWRAP, f"Re-wrap {name}", "", name)

    def accept_missing(self, name: str) -> tuple[BackupId, ...]:
        self.accepted.append(name)
        health = self.vaults.health[name]
        self.vaults.health[name] = replace(health, missing=(), rolled_back="")
        return health.missing

    def _found(self, name: str) -> VaultSpec:
        if self.problem:
            raise self.problem
        return self.vaults.find(name)

    def _changed(self, spec: VaultSpec) -> ChangedKeys:
        self.vaults.replace_row(spec)
        return ChangedKeys(spec, self.notice)


@dataclass
class FakeKits:
    """Makes kits that are written nowhere; their code is that of the sample data."""

    vaults: FakeVaults
    problem: MangroveError | None = None
    made: list[str] = field(default_factory=list)
    opened: list[tuple[str, str, str]] = field(default_factory=list)

    def make(
        self, name: str, target: str, passphrase: Secret, *, with_storage_key: bool = False
    ) -> KitFiles:
        del passphrase, with_storage_key
        if self.problem:
            raise self.problem
        self.made.append(target)
        spec = self.vaults.find(name)
        self.vaults.replace_row(with_kit(spec, sample_data.KIT_CODE, sample_data.NOW))
        return KitFiles(Path(f"{target}.pdf"), Path(f"{target}.age"))

    def confirm(self, name: str, code: str) -> VaultSpec:
        spec = with_confirmed_kit(self.vaults.find(name), code, sample_data.NOW)
        self.vaults.replace_row(spec)
        return spec

    def read(self, path: str, passphrase: Secret) -> str:
        del passphrase
        if self.problem:
            raise self.problem
        return path

    def open(
        self, kit: str, *, url: str = "", name: str = "", storage_key: Secret | None = None
    ) -> OpenedKit:
        del storage_key
        self.opened.append((kit, url, name))
        return OpenedKit(sample_data.VAULTS[0], 30, ("production",), ())


@dataclass
class FakeDumps:
    """Remembers what was to leave and to enter; every dump holds the same, every path is free."""

    activity: FakeActivity
    problem: MangroveError | None = None
    exports: list[ExportRequest] = field(default_factory=list)
    imports: list[ImportRequest] = field(default_factory=list)
    accounts: StoredUsersAndRoles | None = None
    paths: tuple[str, ...] = ()

    def lies_at(self, path_text: str) -> bool:
        return path_text in self.paths

    def checked_target(self, path_text: str, form: DumpForm) -> Path:
        del form
        if self.problem:
            raise self.problem
        return Path(path_text)

    def look(self, path_text: str, database: str = "") -> Manifest:
        del path_text, database
        if self.problem:
            raise self.problem
        found = sample_data.manifest_of(sample_data.RECORDS[0])
        return replace(found, users_and_roles=self.accounts)

    def start_export(self, request: ExportRequest) -> RunId:
        self.exports.append(request)
        return self.activity.begin(RunKind.EXPORT, f"Export {request.backup}", "", "")

    def start_import(self, request: ImportRequest) -> RunId:
        self.imports.append(request)
        return self.activity.begin(RunKind.IMPORT, f"Import {request.path}", "", request.vault)


@dataclass
class FakeCopies:
    """Plans by the real rule; every source holds the same, ``existing`` is at the target."""

    activity: FakeActivity
    existing: dict[str, frozenset[str]] = field(default_factory=dict)
    problem: MangroveError | None = None
    copies: list[CopyRequest] = field(default_factory=list)
    dumps: list[DumpRestoreRequest] = field(default_factory=list)
    target: FakeTarget = field(default_factory=FakeTarget)

    def official(self, request: CopyRequest) -> OfficialCommand:
        asked = BackupRequest(request.source, "", request.selection)
        source = read_deployment(dump_command(asked, TARGET_URI))
        return restore_command(request.restore, self.preview(request), TARGET_URI, source)

    def official_of_dump(self, request: DumpRestoreRequest) -> OfficialCommand:
        source = read_path(request.path, is_archive=False, is_gzip=True)
        return restore_command(request.restore, self.preview_dump(request), TARGET_URI, source)

    def index_commands(self, request: CopyRequest) -> tuple[str, ...]:
        return self.target.index_commands(self.preview(request))

    def index_commands_of_dump(self, request: DumpRestoreRequest) -> tuple[str, ...]:
        return self.target.index_commands(self.preview_dump(request))

    def preview(self, request: CopyRequest) -> RestorePlan:
        return copy_plan(self._planned(request.restore, request.selection))

    def preview_dump(self, request: DumpRestoreRequest) -> RestorePlan:
        return self._planned(request.restore, Selection())

    def start(self, request: CopyRequest) -> RunId:
        self.preview(request).require_confirmed()
        self.copies.append(request)
        title = f"Copy {request.source} to {request.restore.profile}"
        return self.activity.begin(RunKind.COPY, title, request.restore.profile, "")

    def start_dump(self, request: DumpRestoreRequest) -> RunId:
        self.preview_dump(request).require_confirmed()
        self.dumps.append(request)
        return self.activity.begin(
            RunKind.RESTORE, f"Restore {request.path}", request.restore.profile, ""
        )

    def _planned(self, request: RestoreRequest, selection: Selection) -> RestorePlan:
        if self.problem:
            raise self.problem
        whole = sample_data.manifest_of(sample_data.RECORDS[0])
        taken = tuple(n for n in whole.namespaces if selection.matches(n.namespace))
        manifest = replace(whole, namespaces=taken)
        plan = plan_restore(manifest, request, self.existing, sample_data.NOW)
        return replace(plan, forecast=self.target.forecast(plan))


@dataclass
class FakeCaptures:
    """Remembers what was to be captured."""

    activity: FakeActivity
    requests: list[CaptureRequest] = field(default_factory=list)

    def start(self, request: CaptureRequest) -> RunId:
        self.requests.append(request)
        title = f"Follow the oplog of {request.profile}"
        return self.activity.begin(RunKind.CAPTURE, title, request.profile, request.vault)


@dataclass
class FakeJobs:
    """Jobs in a list; ``holder`` is the process that fires them."""

    rows: list[JobView]
    holder: LeaseHolder | None = None
    problem: MangroveError | None = None
    done: list[tuple[str, ...]] = field(default_factory=list)
    drafts: list[JobDraft] = field(default_factory=list)

    @property
    def kinds(self) -> tuple[JobKind, ...]:
        return tuple(JobKind)

    def all(self) -> tuple[JobView, ...]:
        if self.problem:
            raise self.problem
        return tuple(self.rows)

    def names(self) -> tuple[str, ...]:
        return tuple(view.job.name for view in self.all())

    def preview(self, schedule: str, zone: str, count: int = 10) -> tuple[datetime, ...]:
        return parse_schedule(schedule, zone).upcoming(sample_data.NOW, count)

    def add(self, draft: JobDraft) -> None:
        self.drafts.append(draft)

    def add_recommended(self, profile: str, vault: str, zone: str) -> None:
        self.done.append(("recommended", profile, vault, zone))

    def start(self, name: str) -> None:
        self.done.append(("start", name))

    def find(self, name: str) -> JobView:
        return next(row for row in self.rows if row.job.name == name)

    def pause(self, name: str, until: datetime, why: str) -> None:
        check_pause(until, why, sample_data.NOW)
        self.done.append(("pause", name, until.isoformat(), why))

    def resume(self, name: str) -> None:
        self.done.append(("resume", name))

    def remove(self, name: str) -> None:
        self.done.append(("remove", name))
        self.rows = [row for row in self.rows if row.job.name != name]


@dataclass
class FakeAgent:
    """An agent that does as a test says."""

    jobs: FakeJobs
    resting: Rest | None = None
    state: AutostartState | None = AutostartState.ABSENT
    noticed: tuple[Notice, ...] = ()
    ours: bool = True
    problem: MangroveError | None = None
    done: list[tuple[str, ...]] = field(default_factory=list)

    def holder(self) -> LeaseHolder | None:
        return self.jobs.holder

    def is_ours(self) -> bool:
        return self.ours

    def notices(self, limit: int = 20) -> tuple[Notice, ...]:
        return self.noticed[:limit]

    def rest(self) -> Rest | None:
        return self.resting

    def outlook(self) -> Outlook:
        jobs = [JobStanding(view.job, view.last) for view in self.jobs.rows]
        is_attended = self.jobs.holder is not None
        return outlook(jobs, self.resting, sample_data.NOW, is_attended=is_attended)

    def rest_until(self, until: datetime, why: str) -> None:
        self.resting = Rest(until, why)
        self.done.append(("rest", why))

    def end_rest(self) -> None:
        self.resting = None
        self.done.append(("end rest",))

    def autostart(self) -> AutostartView:
        if self.state is None:
            return AutostartView(None, obstacle="this system has no systemd")
        place = "/home/ann/.config/systemd/user/mangrove-agent.service"
        return AutostartView(self.state, place, "[Unit]\nDescription=Mangrove\n")

    def install(self) -> None:
        if self.problem:
            raise self.problem
        self.state = AutostartState.INSTALLED
        self.done.append(("install",))

    def remove(self) -> None:
        self.state = AutostartState.ABSENT
        self.done.append(("remove",))


@dataclass(frozen=True, slots=True)
class FakeServices:
    """All fakes together, with their own types; ``services`` is what a page takes."""

    profiles: FakeProfiles
    vaults: FakeVaults
    backups: FakeBackups
    verifications: FakeVerifications
    assertions: FakeAssertions
    drills: FakeDrills
    evidence_reports: FakeEvidenceReports
    restores: FakeRestores
    dumps: FakeDumps
    copies: FakeCopies
    leftovers: FakeLeftovers
    captures: FakeCaptures
    slices: FakeSlices
    points: Points
    figures: Figures
    figure_memory: FigureFakes
    objectives: ObjectiveBook
    activity: FakeActivity
    jobs: FakeJobs
    agent: FakeAgent
    background: FakeBackground
    clock: FakeClock
    retention: FakeRetention
    upkeep: FakeUpkeep
    keys: FakeKeys
    kits: FakeKits
    mirrors: FakeMirrors
    alerts_desk: AlertsDesk
    atlas_fakes: FakeAtlasServices
    snapshots: FakeSnapshots

    @property
    def alerts(self) -> Alerts:
        """The real service over what is in memory."""
        return self.alerts_desk.alerts

    @property
    def channels(self) -> Channels:
        """The real service over what is in memory."""
        return self.alerts_desk.channels

    @property
    def atlas(self) -> Atlas:
        """The real services about Atlas, over one in memory."""
        return self.atlas_fakes.services

    @property
    def services(self) -> Services:
        """Return the same under the real type."""
        return cast("Services", self)


def sample_services() -> FakeServices:
    """Return services of a workstation that has been used for a month."""
    return _assembled(
        FakeProfiles(list(sample_data.PROFILES)),
        FakeVaults(list(sample_data.VAULTS), dict(sample_data.HEALTH)),
        list(sample_data.RECORDS),
        FakeActivity(sample_runs.RUNS, sample_runs.LOG),
        captured(),
        FakeJobs(list(sample_jobs.JOBS), sample_jobs.HOLDER),
    )


def empty_services() -> FakeServices:
    """Return services of a brand-new install."""
    nothing = FakeActivity((), ())
    return _assembled(FakeProfiles([]), FakeVaults([], {}), [], nothing, FakeSlices(), FakeJobs([]))


def _assembled(
    profiles: FakeProfiles,
    vaults: FakeVaults,
    rows: list[BackupRecord],
    activity: FakeActivity,
    slices: FakeSlices,
    jobs: FakeJobs,
) -> FakeServices:
    backups = FakeBackups(rows, activity)
    clock = FakeClock(sample_data.NOW)
    times = SimpleNamespace(of=lambda _profile: tuple(backups.measured))
    tools = SimpleNamespace(profiles=profiles, catalog=backups, clock=clock, times=times)
    points = Points(cast("BackupTools", tools), cast("SliceCatalog", slices), zone_of, lambda: UTC)
    memory = FigureFakes(
        MemoryRunFacts(activity.recent, measured_by(backups.measured, "production")),
        MemoryFiringFacts(lambda: jobs.rows),
        clock,
        holder=jobs.holder,
    )
    figures = fake_figures(profiles, vaults, points, backups.all, lambda: jobs.rows, memory)
    return FakeServices(
        profiles,
        vaults,
        backups,
        FakeVerifications(activity),
        FakeAssertions() if profiles.all() else FakeAssertions([]),
        FakeDrills(activity),
        FakeEvidenceReports(),
        FakeRestores(backups, activity),
        FakeDumps(activity),
        FakeCopies(activity),
        FakeLeftovers(profiles),
        FakeCaptures(activity),
        slices,
        points,
        figures,
        memory,
        ObjectiveBook(cast("Profiles", profiles), memory.objectives),
        activity,
        jobs,
        FakeAgent(jobs),
        FakeBackground(),
        clock,
        FakeRetention(backups, vaults, activity),
        FakeUpkeep(backups, vaults),
        FakeKeys(vaults, activity),
        FakeKits(vaults),
        FakeMirrors(vaults),
        busy_desk(clock) if rows else quiet_desk(clock),
        atlas_in_memory(profiles, activity, clock, has_account=bool(profiles.all())),
        FakeSnapshots(activity, sample_snapshots() if rows else []),
    )
