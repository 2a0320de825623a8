"""Asks systemd's logind over D-Bus not to let the machine sleep."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from jeepney import DBusAddress, new_method_call
from jeepney.io.blocking import open_dbus_connection
from jeepney.wrappers import DBusErrorResponse, unwrap_msg
from typing_extensions import override

from mangrove.core.ports.agent import Wakefulness

log = logging.getLogger(__name__)
MANAGER = DBusAddress(
    "/org/freedesktop/login1",
    bus_name="org.freedesktop.login1",
    interface="org.freedesktop.login1.Manager",
)
WHAT, WHO, MODE = "sleep", "Mangrove", "block"
TIMEOUT_S = 5.0


class Inhibitor(Wakefulness):
    """Holds the file that logind hands out: the machine does not sleep until it is closed.

    A person can still close the lid: logind heeds inhibitors then only if it was told to.
    Source: org.freedesktop.login1(5), ``Inhibit``; logind.conf(5), ``LidSwitchIgnoreInhibited``.
    """

    @override
    @contextmanager
    def hold(self, why: str) -> Iterator[bool]:
        number = _inhibited(why)
        try:
            yield number is not None
        finally:
            if number is not None:
                os.close(number)


def _inhibited(why: str) -> int | None:
    """Return the file to hold; None where there is no logind, or it refused."""
    call = new_method_call(MANAGER, "Inhibit", "ssss", (WHAT, WHO, why, MODE))
    try:
        with open_dbus_connection("SYSTEM", enable_fds=True) as bus:
            (held,) = unwrap_msg(bus.send_and_get_reply(call, timeout=TIMEOUT_S))
            return int(held.to_raw_fd())
    except (OSError, KeyError, DBusErrorResponse, TimeoutError) as error:
        log.info("machine may fall asleep reason=%s", error)
        return None
