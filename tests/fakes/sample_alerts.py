"""The alerts of a workstation on a bad day, and where they go."""

from datetime import timedelta

from fakes.alerts import AlertsDesk
from fakes.clock import FakeClock
from fakes.sample_data import NOW
from fakes.sample_jobs import JOBS
from mangrove.core.alerts.alert import Action, Alert, AlertKind, Severity, Trouble, key_of
from mangrove.core.alerts.delivery import (
    LASTS,
    Beat,
    Delivery,
    DeliveryId,
    DeliveryKind,
    DeliveryState,
    Message,
    Signal,
)
from mangrove.core.alerts.facts import Watched
from mangrove.core.alerts.policy import (
    AGENT_HEARTBEAT,
    AlertPolicy,
    AlertSettings,
    Channel,
    ChannelId,
    Heartbeat,
    QuietHours,
)

HOUR = timedelta(hours=1)
FAILED = Trouble(
    key=key_of(AlertKind.FAILED, "nightly"),
    kind=AlertKind.FAILED,
    severity=Severity.CRITICAL,
    title="nightly: failed",
    sentence=(
        "the job nightly failed 3 times in a row: Back up production: cannot reach"
        " db1.example.net:27017"
    ),
    hint="it is tried again at its next time; its run says more",
    action=Action.OPEN_JOB,
    subject="nightly",
    job_id=JOBS[0].job.job_id,
)
OLD = Trouble(
    key=key_of(AlertKind.EVIDENCE, "evidence-old staging"),
    kind=AlertKind.EVIDENCE,
    severity=Severity.WARNING,
    title="staging: proof too old",
    sentence="A backup of staging was last restored on trial 41 d ago",
    hint="verify its newest backup, level restored",
    action=Action.VERIFY,
    subject="20260228T020000Z-staging-77aa",
)
KIT = Trouble(
    key=key_of(AlertKind.KIT, "kit-missing Office NAS"),
    kind=AlertKind.KIT,
    severity=Severity.WARNING,
    title="Office NAS: key only here",
    sentence=("Without this computer nobody can open the vault Office NAS: it has no recovery kit"),
    hint="make a recovery kit, keep it somewhere else, and type its code back",
    action=Action.MAKE_KIT,
    subject="Office NAS",
)
OVER = Trouble(
    key=key_of(AlertKind.VAULT_FULL, "Office NAS"),
    kind=AlertKind.VAULT_FULL,
    severity=Severity.WARNING,
    title="Office NAS: nearly full",
    sentence="the storage of the vault Office NAS has 12.4 GB left",
)
ALERTS = (
    Alert(
        FAILED,
        NOW - 50 * HOUR,
        NOW,
        told_at=NOW - 2 * HOUR,
        times_told=3,
        told_severity=Severity.CRITICAL,
        owes_recovery=True,
    ),
    Alert(OLD, NOW - 30 * HOUR, NOW, told_at=NOW - 30 * HOUR, times_told=1, owes_recovery=True),
    Alert(
        KIT,
        NOW - 400 * HOUR,
        NOW,
        told_at=NOW - 400 * HOUR,
        times_told=1,
        owes_recovery=True,
        acknowledged_at=NOW - 390 * HOUR,
        note="the safe is being repaired",
    ),
    Alert(OVER, NOW - 90 * HOUR, NOW - 66 * HOUR, NOW - 66 * HOUR),
)
MAIL = Channel(ChannelId("c-mail"), "Mail to the team", "E-Mail", NOW - 900 * HOUR)
CHAT = Channel(ChannelId("c-chat"), "Operations chat", "Slack", NOW - 800 * HOUR, Severity.CRITICAL)
OFF = Channel(ChannelId("c-hook"), "Old webhook", "JSON", NOW - 800 * HOUR, is_on=False)
REFUSED = (
    "the message did not arrive: Connection error while submitting email to"
    ' "mail.example.org" (Connection refused)'
)


def _delivery(number: int, target: str, title: str, *, is_sent: bool) -> Delivery:
    made = NOW - number * HOUR
    delivery = Delivery(
        DeliveryId(f"d{number}"),
        DeliveryKind.ALERT,
        target,
        Message(title, "Critical."),
        made,
        made,
        made + LASTS,
    )
    return delivery.arrived(made) if is_sent else delivery.failed(REFUSED, made)


DELIVERIES = (
    _delivery(2, MAIL.channel_id, "Mangrove: still: nightly: failed", is_sent=False),
    _delivery(2, CHAT.channel_id, "Mangrove: still: nightly: failed", is_sent=True),
    _delivery(30, MAIL.channel_id, "Mangrove: staging: proof too old", is_sent=True),
    _delivery(66, MAIL.channel_id, "Mangrove: over: Office NAS: nearly full", is_sent=True),
)


def quiet_desk(clock: FakeClock) -> AlertsDesk:
    """Return alerts and channels of a brand-new install."""
    return AlertsDesk(clock)


def busy_desk(clock: FakeClock) -> AlertsDesk:
    """Return alerts and channels of a workstation on a bad day."""
    desk = AlertsDesk(clock)
    for view in JOBS:
        desk.jobs.save(view.job)
    desk.store.save(ALERTS)
    for number, delivery in enumerate(DELIVERIES):
        desk.store.sent[DeliveryId(f"d{number}")] = delivery
    for channel in (MAIL, CHAT, OFF):
        desk.kept.save_channel(channel)
    desk.kept.save_settings(
        AlertSettings(
            AlertPolicy(QuietHours(22 * 60, 7 * 60, "Europe/Berlin")),
            heartbeats=(
                Heartbeat(AGENT_HEARTBEAT, NOW - 300 * HOUR),
                Heartbeat(str(JOBS[0].job.job_id), NOW - 300 * HOUR),
            ),
        )
    )
    desk.store.signs = {
        AGENT_HEARTBEAT: Beat(NOW - timedelta(minutes=3), Signal.SUCCESS),
        str(JOBS[0].job.job_id): Beat(NOW - 2 * HOUR, Signal.FAIL, "no answer in time"),
    }
    desk.watched = Watched(NOW, needs=(FAILED, OLD, KIT))
    assert desk.store.deliveries(9)[0].state is DeliveryState.WAITING
    return desk
