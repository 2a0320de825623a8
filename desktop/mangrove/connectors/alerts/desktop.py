"""Notifications on this desktop, over D-Bus; without a window of ours being open."""

import os
from contextlib import closing

from typing_extensions import override

from mangrove.core.alerts.alert import Severity
from mangrove.core.alerts.delivery import Message
from mangrove.core.errors import DeliveryError
from mangrove.core.ports.alert import DesktopNotifier

TIMEOUT_S = 5.0
SERVER_DECIDES = -1  # how long it is shown
_BUS = "DBUS_SESSION_BUS_ADDRESS"
_NOBODY = (
    "org.freedesktop.DBus.Error.ServiceUnknown",
    "org.freedesktop.DBus.Error.NameHasNoOwner",
)
_URGENCY = {Severity.NOTE: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}


class FreedesktopNotifier(DesktopNotifier):
    """Asks the desktop's own notification service.

    Source: Desktop Notifications Specification 1.2, org.freedesktop.Notifications.Notify; the
    body may be read as markup, so its special letters are escaped; urgency 2 stays until closed.

    Threads: safe for several, each call has its own connection.
    """

    @override
    def show(self, message: Message) -> None:
        if _BUS not in os.environ:
            raise DeliveryError("this session has no desktop that could show a notification")
        try:
            # On systems without D-Bus the library is not installed.
            from jeepney import (  # noqa: PLC0415
                DBusAddress,
                DBusErrorResponse,
                new_method_call,
            )
            from jeepney.io.blocking import (  # noqa: PLC0415
                open_dbus_connection,
            )
            from jeepney.wrappers import (  # noqa: PLC0415
                unwrap_msg,
            )
        except ImportError:
            raise DeliveryError("this system has no D-Bus to ask for a notification") from None
        service = DBusAddress(
            "/org/freedesktop/Notifications",
            bus_name="org.freedesktop.Notifications",
            interface="org.freedesktop.Notifications",
        )
        hints = {
            "urgency": ("y", _URGENCY[message.severity]),
            "desktop-entry": ("s", "mangrove"),
        }
        no_actions: list[str] = []
        text = (message.title, _escaped(message.body), no_actions, hints, SERVER_DECIDES)
        call = new_method_call(service, "Notify", "susssasa{sv}i", ("Mangrove", 0, "", *text))
        try:
            with closing(open_dbus_connection()) as connection:
                unwrap_msg(connection.send_and_get_reply(call, timeout=TIMEOUT_S))
        except (OSError, TimeoutError, DBusErrorResponse, ValueError) as error:
            raise DeliveryError(
                f"the desktop showed no notification: {_reason(error)}",
                hint="see whether this session shows notifications of other programs",
            ) from error


def _reason(error: Exception) -> str:
    """Say what is wrong without the names that the bus has for it."""
    if isinstance(error, TimeoutError):
        return "its notification service did not answer in time"
    if isinstance(error, (OSError, ValueError)):
        return "its message bus cannot be reached"
    if getattr(error, "name", "") in _NOBODY:
        return "no notification service runs in this session"
    return "its notification service refused it"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
