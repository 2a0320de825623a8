"""Alerts and deliveries in state.sqlite."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from typing_extensions import override

from mangrove.connectors.state.codec import encoded, sortable
from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.records import Value, read, read_all
from mangrove.core.alerts.alert import Alert
from mangrove.core.alerts.delivery import Beat, Delivery, DeliveryId, DeliveryState
from mangrove.core.alerts.facts import Outage
from mangrove.core.ports.alert import AlertStore

RECORD = "alert record"
KEPT_DELIVERIES = 500
KEPT_ALERTS = 1000
_LOOK = "look"
_ASKED = "asked"
_BEAT = "beat/"


@dataclass(frozen=True, slots=True)
class _Asked:
    """When somebody asked for a look last."""

    at: datetime


@dataclass(frozen=True, slots=True)
class _Look:
    """When an agent looked last."""

    at: datetime
    outage: Outage | None = None


class SqliteAlerts(AlertStore):
    """Keeps alerts and what is on its way; of what is over, the newest thousand.

    Threads: safe for several.
    """

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    @override
    def newest(self) -> Mapping[str, Alert]:
        query = "SELECT value FROM alerts ORDER BY opened_at"
        with self._database.reading() as connection:
            rows = connection.execute(query).fetchall()
        return {alert.key: alert for alert in read_all(Alert, rows, RECORD)}

    @override
    def recent(self, limit: int) -> tuple[Alert, ...]:
        query = "SELECT value FROM alerts ORDER BY is_open DESC, opened_at DESC LIMIT ?"
        with self._database.reading() as connection:
            rows = connection.execute(query, (limit,)).fetchall()
        return read_all(Alert, rows, RECORD)

    @override
    def save(self, alerts: Sequence[Alert], deliveries: Sequence[Delivery] = ()) -> None:
        rows = [(a.key, sortable(a.opened_at), a.is_open, encoded(a)) for a in alerts]
        with self._database.writing() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO alerts (key, opened_at, is_open, value)"
                " VALUES (?, ?, ?, ?)",
                rows,
            )
            _put(connection, deliveries)
            _thin_out(connection)

    @override
    def due(self, now: datetime, limit: int) -> tuple[Delivery, ...]:
        query = (
            "SELECT value FROM deliveries WHERE state = ? AND due_at <= ?"
            " ORDER BY made_at, delivery_id LIMIT ?"
        )
        with self._database.reading() as connection:
            rows = connection.execute(
                query, (DeliveryState.WAITING, sortable(now), limit)
            ).fetchall()
        return read_all(Delivery, rows, RECORD)

    @override
    def save_deliveries(self, deliveries: Sequence[Delivery]) -> None:
        with self._database.writing() as connection:
            _put(connection, deliveries)

    @override
    def drop(self, delivery_id: DeliveryId) -> None:
        with self._database.writing() as connection:
            connection.execute("DELETE FROM deliveries WHERE delivery_id = ?", (delivery_id,))

    @override
    def deliveries(self, limit: int) -> tuple[Delivery, ...]:
        query = "SELECT value FROM deliveries ORDER BY made_at DESC, delivery_id DESC LIMIT ?"
        with self._database.reading() as connection:
            rows = connection.execute(query, (limit,)).fetchall()
        return read_all(Delivery, rows, RECORD)

    @override
    def beats(self) -> Mapping[str, Beat]:
        query = "SELECT name, value FROM alert_notes WHERE name LIKE ?"
        with self._database.reading() as connection:
            rows = connection.execute(query, (f"{_BEAT}%",)).fetchall()
        found = ((str(name), read(Beat, text, RECORD)) for name, text in rows)
        return {name.removeprefix(_BEAT): beat for name, beat in found if beat is not None}

    @override
    def save_beat(self, subject: str, beat: Beat, done: DeliveryId | None = None) -> None:
        with self._database.writing() as connection:
            _note(connection, f"{_BEAT}{subject}", encoded(beat))
            connection.execute("DELETE FROM deliveries WHERE delivery_id = ?", (done,))

    @override
    def seen_at(self) -> datetime | None:
        look = self._look()
        return look.at if look else None

    @override
    def outage(self) -> Outage | None:
        look = self._look()
        return look.outage if look else None

    @override
    def save_look(self, now: datetime, outage: Outage | None) -> None:
        with self._database.writing() as connection:
            _note(connection, _LOOK, encoded(_Look(now, outage)))

    @override
    def ask_look(self, now: datetime) -> None:
        with self._database.writing() as connection:
            _note(connection, _ASKED, encoded(_Asked(now)))

    @override
    def asked_at(self) -> datetime | None:
        asked = self._noted(_Asked, _ASKED)
        return asked.at if asked else None

    def _look(self) -> _Look | None:
        return self._noted(_Look, _LOOK)

    def _noted(self, kind: type[Value], name: str) -> Value | None:
        with self._database.reading() as connection:
            query = "SELECT value FROM alert_notes WHERE name = ?"
            row = connection.execute(query, (name,)).fetchone()
        return read(kind, row[0], RECORD) if row else None


def _note(connection: sqlite3.Connection, name: str, value: str) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO alert_notes (name, value) VALUES (?, ?)", (name, value)
    )


def _put(connection: sqlite3.Connection, deliveries: Sequence[Delivery]) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO deliveries (delivery_id, target, state, made_at, due_at, value)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (d.delivery_id, d.target, d.state, sortable(d.made_at), sortable(d.due_at), encoded(d))
            for d in deliveries
        ],
    )


def _thin_out(connection: sqlite3.Connection) -> None:
    """Forget what is long over; nothing that is open or waiting."""
    connection.execute(
        "DELETE FROM deliveries WHERE state <> ? AND delivery_id NOT IN"
        " (SELECT delivery_id FROM deliveries ORDER BY made_at DESC LIMIT ?)",
        (DeliveryState.WAITING, KEPT_DELIVERIES),
    )
    connection.execute(
        "DELETE FROM alerts WHERE NOT is_open AND (key, opened_at) NOT IN"
        " (SELECT key, opened_at FROM alerts ORDER BY opened_at DESC LIMIT ?)",
        (KEPT_ALERTS,),
    )
