"""Builds everything, in one readable page: paths in, services out."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mangrove.app.alarm import Watching, alarm_parts
from mangrove.app.atlas import atlas_parts
from mangrove.app.clock import SystemClock, SystemWatch, local_zone, zone_of
from mangrove.app.late_gate import LateGate
from mangrove.app.lock_identity import locking_of
from mangrove.app.memory import give_back_after
from mangrove.app.paths import AppPaths
from mangrove.app.snapshot_parts import snapshot_tools
from mangrove.app.version import tool_version
from mangrove.connectors.autostart.installing import autostart
from mangrove.connectors.machine.awake import wakefulness
from mangrove.connectors.machine.network import RoutedNetwork
from mangrove.connectors.secrets.fallback import FallbackSecrets
from mangrove.connectors.secrets.os_keyring import OsKeyring
from mangrove.connectors.secrets.session_only import SessionSecrets
from mangrove.connectors.state.assertions import SqliteAssertions
from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.diary import SqliteDiary
from mangrove.connectors.state.facts import SqliteFiringFacts, SqliteRunFacts
from mangrove.connectors.state.jobs import SqliteJobs
from mangrove.connectors.state.lanes import SqliteLaneBook
from mangrove.connectors.state.leases import SqliteLease
from mangrove.connectors.state.making import SqliteMakingRegister
from mangrove.connectors.state.memory import SqliteMemory
from mangrove.connectors.state.objectives import SqliteObjectives, SqliteSightings
from mangrove.connectors.state.profiles import SqliteProfiles
from mangrove.connectors.state.runs import SqliteRuns
from mangrove.connectors.state.scratch import SqliteScratchRegister
from mangrove.connectors.state.vaults import SqliteVaults
from mangrove.core.errors import is_worth_retrying
from mangrove.core.jobs.autostart import AgentCommand
from mangrove.core.patience import STALL_S
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.gate import Gate
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.ports.state import RunHistory
from mangrove.core.secret import Secret
from mangrove.core.tunnel import TunnelSpec
from mangrove.core.vaults.lock import LockOwner
from mangrove.jobs.agent.agent import Agent
from mangrove.jobs.agent.firing import Firer
from mangrove.jobs.agent.keep_awake import KeepAwake
from mangrove.jobs.agent.stall_watch import StallWatch
from mangrove.jobs.agent.surroundings import Surroundings
from mangrove.jobs.alerts.alarm import Alarm
from mangrove.jobs.atlas.looking import AtlasLook
from mangrove.jobs.background import ThreadBackground
from mangrove.jobs.runner import Runner
from mangrove.services.activity import Activity
from mangrove.services.agent_desk import AgentDesk
from mangrove.services.assertions import Assertions
from mangrove.services.atlas.tools import POLL_S
from mangrove.services.backups import Backups, BackupTools
from mangrove.services.bundle import Services
from mangrove.services.captures import Captures
from mangrove.services.copies import Copies
from mangrove.services.drills import Drills
from mangrove.services.dumps import Dumps
from mangrove.services.evidence_reports import EvidenceReports
from mangrove.services.figures.looking import Looking
from mangrove.services.figures.service import Figures
from mangrove.services.figures.sources import FigureSources
from mangrove.services.job_steps import JobSteps
from mangrove.services.jobs import Jobs
from mangrove.services.keys import Keys
from mangrove.services.kits import Kits, KitStores
from mangrove.services.leftovers import Leftovers
from mangrove.services.mirrors import Mirrors
from mangrove.services.noted_shortfalls import NotedShortfalls
from mangrove.services.objectives import ObjectiveBook
from mangrove.services.points import Points
from mangrove.services.profiles import Profiles
from mangrove.services.restore_times import RestoreTimes
from mangrove.services.restores import Restores
from mangrove.services.retention import Retention
from mangrove.services.snapshots import Snapshots
from mangrove.services.upkeep import Upkeep
from mangrove.services.vaults import Vaults
from mangrove.services.verification import Verifications
from mangrove.vault.catalog.sqlite import SqliteCatalog
from mangrove.vault.crypto.recipients import DEFAULT_WORK_FACTOR
from mangrove.vault.keeper import VaultFactory
from mangrove.vault.kit.binder import KitBinder
from mangrove.vault.mirrors.keeper import MirrorFactory
from mangrove.vault.report.printer import Printer
from mangrove.vault.storage.opening import open_storage

if TYPE_CHECKING:
    from mangrove.connectors.ssh.dialing import Dialer

MAX_PARALLEL = 4
AGENT_VARIABLES = ("MANGROVE_HOME", "MANGROVE_MONGOD", "PYTHON_KEYRING_BACKEND")


@dataclass(frozen=True, slots=True)
class Parts:
    """What may be other than usual: the demo and the tests bring their own.

    Attributes:
        kit_work_factor: How hard the passphrase of a recovery kit is made to guess.
        stall_s: A server or storage that takes and gives nothing for so long ends its run.
        atlas_poll_s: How often what is waited for at Atlas is looked at.
    """

    secrets: SecretStore
    clock: Clock
    stall_s: float = STALL_S
    kit_work_factor: int = DEFAULT_WORK_FACTOR
    atlas_poll_s: float = POLL_S


def usual_parts() -> Parts:
    """Return the parts of a real session: the OS keyring and the machine's clock."""
    return Parts(FallbackSecrets(OsKeyring(), SessionSecrets()), SystemClock())


@contextmanager
def open_services(paths: AppPaths, parts: Parts) -> Iterator[Services]:
    """Build the services and take everything down in order at the end.

    Raises:
        DamagedStateError: If the file with profiles and history cannot be read.
    """
    with (
        closing(StateDatabase.open(paths.state)) as database,
        closing(SqliteCatalog.open(paths.catalog)) as catalog,
        _services(parts, paths, database, catalog) as services,
    ):
        yield services


@contextmanager
def _services(
    parts: Parts, paths: AppPaths, database: StateDatabase, catalog: SqliteCatalog
) -> Iterator[Services]:
    runs = SqliteRuns(database)
    keep_awake = KeepAwake(wakefulness())
    runner = _runner(runs, parts.clock, database, keep_awake)
    background = ThreadBackground()
    stopping = ExitStack()
    try:
        gate = LateGate(partial(_mongo_gate, parts), _looking(database, parts).listed)
        profiles = Profiles(SqliteProfiles(database), parts.secrets, gate, parts.clock)
        open_at = partial(open_storage, stall_s=parts.stall_s, dial_to=_dialer, now=parts.clock.now)
        locking = locking_of(paths.state, parts.clock)
        memory = SqliteMemory(database)
        keeper = VaultFactory(parts.secrets, parts.clock, open_at, locking, memory)
        mirrors = MirrorFactory(keeper, parts.secrets, open_at)
        vault_store = SqliteVaults(database)
        vaults = _watched(
            Vaults(vault_store, keeper, catalog, parts.secrets, runs, parts.clock),
            _looking(database, parts),
        )
        kit_stores = KitStores(
            vault_store,
            SqliteProfiles(database),
            parts.secrets,
            keeper,
            catalog,
            KitBinder(parts.kit_work_factor),
            memory,
        )
        atlas = atlas_parts(
            database, parts.secrets, parts.clock, profiles, runner, parts.atlas_poll_s
        )
        stopping.callback(atlas.look.close)
        tools = BackupTools(
            profiles=profiles,
            vaults=vaults,
            gate=gate,
            keeper=keeper,
            catalog=catalog,
            runner=runner,
            clock=parts.clock,
            tool_version=tool_version(),
            times=RestoreTimes(SqliteRunFacts(database), catalog.facts),
            mirrors=mirrors,
            limits=atlas.services.limits,
            making=SqliteMakingRegister(database),
            parallel=min(MAX_PARALLEL, max(2, os.cpu_count() or 2)),
        )
        backups = Backups(tools)
        snapping = snapshot_tools(tools, catalog, parts.secrets, database, embedded_folders())
        points = Points(tools, catalog, zone_of, local_zone, snapping.kept(atlas.services.kept))
        assertions = Assertions(SqliteAssertions(database), profiles, gate, parts.clock)
        scratch = SqliteScratchRegister(database)
        verifications = Verifications(tools, backups, scratch, assertions, snapping.files)
        retention = Retention(
            tools, backups, catalog, runs, _person(locking.owner), str(local_zone())
        )
        captures = Captures(tools, backups, catalog, runs)
        drills, upkeep = Drills(tools, points, scratch, assertions), Upkeep(tools, vaults, catalog)
        steps = JobSteps(
            profiles=profiles,
            vaults=vaults,
            backups=backups,
            verifications=verifications,
            captures=captures,
            retention=retention,
            drills=drills,
            upkeep=upkeep,
            clock=parts.clock,
        )
        figures = _figures(tools, catalog, points, database)
        alarm = stopping.enter_context(
            alarm_parts(
                parts.secrets,
                parts.clock,
                database,
                Watching(catalog, figures.overview, lambda spec: keeper.storage(spec).free_bytes()),
            )
        )
        agency = _agency(tools, steps, database, runs, alarm.alarm, atlas.look)
        stopping.callback(agency.jobs.close)
        yield Services(
            profiles=profiles,
            vaults=vaults,
            keys=Keys(tools, vault_store, parts.secrets, memory, kit_stores.binder, catalog),
            kits=Kits(vaults, kit_stores, parts.clock, tools.tool_version),
            backups=backups,
            verifications=verifications,
            assertions=assertions,
            drills=drills,
            evidence_reports=EvidenceReports(
                tools, backups, points, catalog, Printer(), _noted(database)
            ),
            restores=Restores(tools, backups, points, catalog),
            upkeep=upkeep,
            retention=retention,
            dumps=Dumps(tools, backups),
            leftovers=Leftovers(profiles, gate, runs, tools.making, scratch),
            copies=Copies(tools, backups),
            captures=captures,
            points=points,
            figures=figures,
            snapshots=Snapshots(snapping, backups),
            objectives=ObjectiveBook(profiles, SqliteObjectives(database)),
            mirrors=Mirrors(
                vaults,
                vault_store,
                parts.secrets,
                mirrors,
                runner,
                _looking(database, parts).compared,
            ),
            atlas=atlas.services,
            activity=Activity(runner, runs, parts.clock),
            jobs=agency.jobs,
            agent=agency.desk,
            alerts=alarm.alerts,
            channels=alarm.channels,
            background=background,
            clock=parts.clock,
        )
    finally:
        runner.close()
        keep_awake.close()
        stopping.close()
        background.close()


def _runner(
    runs: RunHistory, clock: Clock, database: StateDatabase, keep_awake: KeepAwake
) -> Runner:
    runner = Runner(runs, clock, lane_book=SqliteLaneBook(database))
    for listener in (keep_awake.watch, give_back_after):
        runner.subscribe(listener)
    return runner


def _person(owner: LockOwner) -> str:
    return f"{owner.user}@{owner.host}"


@dataclass(frozen=True, slots=True)
class _Agency:
    """The two services that ask the agent of this process."""

    jobs: Jobs
    desk: AgentDesk


def _agency(
    tools: BackupTools,
    steps: JobSteps,
    database: StateDatabase,
    runs: RunHistory,
    alarm: Alarm,
    look: AtlasLook,
) -> _Agency:
    store, diary = SqliteJobs(database), SqliteDiary(database)
    watch = StallWatch(tools.runner, tools.clock, diary)
    firer = Firer(store, tools.clock, steps, watch.wait, is_worth_retrying, told=alarm.heed)
    clocks = SystemWatch(tools.clock)
    around = Surroundings(clocks, RoutedNetwork(), steps.hosts_of, runs.close_abandoned, diary)
    lease = SqliteLease(database, "agent")
    tools.runner.before_closing(firer.stop.set)  # what is cancelled then comes again
    wake = partial(_wake, (alarm.wake, look.wake))
    agent = Agent(store, lease, tools.clock, firer, surroundings=around, after_look=wake)
    start = partial(autostart, agent_command())
    desk = AgentDesk(agent, store, diary, SqliteLaneBook(database), start, tools.clock)
    return _Agency(Jobs(store, steps, agent, tools.clock), desk)


def _wake(sleepers: Sequence[Callable[[], None]]) -> None:
    for wake in sleepers:
        wake()


def _figures(
    tools: BackupTools, catalog: SqliteCatalog, points: Points, database: StateDatabase
) -> Figures:
    agent = SqliteLease(database, "agent")
    return Figures(
        FigureSources(
            profiles=tools.profiles,
            vaults=tools.vaults,
            points=points,
            backups=catalog.facts,
            runs=SqliteRunFacts(database),
            jobs=SqliteJobs(database),
            firings=SqliteFiringFacts(database),
            objectives=SqliteObjectives(database),
            sightings=SqliteSightings(database),
            clock=tools.clock,
            fires=lambda: agent.holder(tools.clock.now()),
            zone=local_zone,
        )
    )


def _noted(database: StateDatabase) -> NotedShortfalls:
    histories = SqliteRunFacts(database), SqliteJobs(database), SqliteFiringFacts(database)
    return NotedShortfalls(*histories)


def _looking(database: StateDatabase, parts: Parts) -> Looking:
    return Looking(SqliteSightings(database), parts.clock)


def _watched(vaults: Vaults, looking: Looking) -> Vaults:
    vaults.on_looked = looking.looked
    return vaults


def agent_command() -> AgentCommand:
    """Return what starts the agent as we were started, with the same state."""
    kept = [(name, os.environ[name]) for name in AGENT_VARIABLES if name in os.environ]
    own = (sys.executable,) if getattr(sys, "frozen", False) else (sys.executable, "-m", "mangrove")
    return AgentCommand((*own, "agent"), tuple(kept))


def _dialer(spec: TunnelSpec, secret: Secret | None) -> "Dialer":
    # Loaded only for what lies behind an SSH server: the library takes long to load.
    from mangrove.connectors.ssh.dialing import Dialer  # noqa: PLC0415

    return Dialer(spec, secret)


def _mongo_gate(parts: Parts) -> Gate:
    # Loaded only when a server is needed; see LateGate.
    from mangrove.connectors.embedded.mongod import find_mongod  # noqa: PLC0415
    from mangrove.connectors.mongo.gate import MongoGate  # noqa: PLC0415

    find = partial(find_mongod, embedded_folders())
    return MongoGate(parts.secrets, find, parts.stall_s)


def embedded_folders() -> tuple[Path, ...]:
    """Return where a mongod program may lie besides PATH."""
    source_tree = Path(__file__).resolve().parents[3]
    return (source_tree / ".peers/m60/fiftyone/db/bin",)
