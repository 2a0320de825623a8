"""A web server that takes webhooks and signs of life, and keeps what it was given."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from typing_extensions import override

from servers.process import HOST


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Attributes:
        path: With its query.
    """

    path: str
    body: str

    @property
    def document(self) -> dict[str, Any]:
        """Its body as JSON."""
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found


@dataclass(slots=True)
class Receiver:
    """What came, and how it answers.

    Attributes:
        status: What every request is answered with.
    """

    port: int = 0
    status: int = 200
    calls: list[Call] = field(default_factory=list)
    _arrived: threading.Condition = field(default_factory=threading.Condition)

    def take(self, call: Call) -> None:
        """Keep a request."""
        with self._arrived:
            self.calls.append(call)
            self._arrived.notify_all()

    def wait(self, number: int, timeout_s: float = 20.0) -> list[Call]:
        """Return the requests once there are so many."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.calls) >= number, timeout_s)
        return self.calls

    def url(self, path: str = "/hook/8c7d-secret-token") -> str:
        """Return an address on it."""
        return f"http://{HOST}:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        """The paths of what came, without queries."""
        return [call.path.partition("?")[0] for call in self.calls]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Start one on a free port."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            receiver.take(Call(self.path, self.rfile.read(length).decode()))
            self.send_response(receiver.status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"OK")

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A web server of its own for a test."""
    with receiving() as server:
        yield server
