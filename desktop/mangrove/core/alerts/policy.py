"""When alerts are told, where to, and when not: quiet hours, reminders, channels, heartbeats."""

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import NewType, Self
from zoneinfo import ZoneInfo

from mangrove.core.alerts.alert import Alert, Occasion, Severity
from mangrove.core.errors import InvalidScheduleError
from mangrove.core.jobs.job import JobId
from mangrove.core.jobs.schedule import known_zone
from mangrove.core.secret import SecretRef

ChannelId = NewType("ChannelId", str)
SETTLING = timedelta(hours=1)
MAX_REMINDER = timedelta(days=7)
QUIET_POLICY = (
    "What comes up in quiet hours is told when they end, if it still lasts then."
    " What is critical breaks through, unless you choose otherwise."
)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Hours of the day in which nobody wants to be disturbed; they may cross midnight.

    Attributes:
        start, end: Minutes since midnight; the same for both means the whole day.
        zone: IANA name of the time zone that they are meant in.
        critical_breaks_through: Whether what is critical is told all the same.
    """

    start: int
    end: int
    zone: str
    critical_breaks_through: bool = True

    def holds(self, now: datetime) -> bool:
        """Whether it is such an hour; wall-clock time counts, so summer time moves them along."""
        local = now.astimezone(ZoneInfo(self.zone))
        minute = local.hour * 60 + local.minute
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end

    def silences(self, severity: Severity, now: datetime) -> bool:
        """Whether something of this urgency has to wait."""
        breaks_through = self.critical_breaks_through and severity is Severity.CRITICAL
        return self.holds(now) and not breaks_through

    def describe(self) -> str:
        """Say them in words: "22:00 to 07:00, Europe/Berlin; what is critical breaks through"."""
        words = f"{clock_text(self.start)} to {clock_text(self.end)}, {self.zone}"
        through = "breaks through" if self.critical_breaks_through else "waits too"
        return f"{words}; what is critical {through}"


def clock_text(minutes: int) -> str:
    """Write minutes since midnight as a clock shows them."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def parse_clock(text: str) -> int:
    """Read a time of day such as ``22:00`` as minutes since midnight.

    Raises:
        InvalidScheduleError: If it is none.
    """
    try:
        clock = time.fromisoformat(text.strip())
    except ValueError:
        raise InvalidScheduleError(
            f"'{text}' is no time of day", hint="such as 22:00 or 07:30"
        ) from None
    return clock.hour * 60 + clock.minute


def quiet_hours(start: str, end: str, zone: str, *, critical_waits: bool = False) -> QuietHours:
    """Read quiet hours as a person wrote them.

    Raises:
        InvalidScheduleError: If a time or the zone is none, or they end when they begin.
    """
    known_zone(zone)
    begin, over = parse_clock(start), parse_clock(end)
    if begin == over:
        raise InvalidScheduleError(
            "quiet hours that end when they begin are none, or the whole day; nothing was changed",
            hint="such as 22:00 07:00; off ends them, and alert mute silences one alert",
        )
    return QuietHours(begin, over, zone, not critical_waits)


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """How alerts are told.

    Attributes:
        quiet: Hours without messages; None for none.
        reminds: Whether what lasts is told again, after ever longer waits.
        uses_desktop: Whether a notification appears on this desktop too.
    """

    quiet: QuietHours | None = None
    reminds: bool = True
    uses_desktop: bool = True

    def silences(self, severity: Severity, now: datetime) -> bool:
        """Whether something of this urgency has to wait for the end of the quiet hours."""
        return self.quiet is not None and self.quiet.silences(severity, now)


def reminder_after(severity: Severity, times_told: int) -> timedelta:
    """Return how long to wait before telling it once more: twice as long each time.

    Critical ones begin with six hours, others with a day; never more than a week.
    """
    first = timedelta(hours=6) if severity is Severity.CRITICAL else timedelta(days=1)
    doubled = max(0, min(times_told, 10) - 1)
    return min(first * (1 << doubled), MAX_REMINDER)


def occasion_of(alert: Alert, policy: AlertPolicy, now: datetime) -> Occasion | None:
    """Say whether somebody is to be told of an open alert now, and why; None for not now."""
    if alert.is_muted(now) or policy.silences(alert.severity, now):
        return None
    if alert.told_at is None:
        return Occasion.OPENED
    if alert.severity.rank > alert.told_severity.rank:
        return Occasion.WORSE
    if not alert.owes_recovery:  # it came back after its end was told
        return Occasion.OPENED if now - alert.told_at >= SETTLING else None
    if alert.acknowledged_at is not None or not policy.reminds:
        return None
    wait = reminder_after(alert.severity, alert.times_told)
    return Occasion.AGAIN if now - alert.told_at >= wait else None


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to reach somebody; its URL, which holds secrets, is in the keyring.

    Attributes:
        service: What it is, as the library calls it: "E-Mail", "Slack", "JSON".
        set_at: When its URL was set.
        least: Nothing milder goes there.
        is_on: Whether it is used.
    """

    channel_id: ChannelId
    name: str
    service: str
    set_at: datetime
    least: Severity = Severity.WARNING
    is_on: bool = True

    @property
    def kind(self) -> str:
        """What it is in a person's words: "mail", "webhook", or the name of a chat service."""
        return kind_of(self.service)


_KINDS = {"E-Mail": "mail", "JSON": "webhook", "XML": "webhook (XML)", "Form": "webhook (form)"}


def kind_of(service: str) -> str:
    """Say what a service is, in place of the library's name for it."""
    return _KINDS.get(service, service)


DESKTOP = ChannelId("desktop")
"""Not a channel that somebody made: the notification on this very desktop."""


def channel_ref(channel_id: ChannelId) -> SecretRef:
    """Name the keyring entry of a channel's URL."""
    return SecretRef(f"alert/{channel_id}/url")


@dataclass(frozen=True, slots=True)
class JobRoute:
    """Where the alerts of one job go.

    Attributes:
        channels: The chosen ones; none at all for an empty tuple.
    """

    job_id: JobId
    channels: tuple[ChannelId, ...]


@dataclass(frozen=True, slots=True)
class Routes:
    """Where alerts go: to every channel, but for jobs that chose otherwise."""

    jobs: tuple[JobRoute, ...] = ()

    def of(self, job_id: JobId) -> tuple[ChannelId, ...] | None:
        """Return the channels of a job; None for all of them."""
        return next((route.channels for route in self.jobs if route.job_id == job_id), None)

    def takes(self, channel: ChannelId, job_id: JobId | None) -> bool:
        """Whether what concerns a job, or none, goes to a channel."""
        chosen = self.of(job_id) if job_id is not None else None
        return chosen is None or channel in chosen

    def with_route(self, job_id: JobId, channels: tuple[ChannelId, ...] | None) -> Self:
        """Return them with another choice for one job; None for all channels again."""
        others = tuple(route for route in self.jobs if route.job_id != job_id)
        own = () if channels is None else (JobRoute(job_id, channels),)
        return replace(self, jobs=(*others, *own))


AGENT_HEARTBEAT = "agent"
HEARTBEAT_EVERY = timedelta(minutes=5)
LEAST_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A watch outside that raises the alarm when it hears nothing; its URL is in the keyring.

    Attributes:
        subject: ``agent`` for the agent itself, else a job's id.
        set_at: When its URL was set.
        every: How often the agent is heard of; a job's is sent with each of its times.
    """

    subject: str
    set_at: datetime
    every: timedelta = HEARTBEAT_EVERY


def heartbeat_ref(subject: str) -> SecretRef:
    """Name the keyring entry of a heartbeat's URL."""
    return SecretRef(f"heartbeat/{subject}/url")


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Everything a person set about alerts, but for the channels."""

    policy: AlertPolicy = AlertPolicy()
    routes: Routes = Routes()
    heartbeats: tuple[Heartbeat, ...] = ()

    def heartbeat(self, subject: str) -> Heartbeat | None:
        """Return the heartbeat of the agent or a job, if it has one."""
        return next((beat for beat in self.heartbeats if beat.subject == subject), None)

    def with_heartbeat(self, subject: str, heartbeat: Heartbeat | None) -> Self:
        """Return them with another heartbeat of the agent or a job; None for none."""
        others = tuple(beat for beat in self.heartbeats if beat.subject != subject)
        own = () if heartbeat is None else (heartbeat,)
        return replace(self, heartbeats=(*others, *own))
