"""A fixture with a real Secret Service: gnome-keyring on a session bus of its own."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import keyring
import pytest
import secretstorage
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import Proxy
from keyring.backends.SecretService import Keyring as SecretServiceKeyring
from secretstorage.exceptions import SecretStorageException

from servers.process import running, stop

PROGRAMS = ("dbus-daemon", "gnome-keyring-daemon")
BUS_NAME = "org.freedesktop.secrets"
LOGIN = "/org/freedesktop/secrets/collection/login"


@dataclass(frozen=True, slots=True)
class SecretService:
    """A running keyring; children find it when they get its ``env``."""

    env: Mapping[str, str]
    password: str = field(repr=False)

    def lock(self) -> None:
        """Lock the keyring; without a display nobody can unlock it again."""
        with closing(secretstorage.dbus_init()) as bus:
            secretstorage.Collection(bus, LOGIN).lock()

    def is_unlocked(self) -> bool:
        """Whether the login keyring is there and open.

        Asks for the owner first: a call to an absent service makes the bus start a second
        daemon, which then fights with ours over the name (D-Bus specification, "Message Bus
        Starting Services").
        """
        with closing(secretstorage.dbus_init()) as bus:
            if Proxy(message_bus, bus).NameHasOwner(BUS_NAME) != (True,):
                return False
            try:
                return not secretstorage.Collection(bus, LOGIN).is_locked()
            except SecretStorageException:
                return False


@pytest.fixture
def secret_service(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SecretService]:
    """An empty, unlocked keyring, which the ``keyring`` package uses during the test."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        pytest.fail(f"not installed: {', '.join(missing)}; run: python3 packaging/dev.py setup")
    work = tmp_path_factory.mktemp("keyring")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "PYTHON_KEYRING_BACKEND"):
        monkeypatch.delenv(name, raising=False)
    env = _own_folders(work)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    with ExitStack() as stack:
        address = stack.enter_context(session_bus(work / "dbus.log"))
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        env["DBUS_SESSION_BUS_ADDRESS"] = address
        service = SecretService(env, secrets.token_hex(16))
        stack.enter_context(_gnome_keyring(service, work / "keyring.log"))
        monkeypatch.setattr(keyring.core, "_keyring_backend", SecretServiceKeyring())
        yield service


def _own_folders(work: Path) -> dict[str, str]:
    variables = {"HOME": "home", "XDG_RUNTIME_DIR": "run", "XDG_DATA_HOME": "home/.local/share"}
    for folder in variables.values():
        (work / folder).mkdir(parents=True, mode=0o700)
    return {name: str(work / folder) for name, folder in variables.items()}


@contextmanager
def session_bus(log: Path) -> Iterator[str]:
    """Run a session bus; yields its address, which it prints when it is ready."""
    command = ["dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=1"]
    with log.open("ab") as output:
        bus = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=output, env=os.environ)
    try:
        assert bus.stdout is not None
        with bus.stdout as told:
            address = told.readline().decode().strip()
        assert address, f"no session bus: {log.read_text(errors='replace')[-2000:]}"
        yield address
    finally:
        stop(bus)


@contextmanager
def _gnome_keyring(service: SecretService, log: Path) -> Iterator[int]:
    command = ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"]
    password = service.password.encode()
    with running(command, service.is_unlocked, log=log, stdin=password) as pid:
        yield pid
