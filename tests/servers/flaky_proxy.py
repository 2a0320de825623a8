"""A small HTTP proxy in front of a real server, which fails, breaks off or stops as told."""

import socket
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from typing_extensions import override

from servers.process import HOST

PIECE_BYTES = 64 << 10
_OWN = frozenset({"connection", "transfer-encoding", "keep-alive"})


@dataclass(slots=True)
class Mood:
    """What the proxy does to the next requests; each count goes down as it is used up.

    Attributes:
        busy: By method, how many requests are answered with ``status``.
        status: 503 or 429, sent with Retry-After; or any other, with ``body``.
        retry_after_s: What Retry-After says; "" leaves it out.
        break_early: By method, the requests whose connection breaks before they are passed on.
        break_half_way: By method, the answers that break off in the middle of a long body.
        lose_answer: By method, the requests that are done and whose answer is never sent.
        is_stuck: While set, nothing is read and nothing is answered.
        insists_s: For how long from the first request on each is answered with ``status``.
        seen: How many requests came, by method.
        headers: The names of headers that came, by method, in lower case.
    """

    busy: Counter[str] = field(default_factory=Counter)
    status: int = 503
    body: bytes = b""
    retry_after_s: str = ""
    break_early: Counter[str] = field(default_factory=Counter)
    break_half_way: Counter[str] = field(default_factory=Counter)
    lose_answer: Counter[str] = field(default_factory=Counter)
    insists_s: float = 0.0
    is_stuck: threading.Event = field(default_factory=threading.Event)
    freed: threading.Event = field(default_factory=threading.Event)
    seen: Counter[str] = field(default_factory=Counter)
    headers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    began_s: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)
    open_sockets: set[socket.socket] = field(default_factory=set)

    def uses_up(self, left: Counter[str], method: str) -> bool:
        """Whether this request is one of those, and count it off."""
        with self.lock:
            is_one = left[method] > 0
            left[method] -= is_one
            return is_one

    def is_insisting(self) -> bool:
        """Whether the server is to be left alone still."""
        with self.lock:
            self.began_s = self.began_s or time.monotonic()
            return time.monotonic() - self.began_s < self.insists_s

    def wait_while_stuck(self) -> None:
        """Hang until the test is over."""
        if self.is_stuck.is_set():
            self.freed.wait()


@dataclass(frozen=True, slots=True)
class FlakyProxy:
    """Where the proxy listens, and the mood it is in."""

    endpoint: str
    mood: Mood


@contextmanager
def flaky_proxy(endpoint: str) -> Iterator[FlakyProxy]:
    """Stand between a client and a server for as long as the block lasts."""
    mood = Mood()
    upstream = urlsplit(endpoint)
    assert upstream.hostname is not None
    assert upstream.port is not None
    server = ThreadingHTTPServer(
        (HOST, 0), partial(_Handler, upstream.hostname, upstream.port, mood)
    )
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="flaky-proxy")
    thread.start()
    try:
        yield FlakyProxy(f"http://{HOST}:{server.server_address[1]}", mood)
    finally:
        mood.freed.set()
        server.shutdown()
        thread.join()
        with mood.lock:
            for opened in mood.open_sockets:  # their threads wait for the client's next request
                break_socket(opened)
        server.server_close()


def break_socket(opened: socket.socket) -> None:
    """End a connection at once, whoever reads or writes on it."""
    with suppress(OSError):
        opened.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    """Passes a request on to the real server, or does to it what the mood says."""

    protocol_version = "HTTP/1.1"
    timeout = 20

    def __init__(self, host: str, port: int, mood: Mood, *args: Any) -> None:
        self._upstream = (host, port)
        self._mood = mood
        super().__init__(*args)

    def _pass_on(self) -> None:
        method, mood = self.command, self._mood
        with mood.lock:
            mood.seen[method] += 1
            mood.headers[method].update(name.lower() for name in self.headers)
        mood.wait_while_stuck()
        if mood.uses_up(mood.break_early, method):
            self._break()
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if mood.is_insisting() or mood.uses_up(mood.busy, method):
            self._say_busy()
            return
        connection = HTTPConnection(*self._upstream, timeout=20)
        try:
            # The signature covers the Host header, so it goes on as it came.
            connection.request(method, self.path, body, dict(self.headers.items()))
            answer = connection.getresponse()
            if mood.uses_up(mood.lose_answer, method):
                answer.read()
                self._break()
            else:
                self._answer(answer)
        finally:
            connection.close()

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _pass_on  # noqa: N815 - as http.server

    def _say_busy(self) -> None:
        self.send_response(self._mood.status)
        if self._mood.retry_after_s:
            self.send_header("Retry-After", self._mood.retry_after_s)
        body = b"" if self.command == "HEAD" else self._mood.body
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer(self, answer: HTTPResponse) -> None:
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _OWN:
                self.send_header(name, value)
        if self.command == "HEAD":
            self.end_headers()
        elif (size := answer.getheader("Content-Length")) is None:
            body = answer.read()
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        else:
            self.end_headers()
            self._send_body(answer, int(size))

    def _send_body(self, answer: HTTPResponse, size: int) -> None:
        mood, sent = self._mood, 0
        while piece := answer.read(PIECE_BYTES):
            mood.wait_while_stuck()
            self.wfile.write(piece)
            sent += len(piece)
            is_half = size > 4 * PIECE_BYTES and sent > size // 2
            if is_half and mood.uses_up(mood.break_half_way, self.command):
                self._break()
                return

    def _break(self) -> None:
        self.close_connection = True
        break_socket(self.connection)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        pass

    @override
    def handle(self) -> None:
        with self._mood.lock:
            self._mood.open_sockets.add(self.connection)
        with suppress(OSError):
            super().handle()
        with self._mood.lock:
            self._mood.open_sockets.discard(self.connection)
