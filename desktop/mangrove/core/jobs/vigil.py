"""What an agent notices about its machine: nights asleep, moved clocks, and its own absence."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from mangrove.core.explain import duration_text

WORTH_SAYING = timedelta(minutes=1)
SILENT_TOO_LONG = timedelta(minutes=5)


class AgentRank(IntEnum):
    """Who fires jobs when several could: the one that stays the longest.

    ``ONCE`` looks at the clock a single time.
    """

    ONCE = 0
    WINDOW = 1
    BACKGROUND = 2


@dataclass(frozen=True, slots=True)
class ClockReading:
    """All clocks of the machine at one moment.

    Attributes:
        now: The wall clock, which anybody may move.
        awake_s: Seconds that count only while the machine is awake.
        elapsed_s: Seconds that go on counting while it sleeps.
        zone: IANA name of the time zone that the machine is in.
    """

    now: datetime
    awake_s: float
    elapsed_s: float
    zone: str


class NoticeKind(StrEnum):
    """What was noticed."""

    STARTED = "started"
    STOPPED = "stopped"
    ABSENT = "absent"
    SLEPT = "slept"
    CLOCK_FORWARD = "clock-forward"
    CLOCK_BACK = "clock-back"
    ZONE_CHANGED = "zone-changed"
    NO_NETWORK = "no-network"
    NETWORK_BACK = "network-back"
    CRASHED = "crashed"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something an agent noticed, and keeps for whoever looks later.

    Attributes:
        span: How long, or by how much; zero where that makes no sense.
        detail: What it is about: a job, a run, or the old and the new zone.
    """

    at: datetime
    kind: NoticeKind
    span: timedelta = timedelta(0)
    detail: str = ""

    def sentence(self) -> str:
        """Say it in one sentence, without the moment."""
        span = duration_text(self.span)
        return {
            NoticeKind.STARTED: f"jobs are fired from here on ({self.detail})",
            NoticeKind.STOPPED: f"jobs are fired no more ({self.detail})",
            NoticeKind.ABSENT: f"nobody fired jobs for {span}: {self.detail}",
            NoticeKind.SLEPT: f"the computer slept for {span}",
            NoticeKind.CLOCK_FORWARD: f"the clock was put forward by {span}",
            NoticeKind.CLOCK_BACK: f"the clock was put back by {span}; nothing runs twice for that",
            NoticeKind.ZONE_CHANGED: (
                f"the computer's time zone changed: {self.detail}; jobs keep their own"
            ),
            NoticeKind.NO_NETWORK: f"there is no network; what is due waits for it: {self.detail}",
            NoticeKind.NETWORK_BACK: "the network is back",
            NoticeKind.CRASHED: f"a run was cut off and is closed now: {self.detail}",
            NoticeKind.STUCK: f"a run was ended because nothing moved for {span}: {self.detail}",
        }[self.kind]


def noticed(before: ClockReading, after: ClockReading) -> tuple[Notice, ...]:
    """Return what two looks at the clocks tell of the time between them."""
    elapsed_s = after.elapsed_s - before.elapsed_s
    slept = timedelta(seconds=elapsed_s - (after.awake_s - before.awake_s))
    moved = after.now - before.now - timedelta(seconds=elapsed_s)
    notices: list[Notice] = []
    if slept >= WORTH_SAYING:
        notices.append(Notice(after.now, NoticeKind.SLEPT, slept))
    if moved >= WORTH_SAYING:
        notices.append(Notice(after.now, NoticeKind.CLOCK_FORWARD, moved))
    if -moved >= WORTH_SAYING:
        notices.append(Notice(after.now, NoticeKind.CLOCK_BACK, -moved))
    if before.zone != after.zone:
        change = f"{before.zone} before, {after.zone} now"
        notices.append(Notice(after.now, NoticeKind.ZONE_CHANGED, detail=change))
    return tuple(notices)
