"""The agent as a person sees it: who fires jobs, what was noticed, rests, limits, signing in."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mangrove.core.errors import AutostartError, InvalidScheduleError
from mangrove.core.jobs.autostart import AutostartState
from mangrove.core.jobs.job import Rest
from mangrove.core.jobs.lane import MOST_AT_ONCE, deployment_lane, vault_lane
from mangrove.core.jobs.outlook import JobStanding, Outlook, outlook
from mangrove.core.jobs.vigil import AgentRank, Notice
from mangrove.core.pitr.moments import check_ahead
from mangrove.core.ports.agent import AgentDiary, Autostart, LaneBook, LeaseHolder
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.state import JobStore
from mangrove.jobs.agent.agent import Agent
from mangrove.services.profiles import Profiles
from mangrove.services.vaults import Vaults

SHOWN_NOTICES = 20
WHY_HINT = "a word is enough: whoever looks at the jobs reads it"


@dataclass(frozen=True, slots=True)
class AutostartView:
    """Whether the agent starts when the user signs in, and how.

    Attributes:
        state: None where this system has no way to do so.
        obstacle: Why there is none; "" else.
    """

    state: AutostartState | None
    place: str = ""
    definition: str = ""
    obstacle: str = ""


class AgentDesk:
    """Asks and tells the agent of this process, and the one of another through the state."""

    def __init__(
        self,
        agent: Agent,
        store: JobStore,
        diary: AgentDiary,
        lanes: LaneBook,
        open_autostart: Callable[[], Autostart],
        clock: Clock,
    ) -> None:
        self._agent, self._store = agent, store
        self._diary, self._lanes = diary, lanes
        self._open_autostart = open_autostart
        self._clock = clock

    # --- who fires jobs ------------------------------------------------------------------

    def start(self, rank: AgentRank = AgentRank.WINDOW) -> None:
        """Fire jobs from this process from now on, unless a process of this rank does."""
        self._agent.start(rank)

    def holder(self) -> LeaseHolder | None:
        """Return the process that fires jobs; None when nothing starts by itself."""
        return self._agent.lease.holder(self._clock.now())

    def is_ours(self) -> bool:
        """Whether this very process fires them."""
        holder = self.holder()
        return holder is not None and holder.pid == os.getpid()

    def notices(self, limit: int = SHOWN_NOTICES) -> tuple[Notice, ...]:
        """Return what agents noticed, newest first."""
        return self._diary.recent(limit)

    def outlook(self) -> Outlook:
        """Return how the jobs stand, the worst first."""
        jobs = []
        for job in self._store.all():
            last = self._store.firings(job.job_id, 1)
            jobs.append(JobStanding(job, last[0] if last else None))
        is_attended = self.holder() is not None
        return outlook(jobs, self.rest(), self._clock.now(), is_attended=is_attended)

    # --- rests ---------------------------------------------------------------------------

    def rest(self) -> Rest | None:
        """Return the pause of all jobs that holds now."""
        found = self._store.rest()
        return found if found is not None and self._clock.now() < found.until else None

    def rest_until(self, until: datetime, why: str) -> None:
        """Let all jobs rest; times that come meanwhile are listed as skipped, with the reason.

        Raises:
            InvalidScheduleError: If no reason is given, or the moment is over.
        """
        check_pause(until, why, self._clock.now())
        self._store.set_rest(Rest(until, why.strip()))

    def end_rest(self) -> None:
        """Let jobs run again at their times."""
        self._store.set_rest(None)

    # --- limits --------------------------------------------------------------------------

    def limits(self) -> dict[str, int]:
        """Return how many runs may use a deployment or a vault at once, where that was set."""
        return self._lanes.limits()

    def limit_deployment(self, profiles: Profiles, name: str, runs: int | None) -> None:
        """Set how many backups and copies may read a deployment at once; None for the usual.

        Raises:
            ProfileNotFoundError, InvalidScheduleError: Nothing was changed.
        """
        self._lanes.set_limit(deployment_lane(profiles.find(name).name), _checked(runs))

    def limit_vault(self, vaults: Vaults, name: str, runs: int | None) -> None:
        """Set how many runs may write into a vault at once; None for the usual one.

        Raises:
            VaultNotFoundError, InvalidScheduleError: Nothing was changed.
        """
        self._lanes.set_limit(vault_lane(vaults.find(name).name), _checked(runs))

    # --- signing in ----------------------------------------------------------------------

    def autostart(self) -> AutostartView:
        """Return whether the agent starts when the user signs in."""
        try:
            way = self._open_autostart()
        except AutostartError as error:
            return AutostartView(None, obstacle=error.message)
        return AutostartView(way.state(), way.place(), way.definition())

    def install(self) -> None:
        """Start an agent in the background now, and whenever the user signs in.

        Raises:
            AutostartError: If the system does not take it; nothing is left then.
        """
        self._open_autostart().install()

    def remove(self) -> None:
        """Stop that agent; it starts no more by itself.

        Raises:
            AutostartError: If this system has no way to start one.
        """
        self._open_autostart().remove()


def check_pause(until: datetime, why: str, now: datetime) -> None:
    """Refuse a pause that nobody could explain later, or that is over before it begins.

    Raises:
        InvalidScheduleError: Saying which.
    """
    if not why.strip():
        raise InvalidScheduleError("a pause needs its reason; nothing was paused", hint=WHY_HINT)
    check_ahead(until, now, "nothing was paused")


def _checked(runs: int | None) -> int | None:
    if runs is not None and not 1 <= runs <= MOST_AT_ONCE:
        raise InvalidScheduleError(f"choose a number from 1 to {MOST_AT_ONCE}")
    return runs
