"""Alerts, deliveries and channels in state.sqlite."""

import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.clock import NOON
from guards import LogGuard
from mangrove.connectors.state.alerts import KEPT_ALERTS, KEPT_DELIVERIES, SqliteAlerts
from mangrove.connectors.state.channels import REMOVED, SqliteChannels
from mangrove.connectors.state.database import StateDatabase
from mangrove.core.alerts.alert import Action, Alert, AlertKind, Severity, Trouble
from mangrove.core.alerts.delivery import (
    Beat,
    Delivery,
    DeliveryId,
    DeliveryKind,
    DeliveryState,
    Message,
    Signal,
)
from mangrove.core.alerts.facts import Outage
from mangrove.core.alerts.policy import (
    AlertPolicy,
    AlertSettings,
    Channel,
    ChannelId,
    Heartbeat,
    QuietHours,
    Routes,
)
from mangrove.core.errors import DamagedStateError, NameTakenError
from mangrove.core.jobs.job import JobId

MINUTE = timedelta(minutes=1)
ALERT = Alert(
    Trouble(
        key="failed:j1",
        kind=AlertKind.FAILED,
        severity=Severity.CRITICAL,
        title="nightly: failed",
        sentence="the job nightly failed: cannot reach db1",
        action=Action.OPEN_JOB,
        subject="nightly",
        job_id=JobId("j1"),
    ),
    opened_at=NOON,
    seen_at=NOON,
    told_at=NOON,
    times_told=2,
    owes_recovery=True,
    acknowledged_at=NOON,
    note="I know",
    muted_until=NOON + MINUTE,
)
DELIVERY = Delivery(
    delivery_id=DeliveryId("d1"),
    kind=DeliveryKind.ALERT,
    target="c1",
    message=Message("title", "body", Severity.CRITICAL),
    made_at=NOON,
    due_at=NOON,
    expires_at=NOON + timedelta(days=3),
)
CHANNEL = Channel(ChannelId("c1"), "Mail to me", "E-Mail", NOON, Severity.NOTE, is_on=False)


def test_alert_and_delivery_come_back_as_they_were_saved(database: StateDatabase) -> None:
    store = SqliteAlerts(database)
    older = replace(ALERT, opened_at=NOON - MINUTE, recovered_at=NOON - MINUTE / 2)

    store.save((ALERT, older), (DELIVERY,))

    assert store.newest() == {ALERT.key: ALERT}
    assert store.recent(5) == (ALERT, older)
    assert store.deliveries(5) == (DELIVERY,)


def test_alert_and_what_tells_of_it_are_kept_together_or_not_at_all(
    database: StateDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqliteAlerts(database)

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("a fault")

    monkeypatch.setattr("mangrove.connectors.state.alerts._put", full)
    with pytest.raises(DamagedStateError):
        store.save((ALERT,), (DELIVERY,))

    assert store.recent(5) == ()


def test_only_what_waits_and_is_due_is_given_out_oldest_first(database: StateDatabase) -> None:
    store = SqliteAlerts(database)
    first = replace(DELIVERY, delivery_id=DeliveryId("d0"), made_at=NOON - MINUTE)
    later = replace(DELIVERY, delivery_id=DeliveryId("d2"), due_at=NOON + MINUTE)
    sent = replace(DELIVERY, delivery_id=DeliveryId("d3"), state=DeliveryState.SENT)
    store.save_deliveries((DELIVERY, later, sent, first))

    assert store.due(NOON, 9) == (first, DELIVERY)
    assert store.due(NOON, 1) == (first,)
    assert store.due(NOON + MINUTE, 9) == (first, DELIVERY, later)


def test_what_is_over_is_thinned_out_and_what_is_open_or_waiting_never(
    database: StateDatabase,
) -> None:
    store = SqliteAlerts(database)
    old = replace(ALERT, opened_at=NOON - timedelta(days=900))
    waiting = replace(DELIVERY, delivery_id=DeliveryId("w"), made_at=NOON - timedelta(days=900))
    over = [
        replace(
            ALERT, opened_at=NOON + n * MINUTE, recovered_at=NOON, trouble=_trouble(f"failed:{n}")
        )
        for n in range(KEPT_ALERTS + 5)
    ]
    sent = [
        replace(
            DELIVERY,
            delivery_id=DeliveryId(f"s{n}"),
            made_at=NOON + n * MINUTE,
            state=DeliveryState.SENT,
        )
        for n in range(KEPT_DELIVERIES + 5)
    ]

    store.save((old, *over), (waiting, *sent))

    assert len(store.recent(9999)) == KEPT_ALERTS + 1
    assert old in store.recent(9999)
    assert len(store.deliveries(9999)) == KEPT_DELIVERIES + 1
    assert waiting in store.deliveries(9999)


def _trouble(key: str) -> Trouble:
    return replace(ALERT.trouble, key=key)


def test_a_damaged_record_spoils_no_other(database: StateDatabase, log_guard: LogGuard) -> None:
    log_guard.expect("alert record skipped")
    store = SqliteAlerts(database)
    store.save((ALERT,))
    with database.writing() as connection:
        connection.execute("INSERT INTO alerts VALUES ('x', '2026', 1, '{}')")

    assert store.recent(5) == (ALERT,)


def test_when_an_agent_looked_last_is_remembered(database: StateDatabase) -> None:
    store = SqliteAlerts(database)
    outage = Outage(NOON - timedelta(days=2), NOON, (JobId("j1"),), 2)
    assert (store.seen_at(), store.outage()) == (None, None)

    store.save_look(NOON, outage)

    assert (store.seen_at(), store.outage()) == (NOON, outage)


def test_channels_by_name_and_each_name_once(database: StateDatabase) -> None:
    store = SqliteChannels(database)
    chat = replace(CHANNEL, channel_id=ChannelId("c2"), name="chat")
    store.save_channel(CHANNEL)
    store.save_channel(chat)

    with pytest.raises(NameTakenError, match="'CHAT' exists; nothing was saved"):
        store.save_channel(replace(CHANNEL, channel_id=ChannelId("c3"), name="CHAT"))

    assert store.channels() == (chat, CHANNEL)


def test_what_is_on_its_way_to_a_removed_channel_is_given_up(database: StateDatabase) -> None:
    store, alerts = SqliteChannels(database), SqliteAlerts(database)
    store.save_channel(CHANNEL)
    alerts.save_deliveries((DELIVERY, replace(DELIVERY, delivery_id=DeliveryId("x"), target="c2")))

    store.remove_channel(CHANNEL.channel_id)

    assert store.channels() == ()
    assert {d.target: (d.state, d.problem) for d in alerts.deliveries(9)} == {
        "c1": (DeliveryState.GIVEN_UP, REMOVED),
        "c2": (DeliveryState.WAITING, ""),
    }


def test_settings_are_what_was_saved_or_plain(database: StateDatabase) -> None:
    store = SqliteChannels(database)
    chosen = AlertSettings(
        AlertPolicy(QuietHours(1320, 420, "Europe/Berlin"), reminds=False),
        Routes().with_route(JobId("j1"), (CHANNEL.channel_id,)),
        (Heartbeat("agent", NOON),),
    )
    assert store.settings() == AlertSettings()

    store.save_settings(chosen)

    assert store.settings() == chosen


def test_the_last_sign_of_life_replaces_the_one_before_and_its_delivery(
    database: StateDatabase,
) -> None:
    store = SqliteAlerts(database)
    store.save_deliveries((DELIVERY,))
    store.save_beat("agent", Beat(NOON, Signal.START))

    store.save_beat("agent", Beat(NOON, Signal.FAIL, "refused"), DELIVERY.delivery_id)

    assert store.beats() == {"agent": Beat(NOON, Signal.FAIL, "refused")}
    assert store.deliveries(9) == ()
