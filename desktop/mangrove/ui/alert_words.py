"""Alerts in the window's words: how urgent, where they stand, and what a button does about them."""

from datetime import datetime

from PySide6.QtCore import QCoreApplication

from mangrove.core.alerts.alert import Action, Alert, Glance, Severity
from mangrove.core.alerts.delivery import Delivery, DeliveryState, TargetHealth
from mangrove.ui import text
from mangrove.ui.theme.tokens import Tone
from mangrove.ui.wording import counted

_TONES = {
    Severity.CRITICAL: Tone.EXPOSED,
    Severity.WARNING: Tone.UNPROVEN,
    Severity.NOTE: Tone.NEUTRAL,
}


def severity_tone(severity: Severity | None) -> Tone:
    """Return the colour and shape of an urgency; of nothing at all, that of peace."""
    return Tone.PROVEN if severity is None else _TONES[severity]


def severity_word(severity: Severity) -> str:
    """Say how urgent something is."""
    return {
        Severity.CRITICAL: _tr("critical"),
        Severity.WARNING: _tr("warning"),
        Severity.NOTE: _tr("note"),
    }[severity]


def least_words(severity: Severity) -> str:
    """Say what goes to a channel."""
    return {
        Severity.CRITICAL: _tr("only what is critical"),
        Severity.WARNING: _tr("warnings and what is critical"),
        Severity.NOTE: _tr("everything, notes too"),
    }[severity]


def action_word(action: Action) -> str:
    """Say what the button beside an alert does; "" for none."""
    return {
        Action.NONE: "",
        Action.OPEN_JOB: _tr("Show the job"),
        Action.OPEN_BACKUP: _tr("Show the backup"),
        Action.OPEN_TIMELINE: _tr("Open the timeline"),
        Action.OPEN_VAULT: _tr("Show the vault"),
        Action.OPEN_ATLAS: _tr("Show Atlas"),
        Action.BACK_UP: _tr("Back up now…"),
        Action.VERIFY: _tr("Verify it…"),
        Action.MAKE_KIT: _tr("Make a recovery kit…"),
    }[action]


def alert_line(alert: Alert, now: datetime) -> str:
    """Say since when it is, and who knows of it."""
    opened = text.moment(alert.opened_at, now).text
    if alert.recovered_at is not None:
        lasted = text.duration(alert.recovered_at - alert.opened_at)
        over = text.moment(alert.recovered_at, now).text
        return _tr("Over since {moment}, lasted {duration}").format(moment=over, duration=lasted)
    parts = [_tr("Since {moment}").format(moment=opened)]
    if alert.is_muted(now) and alert.muted_until is not None:
        until = text.moment(alert.muted_until, now).text
        parts.append(_tr("silent until {moment}").format(moment=until))
    elif alert.acknowledged_at is not None:
        known = text.moment(alert.acknowledged_at, now).text
        parts.append(_tr("known since {moment}").format(moment=known))
    elif alert.told_at is None:
        is_note = alert.severity is Severity.NOTE
        parts.append(_tr("shown here only") if is_note else _tr("nobody was told yet"))
    else:
        told = text.moment(alert.told_at, now).text
        times = counted(alert.times_told, _tr("time"), _tr("times"))
        parts.append(_tr("told {times}, last {moment}").format(times=times, moment=told))
    if alert.note and not alert.is_muted(now):
        parts.append(alert.note)
    return "; ".join(parts)


def glance_words(glance: Glance) -> str:
    """Say in a word or two how many alerts are open; "" for none."""
    return counted(glance.count, _tr("alert"), _tr("alerts")) if glance.count else ""


def health_words(health: TargetHealth, now: datetime) -> str:
    """Say how well a channel works."""
    sent = text.ago(health.sent_at, now) if health.sent_at else ""
    arrived = _tr("last arrived {ago}").format(ago=sent) if sent else _tr("nothing was sent yet")
    if health.waiting:
        waiting = _tr("{count} waiting for another try").format(count=text.count(health.waiting))
        return f"{waiting}; {arrived}"
    return arrived


def delivery_words(delivery: Delivery) -> str:
    """Say what became of a message."""
    return {
        DeliveryState.SENT: _tr("arrived"),
        DeliveryState.WAITING: _tr("waits for another try"),
        DeliveryState.GIVEN_UP: _tr("did not arrive"),
    }[delivery.state]


def delivery_tone(delivery: Delivery) -> Tone:
    """Return the colour and shape of what became of a message."""
    return {
        DeliveryState.SENT: Tone.PROVEN,
        DeliveryState.WAITING: Tone.UNPROVEN,
        DeliveryState.GIVEN_UP: Tone.EXPOSED,
    }[delivery.state]


def _tr(words: str) -> str:
    return QCoreApplication.translate("Alerts", words)
