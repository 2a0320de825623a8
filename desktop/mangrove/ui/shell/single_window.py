"""One window for one state: whoever starts a second one brings the first to the front."""

import hashlib
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, Signal, Slot
from PySide6.QtNetwork import QLocalServer, QLocalSocket

_SHOW = b"show\n"
_SHOWN = b"shown\n"
_PATIENCE_MS = 3_000
_LOCK = "window.lock"


class SingleWindow(QObject):
    """Has the place of the only window, or knows who has it.

    The lock file says who is first, also when two start at the same moment; the system forgets
    the lock of a process that is gone.

    Signals:
        wanted: Somebody started the program again and wants to see this window.

    Args:
        folder: The folder with the state that the window shows.
    """

    wanted = Signal()

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        digest = hashlib.sha256(str(folder.absolute()).encode()).hexdigest()
        self._name = f"mangrove-{digest[:20]}"
        self._lock = QLockFile(str(folder / _LOCK))
        self._lock.setStaleLockTime(0)  # only a process that is gone loses it
        self._server, self._socket = QLocalServer(self), QLocalSocket(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_new_connection)

    def take(self) -> bool:
        """Take the place; False if another window has it."""
        if not self._lock.tryLock(0):
            return False
        QLocalServer.removeServer(self._name)  # what a killed window left behind
        self._server.listen(self._name)
        return True

    def ask_other(self) -> bool:
        """Ask the window that is open to come forward; returns whether it answered."""
        self._ask()
        return self._socket.waitForReadyRead(_PATIENCE_MS) and self._is_answered()

    def _ask(self) -> None:
        self._socket.connectToServer(self._name)
        if self._socket.waitForConnected(_PATIENCE_MS):
            self._socket.write(_SHOW)
            self._socket.waitForBytesWritten(_PATIENCE_MS)

    def _is_answered(self) -> bool:
        return self._socket.readAll().data() == _SHOWN

    def leave(self) -> None:
        """Give the place back."""
        self._server.close()
        self._lock.unlock()

    @Slot()
    def _on_new_connection(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.readyRead.connect(self._on_ready_read)  # the server owns and deletes it

    @Slot()
    def _on_ready_read(self) -> None:
        socket = self.sender()
        if isinstance(socket, QLocalSocket) and socket.readAll().data() == _SHOW:
            socket.write(_SHOWN)
            socket.flush()
            self.wanted.emit()
