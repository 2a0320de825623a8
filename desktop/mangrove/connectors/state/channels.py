"""Channels and the settings about alerts in state.sqlite; never with their URLs."""

from dataclasses import replace

from typing_extensions import override

from mangrove.connectors.state.alerts import RECORD
from mangrove.connectors.state.codec import encoded
from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.records import read, read_all
from mangrove.core.alerts.delivery import Delivery, DeliveryState
from mangrove.core.alerts.policy import AlertSettings, Channel, ChannelId
from mangrove.core.errors import NameTakenError
from mangrove.core.ports.alert import ChannelStore

_SETTINGS = "settings"
REMOVED = "the channel was removed"


class SqliteChannels(ChannelStore):
    """Keeps channels and settings.

    Threads: safe for several.
    """

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    @override
    def channels(self) -> tuple[Channel, ...]:
        with self._database.reading() as connection:
            rows = connection.execute("SELECT value FROM channels ORDER BY name_key").fetchall()
        return read_all(Channel, rows, RECORD)

    @override
    def save_channel(self, channel: Channel) -> None:
        key = channel.name.casefold()
        with self._database.writing() as connection:
            query = "SELECT 1 FROM channels WHERE name_key = ? AND channel_id <> ?"
            if connection.execute(query, (key, channel.channel_id)).fetchone():
                raise NameTakenError(
                    f"a channel named '{channel.name}' exists; nothing was saved",
                    hint="choose another name",
                )
            connection.execute(
                "INSERT OR REPLACE INTO channels (channel_id, name_key, value) VALUES (?, ?, ?)",
                (channel.channel_id, key, encoded(channel)),
            )

    @override
    def remove_channel(self, channel_id: ChannelId) -> None:
        query = "SELECT value FROM deliveries WHERE target = ? AND state = ?"
        with self._database.writing() as connection:
            connection.execute("DELETE FROM channels WHERE channel_id = ?", (channel_id,))
            rows = connection.execute(query, (channel_id, DeliveryState.WAITING)).fetchall()
            waiting = read_all(Delivery, rows, RECORD)
            ended = [replace(d, state=DeliveryState.GIVEN_UP, problem=REMOVED) for d in waiting]
            connection.executemany(
                "UPDATE deliveries SET state = ?, value = ? WHERE delivery_id = ?",
                [(d.state, encoded(d), d.delivery_id) for d in ended],
            )

    @override
    def settings(self) -> AlertSettings:
        query = "SELECT value FROM alert_notes WHERE name = ?"
        with self._database.reading() as connection:
            row = connection.execute(query, (_SETTINGS,)).fetchone()
        found = read(AlertSettings, row[0], RECORD) if row else None
        return found or AlertSettings()

    @override
    def save_settings(self, settings: AlertSettings) -> None:
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO alert_notes (name, value) VALUES (?, ?)",
                (_SETTINGS, encoded(settings)),
            )
