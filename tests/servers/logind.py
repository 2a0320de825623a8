"""A fixture with a real system bus and a logind on it that only knows inhibitors."""

import os
import select
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from jeepney import HeaderFields, Message, MessageType, new_error, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.fds import FileDescriptor
from jeepney.io.blocking import DBusConnection, Proxy, open_dbus_connection

from servers.process import stop

NAME = "org.freedesktop.login1"
REFUSED = "org.freedesktop.DBus.Error.AccessDenied"
POLL_S = 0.2
CLOSED_S = 10.0


@dataclass(slots=True)
class Logind:
    """Hands out inhibitors as logind does.

    Attributes:
        asked: The arguments of each call of ``Inhibit``: what, who, why, mode.
        refuses: Whether it denies them, as logind does without the right to inhibit.
    """

    asked: list[tuple[str, ...]] = field(default_factory=list)
    refuses: bool = False
    _ours: list[int] = field(default_factory=list)

    def held(self) -> int:
        """Return how many inhibitors are open: the other end of their pipes still is."""
        count = 0
        for number in self._ours:
            try:
                os.read(number, 1)  # b"" once every copy of the other end is closed
            except BlockingIOError:
                count += 1
        return count

    def is_free(self) -> bool:
        """Whether every inhibitor is closed, or soon is: the bus may hold one a moment longer."""
        return all(select.select([number], [], [], CLOSED_S)[0] for number in self._ours)

    def answer(self, bus: DBusConnection, call: Message) -> None:
        """Serve one call."""
        if call.header.fields.get(HeaderFields.member) != "Inhibit":
            return
        self.asked.append(call.body)
        if self.refuses:
            bus.send(new_error(call, REFUSED, "s", ("interactive authentication required",)))
            return
        ours, theirs = os.pipe()
        os.set_blocking(ours, False)
        self._ours.append(ours)
        with FileDescriptor(theirs) as handed:
            bus.send(new_method_return(call, "h", (handed,)))

    def close(self) -> None:
        """Close our ends."""
        for number in self._ours:
            os.close(number)


@pytest.fixture
def logind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Logind]:
    """A system bus of the test's own, on which a logind answers."""
    command = ["dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=1"]
    with (tmp_path / "bus.log").open("ab") as log:
        daemon = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
    service, over = Logind(), threading.Event()
    try:
        assert daemon.stdout is not None
        with daemon.stdout as told:
            address = told.readline().decode().strip()
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        with open_dbus_connection("SYSTEM", enable_fds=True) as bus:
            Proxy(message_bus, bus).RequestName(NAME)
            thread = threading.Thread(target=_serve, args=(bus, service, over), name="logind")
            thread.start()
            yield service
            over.set()
            thread.join()
    finally:
        over.set()
        service.close()
        stop(daemon)


def _serve(bus: DBusConnection, service: Logind, over: threading.Event) -> None:
    while not over.is_set():
        try:
            message = bus.receive(timeout=POLL_S)
        except TimeoutError:
            continue
        if message.header.message_type is MessageType.method_call:
            service.answer(bus, message)
