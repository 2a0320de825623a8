"""Alerts: what is wrong, who knows of it, and what was told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from mangrove.core.alerts.alert import Alert, Glance, glance_at, worst_first
from mangrove.core.alerts.course import as_found
from mangrove.core.alerts.delivery import Delivery
from mangrove.core.alerts.facts import Watched
from mangrove.core.alerts.rules import troubles_in
from mangrove.core.errors import AlertNotFoundError
from mangrove.core.pitr.moments import check_ahead
from mangrove.core.ports.alert import AlertStore, DesktopNotifier
from mangrove.core.ports.clock import Clock
from mangrove.jobs.alerts.alarm import Alarm
from mangrove.jobs.alerts.courier import SwitchedDesktop

SHOWN_ALERTS = 200
SHOWN_DELIVERIES = 100
FRESH = timedelta(seconds=30)
"""So long what was seen last is counted again: a look at everything is no work for each second."""


class Alerts:
    """The alerts of this workstation. ``all`` looks at everything, the others read and write."""

    def __init__(
        self,
        store: AlertStore,
        facts: Callable[[datetime], Watched],
        alarm: Alarm,
        desktop: SwitchedDesktop,
        clock: Clock,
    ) -> None:
        self._store = store
        self._facts = facts
        self._alarm = alarm
        self._desktop = desktop
        self._clock = clock
        self._seen: tuple[datetime, tuple[Alert, ...]] | None = None

    def all(self, limit: int = SHOWN_ALERTS) -> tuple[Alert, ...]:
        """Return alerts as they are at this moment, also where no agent looks; the worst first.

        Nothing is kept or told by that.
        """
        now = self._clock.now()
        watched = self._facts(now)
        watched = replace(watched, outage=self._store.outage())
        known = self._store.newest()
        going, ended = as_found(known, troubles_in(watched), now)
        fresh = {alert.key: alert for alert in (*going, *ended)}
        kept = self._store.recent(limit)
        older = [a for a in kept if a.key not in fresh or a.opened_at != fresh[a.key].opened_at]
        self._seen = (now, worst_first((*fresh.values(), *older)))
        return self._seen[1][:limit]

    def glance(self) -> Glance:
        """Count what is open, the same that ``all`` shows; looks anew once a moment went by."""
        now, seen = self._clock.now(), self._seen
        is_fresh = seen is not None and abs(now - seen[0]) < FRESH
        return glance_at(seen[1] if seen and is_fresh else self.all(), now)

    def find(self, name: str) -> Alert:
        """Return an alert by its id, the beginning of it, or its whole key.

        Raises:
            AlertNotFoundError: If there is none, or several begin so.
        """
        wanted = name.strip().lower()
        newest: dict[str, Alert] = {}
        for alert in self.all():
            newest.setdefault(alert.key, alert)
        found = [
            alert
            for alert in newest.values()
            if alert.key.lower() == wanted or (wanted and alert.alert_id.startswith(wanted))
        ]
        if len(found) != 1:
            problem = "there is no alert" if not found else "several alerts begin with"
            raise AlertNotFoundError(f"{problem} '{name}'", hint="see: mangrove alert list")
        return found[0]

    def acknowledge(self, name: str, note: str = "") -> Alert:
        """Say "I know": it is not repeated, unless it gets worse.

        Raises:
            AlertNotFoundError: As ``find``, or if it is over.
        """
        alert = self.find(name)
        if not alert.is_open:
            raise AlertNotFoundError("this alert is over, so there is nothing to say to it")
        return self._kept(replace(alert, acknowledged_at=self._clock.now(), note=note.strip()))

    def mute(self, name: str, until: datetime) -> Alert:
        """Tell nothing of it before that moment, not even its end.

        Raises:
            AlertNotFoundError: As ``find``.
            InvalidScheduleError: If the moment is over.
        """
        check_ahead(until, self._clock.now(), "nothing was muted")
        return self._kept(replace(self.find(name), muted_until=until))

    def unmute(self, name: str) -> Alert:
        """Tell of it again; also takes an "I know" back.

        Raises:
            AlertNotFoundError: As ``find``.
        """
        return self._kept(replace(self.find(name), muted_until=None, acknowledged_at=None, note=""))

    def deliveries(self, limit: int = SHOWN_DELIVERIES) -> tuple[Delivery, ...]:
        """Return what was sent and what waits, newest first."""
        return self._store.deliveries(limit)

    def go_round(self) -> bool:
        """Look, and send what is due, before this returns; False where another process does."""
        return self._alarm.go_round(looks=True)

    def show_through(self, window: DesktopNotifier | None) -> None:
        """Show desktop notifications through a window from now on, or no more."""
        self._desktop.switch(window)

    def _kept(self, alert: Alert) -> Alert:
        self._store.save((alert,))
        self._seen = None
        return alert
