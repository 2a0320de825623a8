"""A stand-in for Google Cloud Storage: its sign-in and its conditions, in front of a real moto.

No emulator that can be had answers the XML interface that obstore speaks. That interface is S3's
but for two things, which are added here: the token that a service account signs, checked for
certain, and the header that forbids to overwrite.
Source: Cloud Storage documentation, "XML API overview" and "Request preconditions"; Google
Identity, "Service account authorization without OAuth".
"""

import base64
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from typing_extensions import override

from mangrove.app.clock import SystemClock
from servers.flaky_proxy import break_socket
from servers.object_stores import ObjectStore
from servers.process import HOST

FRESH_S = 300
ANYBODY = (
    "AWS4-HMAC-SHA256 Credential=AK/20200101/us-east-1/s3/aws4_request, "
    "SignedHeaders=host, Signature=0"
)


@dataclass(slots=True)
class Google:
    """A bucket behind the stand-in, and the key of the account that may use it.

    Attributes:
        clock_is_off_s: How far from ours the server's clock is.
    """

    endpoint: str
    bucket: str
    service_account: str = field(repr=False)
    clock_is_off_s: int = 0
    open_sockets: set[socket.socket] = field(default_factory=set, repr=False)
    key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(65537, 2048), repr=False
    )

    @property
    def url(self) -> str:
        """Return the address of the bucket in the form of a vault's ``--url``."""
        return f"gs://{self.bucket}?endpoint={self.endpoint}"


@pytest.fixture
def google(moto_s3: ObjectStore) -> Iterator[Google]:
    """A fresh bucket."""
    made = Google("", moto_s3.bucket, "")
    upstream = urlsplit(moto_s3.endpoint)
    assert upstream.port is not None
    server = ThreadingHTTPServer((HOST, 0), partial(_Handler, made, upstream.port))
    server.daemon_threads = False  # so that closing it waits for what it still does
    made.endpoint = f"http://{HOST}:{server.server_address[1]}"
    made.service_account = service_account(made.key, made.endpoint)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="google")
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        for opened in tuple(made.open_sockets):  # their threads wait for the next request
            break_socket(opened)
        server.server_close()


def service_account(key: rsa.RSAPrivateKey, endpoint: str) -> str:
    """Return what the JSON file of a service account holds."""
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return json.dumps(
        {
            "type": "service_account",
            "client_email": "backup@tests.invalid",
            "private_key_id": "1",
            "private_key": pem.decode(),
            "token_uri": f"{endpoint}/token",  # never asked: the token is signed by ourselves
        }
    )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20

    def __init__(self, google: Google, upstream_port: int, *args: Any) -> None:
        self._google, self._port = google, upstream_port
        super().__init__(*args)

    def _pass_on(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        if len(body := self.rfile.read(size)) < size:
            self.close_connection = True  # given up half way
            return
        if not self._is_signed(self.headers.get("Authorization", "").removeprefix("Bearer ")):
            self._say(401, b"<Error><Code>AuthenticationRequired</Code></Error>")
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        headers["authorization"] = ANYBODY
        if headers.pop("x-goog-if-generation-match", None) == "0":
            headers["if-none-match"] = "*"
        connection = HTTPConnection(HOST, self._port, timeout=20)
        try:
            connection.request(self.command, self._plain_path(), body, headers)
            answer = connection.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                    self.send_header(name, value)
            told = answer.getheader("Content-Length") if self.command == "HEAD" else None
            self.send_header("Content-Length", told or str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        finally:
            connection.close()

    def _plain_path(self) -> str:
        """Undo what Google takes and moto does not: a bucket's name and slashes in percents."""
        path, mark, query = self.path.partition("?")
        return quote(unquote(path), safe="/") + mark + query

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _pass_on  # noqa: N815 - as http.server

    def _is_signed(self, assertion: str) -> bool:
        signed, _, signature = assertion.rpartition(".")
        if not signed:
            return False
        claims = json.loads(_decoded(signed.partition(".")[2]))
        key = self._google.key.public_key()
        try:
            key.verify(_decoded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        now_s = SystemClock().now().timestamp() + self._google.clock_is_off_s
        return claims["iat"] - FRESH_S < now_s < claims["exp"]

    def _say(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    @override
    def handle(self) -> None:
        self._google.open_sockets.add(self.connection)
        with suppress(OSError):
            super().handle()
        self._google.open_sockets.discard(self.connection)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        pass


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
