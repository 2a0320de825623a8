"""Sends single signed requests to S3 and reads its answers: what obstore does not ask for."""

import base64
import hashlib
import http.client
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.etree import ElementTree

from mangrove.core.errors import StorageUnavailableError
from mangrove.core.secret import Secret
from mangrove.core.vaults.url import StorageAddress
from mangrove.vault.storage.connecting import DEFAULT_REGION, Patience, endpoint_of
from mangrove.vault.storage.s3_signing import Keys, Request, quoted, signed_headers

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT_BYTES = 16 << 20
MORE_TRIES = 4
LONGEST_PAUSE_S = 60.0
_BUSY = frozenset({429, 500, 502, 503, 504})
_FAULTS = (OSError, http.client.HTTPException)


@dataclass(frozen=True, slots=True)
class Answer:
    """What S3 said: status, headers by lower-case name, and the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_good(self) -> bool:
        """Whether it did what was asked."""
        return self.status // 100 == 2  # noqa: PLR2004 - all that begin with 2

    @property
    def code(self) -> str:
        """S3's own word for what went wrong; "" without one."""
        root = self.root
        return "" if root is None else text_in(root, "Code")

    @property
    def root(self) -> ElementTree.Element | None:
        """The document, None if it is none; one with a declaration of its own is not read."""
        if b"<!" in self.body:
            return None
        try:
            # No declaration, so no entity can be made to grow.
            return ElementTree.fromstring(self.body)  # noqa: S314
        except ElementTree.ParseError:
            return None


def local_name(element: ElementTree.Element) -> str:
    """Return an element's name without its name space."""
    return element.tag.rpartition("}")[2]


def children(element: ElementTree.Element, name: str) -> "Iterator[ElementTree.Element]":
    """Yield the children of a name, whatever their name space."""
    return (child for child in element if local_name(child) == name)


def text_in(element: ElementTree.Element, *path: str) -> str:
    """Return the text of the first descendant along some names; "" without one."""
    for name in path:
        found = next(children(element, name), None)
        if found is None:
            return ""
        element = found
    return (element.text or "").strip()


class S3Requests:
    """One bucket, asked directly. Safe for several threads; each request has its own connection.

    Args:
        address: Of the vault: bucket, endpoint, region.
        keys: Name of the key, and the secret one; without them requests are not signed.
        now: The machine's clock, for signatures.
        patience: For how long and how often.
    """

    def __init__(
        self,
        address: StorageAddress,
        keys: tuple[str, Secret | None],
        now: Callable[[], datetime],
        patience: Patience,
    ) -> None:
        bucket = address.root.partition("/")[0]
        parts = urlsplit(endpoint_of(address))
        is_inside = address.option("style") == "virtual"  # the bucket is in the endpoint
        self._is_safe, self._host = parts.scheme == "https", parts.netloc
        self._base = parts.path.rstrip("/") + ("" if is_inside else f"/{quoted(bucket)}")
        region = address.option("region") or DEFAULT_REGION
        access_key, secret = keys
        self._keys = Keys(access_key, secret, region) if access_key and secret else None
        self._now = now
        self._patience = patience
        self._aborted = threading.Event()
        self._lock = threading.Lock()
        self._open: set[http.client.HTTPConnection] = set()

    def abort(self) -> None:
        """End requests that wait in other threads; no new one is tried again."""
        self._aborted.set()
        with self._lock:
            connections = tuple(self._open)
        for connection in connections:
            if connection.sock is not None:
                with suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)

    def ask(
        self, method: str, key: str = "", query: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Send a request and return the answer; a busy server is asked again when it says so.

        Raises:
            StorageUnavailableError: If nothing came back.
        """
        path = f"{self._base}/{quoted(key, '/')}" if key else self._base or "/"
        headers = {"content-md5": _md5(body)} if body else {}
        request = Request(method, self._host, path, query or {}, headers, body)
        pause_s = self._patience.first_wait_s
        for _ in range(min(MORE_TRIES, self._patience.retries)):
            answer = self._sent(request)
            if answer is not None and answer.status not in _BUSY:
                return answer
            if self._aborted.wait(_asked_for(answer, pause_s)):
                break
            pause_s = min(pause_s * 2, self._patience.longest_wait_s)
        answer = self._sent(request)
        if answer is None:
            raise StorageUnavailableError(
                "the object store did not answer", hint="check the endpoint and the network"
            )
        return answer

    def _sent(self, request: Request) -> Answer | None:
        headers = signed_headers(request, self._keys, self._now())
        target = f"{request.path}?{request.query_text}" if request.query else request.path
        try:
            with self._connection() as connection:
                connection.request(request.method, target, request.body or None, headers)
                found = connection.getresponse()
                body = found.read(LIMIT_BYTES)
                named = {name.lower(): value for name, value in found.getheaders()}
                return Answer(found.status, named, body)
        except _FAULTS:
            return None

    @contextmanager
    def _connection(self) -> "Iterator[http.client.HTTPConnection]":
        kind = http.client.HTTPSConnection if self._is_safe else http.client.HTTPConnection
        wait_s = 1.5 if self._aborted.is_set() else min(30.0, self._patience.stall_s)
        connection = kind(self._host, timeout=wait_s)
        with self._lock:
            self._open.add(connection)
        try:
            yield connection
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()


def _md5(body: bytes) -> str:
    """Return the check that S3 asks for beside a lock.

    Source: Amazon S3 API reference, PutObjectRetention, Content-MD5.
    """
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


def _asked_for(answer: Answer | None, otherwise_s: float) -> float:
    """Return how long a busy server wants us to wait.

    Source: RFC 9110, section 10.2.3, Retry-After as a number of seconds.
    """
    text = answer.headers.get("retry-after", "") if answer is not None else ""
    return min(float(text), LONGEST_PAUSE_S) if text.isdecimal() else otherwise_s
