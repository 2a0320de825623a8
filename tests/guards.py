"""Guards around every test: no unannounced warning, no leaked thread or widget, no real home."""

import gc
import logging
import os
import re
import socket
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError
from pytestqt.qtbot import QtBot
from typing_extensions import override

TESTS = Path(__file__).resolve().parent
UNIT_TESTS = TESTS / "unit"
THREAD_GRACE_S = 10.0  # they end at once, but for a busy machine
# The driver ends its monitors a moment after a client was closed, and session-wide clients live on.
FOREIGN_THREADS = ("pymongo_",)
HOME_VARIABLES = {
    "HOME": ".",
    "USERPROFILE": ".",
    "XDG_CONFIG_HOME": ".config",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
    "XDG_CACHE_HOME": ".cache",
    "XDG_RUNTIME_DIR": "run",
    "APPDATA": "AppData/Roaming",
    "LOCALAPPDATA": "AppData/Local",
}
LEADS_OUTSIDE = ("MANGROVE_HOME", "DBUS_SESSION_BUS_ADDRESS", "PYTHON_KEYRING_BACKEND")


class LogGuard(logging.Handler):
    """Collects warnings; the test fails on those it did not announce with :meth:`expect`."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._records: list[logging.LogRecord] = []
        self._expected: list[re.Pattern[str]] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self._records.append(record)

    def expect(self, pattern: str) -> None:
        """Announce warnings whose ``logger: message`` contains the pattern."""
        self._expected.append(re.compile(pattern))

    def unexpected(self) -> list[str]:
        """Return what was logged and not announced."""
        lines = [f"{r.name}: {r.levelname}: {r.getMessage()}" for r in self._records]
        return [line for line in lines if not any(p.search(line) for p in self._expected)]


class MemoryKeyring(KeyringBackend):
    """A keyring that forgets everything with the test."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self._passwords: dict[tuple[str, str], str] = {}

    @override
    def get_password(self, service: str, username: str) -> str | None:
        return self._passwords.get((service, username))

    @override
    def set_password(self, service: str, username: str, password: str) -> None:
        self._passwords[service, username] = password

    @override
    def delete_password(self, service: str, username: str) -> None:
        if self._passwords.pop((service, username), None) is None:
            raise PasswordDeleteError("No such password!")


@pytest.fixture(autouse=True)
def home_guard(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder; returns it. The keyring is a memory one."""
    home = tmp_path_factory.mktemp("home")
    for name, folder in HOME_VARIABLES.items():
        (home / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
        monkeypatch.setenv(name, str(home / folder))
    for name in LEADS_OUTSIDE:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(keyring.core, "_keyring_backend", MemoryKeyring())
    return home


@pytest.fixture(autouse=True)
def log_guard() -> Iterator[LogGuard]:
    """Fails a test that logs a warning it did not announce: ``log_guard.expect("...")``."""
    guard = LogGuard()
    logging.getLogger().addHandler(guard)
    yield guard
    logging.getLogger().removeHandler(guard)
    if lines := guard.unexpected():
        pytest.fail("logged without being announced:\n" + "\n".join(lines), pytrace=False)


@pytest.fixture(autouse=True)
def thread_guard(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fails a test that leaves a thread behind, and says where it was started."""
    started: list[tuple[threading.Thread, str]] = []
    start = threading.Thread.start

    def start_and_remember(thread: threading.Thread) -> None:
        started.append((thread, "".join(traceback.format_stack(limit=8)[:-1])))
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_and_remember)
    yield
    monkeypatch.setattr(threading.Thread, "start", start)
    for thread, origin in started:
        if thread.name.startswith(FOREIGN_THREADS):
            continue
        thread.join(THREAD_GRACE_S)
        if thread.is_alive():
            pytest.fail(f"thread {thread.name!r} outlives the test; from\n{origin}", pytrace=False)


class HoldingQtBot(QtBot):  # type: ignore[misc]  # which says nothing of its types
    """Holds what it is given until the test is over; the usual one knows it by a weak reference.

    A page that nobody holds when the test returns lives on in a cycle of references, and is painted
    once more. Should the garbage be collected in the middle of that, Python takes the page away
    with the very widget that is painting, and the process ends with it.
    """

    def __init__(self, request: pytest.FixtureRequest) -> None:
        super().__init__(request)
        self._held: list[object] = []

    @override
    def addWidget(self, widget: Any, **how: Any) -> None:
        super().addWidget(widget, **how)
        self._held.append(widget)

    def let_go_of_the_dead(self) -> None:
        """Forget widgets that are gone already, which could not be closed."""
        from shiboken6 import isValid  # noqa: PLC0415 - only where Qt is in use

        self._held = [widget for widget in self._held if isValid(widget)]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Let go of dead widgets before pytest-qt closes what it was given."""
    bot = getattr(item, "funcargs", {}).get("qtbot")
    if isinstance(bot, HoldingQtBot):
        bot.let_go_of_the_dead()
    return (yield)


@pytest.fixture
def qtbot(qapp: object, request: pytest.FixtureRequest) -> QtBot:
    """The hands of a test of the window, which hold on to its widgets."""
    assert qapp is not None  # made before the first widget
    return HoldingQtBot(request)


@pytest.fixture(autouse=True)
def widget_guard() -> Iterator[None]:
    """Fails a test that leaves a top-level widget behind; give yours to ``qtbot.addWidget``."""
    before = set(_top_level_widgets())
    yield
    if not (left := set(_top_level_widgets()) - before):
        return
    gc.collect()
    if left := left & set(_top_level_widgets()):
        pytest.fail(f"widgets left behind: {sorted(kind for _, kind in left)}", pytrace=False)


@pytest.fixture(autouse=True)
def socket_guard(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails a unit test that opens a network socket."""
    if not request.path.is_relative_to(UNIT_TESTS):
        return
    build = socket.socket.__init__

    def refuse(sock: socket.socket, family: int = -1, *args: int, **kwargs: object) -> None:
        if family != socket.AF_UNIX:
            raise AssertionError("a unit test may not open a network socket")
        build(sock, family, *args, **kwargs)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(socket.socket, "__init__", refuse)


def _top_level_widgets() -> list[tuple[int, str]]:
    """Return address and class of the living top-level widgets, without loading Qt ourselves."""
    if "PySide6.QtWidgets" not in sys.modules:
        return []
    from PySide6.QtCore import QCoreApplication, QEvent  # noqa: PLC0415 - only where Qt is in use
    from PySide6.QtWidgets import QApplication  # noqa: PLC0415
    from shiboken6 import getCppPointer  # noqa: PLC0415

    if QApplication.instance() is None:
        return []
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    return [(getCppPointer(w)[0], type(w).__name__) for w in QApplication.topLevelWidgets()]


os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
