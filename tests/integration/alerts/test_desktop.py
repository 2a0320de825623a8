"""Notifications over a real bus, to a service that answers as desktops do."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from jeepney import HeaderFields, MessageType, new_error, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, Proxy, open_dbus_connection

from mangrove.connectors.alerts.desktop import FreedesktopNotifier
from mangrove.core.alerts.alert import Severity
from mangrove.core.alerts.delivery import Message
from mangrove.core.errors import DeliveryError
from servers.keyring_service import session_bus

NAME = "org.freedesktop.Notifications"
pytestmark = pytest.mark.keyring
MESSAGE = Message("Mangrove: nightly: failed", "1 < 2 & <b>bold</b>", Severity.CRITICAL)


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A session bus of our own."""
    with session_bus(tmp_path / "dbus.log") as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield address


def answer_once(connection: DBusConnection, calls: list[tuple[object, ...]], *, good: bool) -> None:
    """Take one notification and answer it."""
    while True:
        message = connection.receive(timeout=20)
        fields = message.header.fields
        if message.header.message_type is not MessageType.method_call:
            continue
        if fields.get(HeaderFields.member) != "Notify":
            continue
        calls.append(message.body)
        reply = (
            new_method_return(message, "u", (7,))
            if good
            else new_error(message, "org.freedesktop.Notifications.Error.Full", "s", ("full",))
        )
        connection.send(reply)
        return


def shown(*, good: bool) -> list[tuple[object, ...]]:
    """Show the message to a service of our own; returns what it was given."""
    calls: list[tuple[object, ...]] = []
    with closing(open_dbus_connection()) as connection:
        Proxy(message_bus, connection).RequestName(NAME)
        thread = threading.Thread(
            target=answer_once, args=(connection, calls), kwargs={"good": good}
        )
        thread.start()
        try:
            FreedesktopNotifier().show(MESSAGE)
        finally:
            thread.join()
    return calls


@pytest.mark.usefixtures("bus")
def test_a_desktop_shows_the_message_without_reading_it_as_markup() -> None:
    ((app, replaces, _, title, body, actions, hints, _),) = shown(good=True)

    assert (app, replaces, title, actions) == ("Mangrove", 0, MESSAGE.title, [])
    assert body == "1 &lt; 2 &amp; &lt;b&gt;bold&lt;/b&gt;"
    assert isinstance(hints, dict)
    assert hints["urgency"] == ("y", 2)


@pytest.mark.usefixtures("bus")
def test_a_desktop_that_refuses_or_is_not_there_is_an_error_and_no_crash() -> None:
    with pytest.raises(DeliveryError, match="notification: its notification service refused it"):
        shown(good=False)
    with pytest.raises(DeliveryError, match="no notification service runs in this session"):
        FreedesktopNotifier().show(MESSAGE)


def test_without_a_session_there_is_no_desktop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)

    with pytest.raises(DeliveryError, match="no desktop"):
        FreedesktopNotifier().show(MESSAGE)
