"""What an agent and the runs beside it need from outside, as small protocols."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mangrove.core.jobs.autostart import AutostartState
from mangrove.core.jobs.lane import Claim, Occupied
from mangrove.core.jobs.vigil import AgentRank, ClockReading, Notice
from mangrove.core.run import RunId


class Watch(Protocol):
    """Reads every clock of the machine."""

    def reading(self) -> ClockReading:
        """Return what the clocks say now; the time zone is read anew."""
        ...


class Network(Protocol):
    """Tells whether this machine has a way to other machines."""

    def leads_to(self, hosts: Sequence[str]) -> bool:
        """Whether there is a route to each of these hosts; nothing is sent to them."""
        ...


class Wakefulness(Protocol):
    """Keeps the machine from falling asleep by itself."""

    def hold(self, why: str) -> AbstractContextManager[bool]:
        """Keep it awake while the block lasts; yields whether the system agreed."""
        ...


class AgentDiary(Protocol):
    """Keeps what agents noticed, for whoever looks later."""

    def write(self, notice: Notice) -> None:
        """Keep one; of many the oldest go."""
        ...

    def recent(self, limit: int) -> tuple[Notice, ...]:
        """Return the last ones, newest first."""
        ...


class LaneBook(Protocol):
    """Says who is in which lane, in all processes of this user."""

    def enter(self, run_id: RunId, title: str, claims: Sequence[Claim]) -> Occupied | None:
        """Take all places at once; returns what is in the way, and takes none then."""
        ...

    def leave(self, run_id: RunId) -> None:
        """Give a run's places back."""
        ...

    def limits(self) -> dict[str, int]:
        """Return the numbers that a person set, by lane."""
        ...

    def set_limit(self, lane: str, limit: int | None) -> None:
        """Set how many may be in a lane at once; None for the usual number."""
        ...


@dataclass(frozen=True, slots=True)
class LeaseHolder:
    """Who has a lease: a process of this machine, with its last sign of life."""

    pid: int
    since: datetime
    beat_at: datetime
    rank: AgentRank = AgentRank.WINDOW


class Lease(Protocol):
    """Lets exactly one process of a user do something, as long as it gives signs of life."""

    def take(self, now: datetime, rank: AgentRank = AgentRank.WINDOW) -> bool:
        """Take or keep it; False while another living process of this rank or above has it."""
        ...

    def last_beat(self) -> datetime | None:
        """Return the newest sign of life of anybody; None if there never was one."""
        ...

    def give_back(self) -> None:
        """Let others have it; nothing happens if we do not."""
        ...

    def holder(self, now: datetime) -> LeaseHolder | None:
        """Return who has it; None if nobody who is alive does."""
        ...


class Autostart(Protocol):
    """Starts the agent when the user signs in, in the way of this operating system."""

    def place(self) -> str:
        """Return where its definition is, or would be."""
        ...

    def definition(self) -> str:
        """Return the text of it."""
        ...

    def state(self) -> AutostartState:
        """Return whether it is installed."""
        ...

    def install(self) -> None:
        """Install it and start the agent; raises AutostartError, and nothing is left then."""
        ...

    def remove(self) -> None:
        """Stop the agent that it started, and take the definition away."""
        ...
