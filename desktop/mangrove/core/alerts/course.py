"""How alerts go on: from what was known and what is found now to what is kept and what is told."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from mangrove.core.alerts.alert import Alert, Announcement, Occasion, Trouble
from mangrove.core.alerts.policy import SETTLING, AlertPolicy, occasion_of


@dataclass(frozen=True, slots=True)
class Course:
    """What a look led to.

    Attributes:
        alerts: Every alert that changed or is open, as it is to be kept.
        announcements: What somebody is to be told.
    """

    alerts: tuple[Alert, ...]
    announcements: tuple[Announcement, ...]


def go_on(
    known: Mapping[str, Alert], found: Iterable[Trouble], policy: AlertPolicy, now: datetime
) -> Course:
    """Open, go on with and end alerts; each trouble is told once, and then rarely.

    Args:
        known: The newest alert of each key, open or over.
        found: What is wrong now.
        policy: When to tell.
        now: The moment.
    """
    going, ended = as_found(known, found, now)
    present = {alert.key for alert in going}
    owed = [alert for key, alert in known.items() if key not in present and not alert.is_open]
    told = [*_told_open(going, policy, now), *_told_over([*ended, *owed], policy, now)]
    heard = {item.alert.key: item.alert for item in told}
    kept = (heard.get(alert.key, alert) for alert in (*going, *ended))
    late = (heard[alert.key] for alert in owed if alert.key in heard)
    return Course((*kept, *late), tuple(told))


def as_found(
    known: Mapping[str, Alert], found: Iterable[Trouble], now: datetime
) -> tuple[list[Alert], list[Alert]]:
    """Return the alerts that are open now, and those that are over now; nobody is told.

    Args:
        known: The newest alert of each key, open or over.
        found: What is wrong now.
        now: The moment.
    """
    troubles = {trouble.key: trouble for trouble in found}
    going = [_found(known.get(key), trouble, now) for key, trouble in troubles.items()]
    ended = [
        _ended(alert, now) for key, alert in known.items() if key not in troubles and alert.is_open
    ]
    return going, ended


def _found(alert: Alert | None, trouble: Trouble, now: datetime) -> Alert:
    if alert is None:
        return Alert(trouble, _begun(trouble, now), now)
    if alert.is_open:
        return replace(alert, trouble=trouble, seen_at=now)
    muted = alert.muted_until if alert.is_muted(now) else None
    if alert.recovered_at is not None and now - alert.recovered_at < SETTLING:
        # It comes and goes: the same alert, so that not every turn of it is told.
        return replace(alert, trouble=trouble, seen_at=now, recovered_at=None)
    opened = max(_begun(trouble, now), alert.recovered_at or now)  # it was over meanwhile
    return Alert(trouble, opened, now, muted_until=muted)


def _begun(trouble: Trouble, now: datetime) -> datetime:
    """Return when a trouble began: the same at every look, also before one is kept."""
    return now if trouble.since is None else min(trouble.since, now)


def _ended(alert: Alert, now: datetime) -> Alert:
    is_told = alert.owes_recovery and not (alert.is_muted(now) or alert.trouble.ends_silently)
    return replace(alert, recovered_at=now, owes_recovery=is_told)


def _told_open(
    alerts: Iterable[Alert], policy: AlertPolicy, now: datetime
) -> Iterator[Announcement]:
    for alert in alerts:
        occasion = occasion_of(alert, policy, now)
        if occasion is not None:
            heard = replace(
                alert,
                told_at=now,
                times_told=alert.times_told + 1,
                told_severity=alert.severity,
                owes_recovery=True,
                acknowledged_at=None if occasion is Occasion.WORSE else alert.acknowledged_at,
            )
            yield Announcement(occasion, heard)


def _told_over(
    alerts: Iterable[Alert], policy: AlertPolicy, now: datetime
) -> Iterator[Announcement]:
    """Tell the end of what people think is still open; in quiet hours that waits as well."""
    for alert in alerts:
        if alert.owes_recovery and not policy.silences(alert.told_severity, now):
            yield Announcement(Occasion.RECOVERED, replace(alert, owes_recovery=False))
