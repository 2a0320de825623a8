"""A line to a server that counts what goes over it, and breaks when told."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from servers.flaky_proxy import break_socket
from servers.process import HOST

PIECE_BYTES = 64 << 10


@dataclass(slots=True)
class CutLine:
    """Where it is entered, what came over it, and how to cut it.

    Attributes:
        received: Bytes that the server sent, in all.
        sent: Bytes that were sent to the server, in all.
        cut_at: It is cut once so many were received, in the middle of an answer; 0 for never.
        cut_at_sent: It is cut once so many were sent, in the middle of a question; 0 for never.
        then: Called once it was cut for one of these, before anything else goes through.
    """

    port: int = 0
    received: int = 0
    sent: int = 0
    cut_at: int = 0
    cut_at_sent: int = 0
    then: Callable[[], None] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    open_sockets: set[socket.socket] = field(default_factory=set)

    def cut(self) -> None:
        """Break every connection at once; new ones go through."""
        with self.lock:
            self.cut_at = self.cut_at_sent = 0
            broken, self.open_sockets = self.open_sockets, set()
        for opened in broken:
            break_socket(opened)

    def cut_soon(self, after_bytes: int) -> None:
        """Break every connection once so many more bytes came back."""
        with self.lock:
            self.cut_at = self.received + after_bytes

    def count(self, size: int, *, is_answer: bool) -> bool:
        """Count what goes over it; returns whether the line is to be cut now."""
        with self.lock:
            if is_answer:
                self.received += size
                return 0 < self.cut_at <= self.received
            self.sent += size
            return 0 < self.cut_at_sent <= self.sent

    def uri(self, options: str = "directConnection=true") -> str:
        """Return the connection string of the server behind it."""
        return f"mongodb://{HOST}:{self.port}/?{options}"


@contextmanager
def cut_line(port: int) -> Iterator[CutLine]:
    """Stand between a client and a server for as long as the block lasts."""
    line = CutLine()
    with socket.create_server((HOST, 0)) as listening:
        line.port = listening.getsockname()[1]
        accepting = threading.Thread(
            target=_accept, args=(listening, port, line), name="cut-line", daemon=True
        )
        accepting.start()
        try:
            yield line
        finally:
            break_socket(listening)
            accepting.join()
            line.cut()


def _accept(listening: socket.socket, port: int, line: CutLine) -> None:
    threads: list[threading.Thread] = []
    with suppress(OSError):
        while True:
            client, _ = listening.accept()
            try:
                server = socket.create_connection((HOST, port))
            except OSError:  # it is not there right now
                client.close()
                continue
            with line.lock:
                line.open_sockets |= {client, server}
            for one, other, is_answer in ((client, server, False), (server, client, True)):
                pair = threading.Thread(
                    target=_pump, args=(one, other, line, is_answer), name="cut-line-pump"
                )
                pair.start()
                threads.append(pair)
    line.cut()
    for thread in threads:
        thread.join()


def _pump(source: socket.socket, target: socket.socket, line: CutLine, is_answer: bool) -> None:
    with source, suppress(OSError):
        while piece := source.recv(PIECE_BYTES):
            if line.count(len(piece), is_answer=is_answer):
                line.cut()
                if line.then is not None:
                    line.then()
            target.sendall(piece)
    break_socket(target)
