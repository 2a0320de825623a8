"""An alarm over a real state file, with real senders and a clock that the test moves."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from typing_extensions import override

from fakes.clock import FakeClock
from fakes.memory_state import MemoryCatalog, MemoryJobs, MemoryLease
from fakes.nightly import nightly
from fakes.secrets import MemorySecrets
from fakes.services import empty_services
from mangrove.connectors.alerts.apprise_sender import AppriseSender
from mangrove.connectors.alerts.heartbeat import HttpPinger
from mangrove.connectors.state.alerts import SqliteAlerts
from mangrove.connectors.state.channels import SqliteChannels
from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.vaults import SqliteVaults
from mangrove.core.alerts.delivery import Message
from mangrove.core.errors import DeliveryError
from mangrove.core.jobs.job import Firing, FiringState, Job
from mangrove.core.ports.alert import DesktopNotifier
from mangrove.core.secret import Secret
from mangrove.jobs.alerts.alarm import Alarm
from mangrove.jobs.alerts.courier import Addresses, Courier, SwitchedDesktop
from mangrove.services.alert_facts import AlertFacts, Rooms
from mangrove.services.alerts import Alerts
from mangrove.services.channels import ChannelDraft, Channels, ChannelTools

TUESDAY = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NIGHTLY = nightly(TUESDAY - 30 * 24 * HOUR)


class FakeDesktop(DesktopNotifier):
    """A desktop that a test looks at; without a session at first."""

    def __init__(self) -> None:
        self.shown: list[Message] = []
        self.is_there = False

    @override
    def show(self, message: Message) -> None:
        if not self.is_there:
            raise DeliveryError("this session has no desktop")
        self.shown.append(message)


@dataclass
class World:
    """One process with an alarm; ``restarted`` gives the next one on the same state."""

    folder: Path
    database: StateDatabase
    clock: FakeClock = field(default_factory=lambda: FakeClock(TUESDAY))
    jobs: MemoryJobs = field(default_factory=MemoryJobs)
    secrets: MemorySecrets = field(default_factory=MemorySecrets)
    is_ours: bool = True
    desktop: FakeDesktop = field(default_factory=FakeDesktop)

    def __post_init__(self) -> None:
        self.store, channels = SqliteAlerts(self.database), SqliteChannels(self.database)
        sender, pinger = AppriseSender(), HttpPinger()
        self.switched = SwitchedDesktop(self.desktop)
        self.courier = Courier(
            self.store,
            channels,
            Addresses(self.secrets),
            sender,
            pinger,
            self.switched,
            self.clock,
        )
        agent = MemoryLease()
        agent.take(TUESDAY)
        self.free_bytes: int | None = None
        facts = AlertFacts(
            jobs=self.jobs,
            vaults=SqliteVaults(self.database),
            catalog=MemoryCatalog(),
            agent=lambda: agent.holder(self.clock.now()),
            overview=empty_services().figures.overview,
            rooms=Rooms(lambda _spec: self.free_bytes),
        )
        self.alarm = Alarm(
            self.store, channels, self.courier, facts, lambda: self.is_ours, self.clock
        )
        self.alerts = Alerts(self.store, facts, self.alarm, self.switched, self.clock)
        tools = ChannelTools(
            channels, self.store, self.jobs, self.secrets, sender, pinger, self.courier, self.clock
        )
        self.channels = Channels(tools)

    def ends(
        self, state: FiringState, problem: str = "", code: str = "", job: Job = NIGHTLY
    ) -> None:
        """Let a job end so, now."""
        now = self.clock.now()
        self.jobs.save_firing(
            Firing(job.job_id, now, now, state, now, problem=problem, problem_code=code)
        )

    def fails(self) -> None:
        """Let the nightly job fail, now."""
        self.ends(FiringState.FAILED, "cannot reach db1")

    def after(self, step: timedelta = timedelta()) -> None:
        """Let time go by, and the agent look."""
        self.clock.advance(step)
        assert self.alarm.go_round(looks=True)

    def adds(self, name: str, url: str) -> None:
        """Add a channel."""
        self.channels.add(ChannelDraft(name, Secret(url)))

    @contextmanager
    def restarted(self, after: timedelta = timedelta()) -> Iterator["World"]:
        """Begin anew on what was kept, as the next process does."""
        self.database.close()
        self.clock.advance(after)
        with closing(StateDatabase.open(self.folder)) as database:
            yield replace(self, database=database)


@contextmanager
def world_in(folder: Path) -> Iterator[World]:
    """Open one with a nightly job that ran well today."""
    with closing(StateDatabase.open(folder)) as database:
        world = World(folder, database)
        world.jobs.save(NIGHTLY)
        world.ends(FiringState.SUCCEEDED)
        yield world
