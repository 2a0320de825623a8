"""Requests to the Administration API: versions, pages, patience, and a way to break off."""

import json
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from mangrove.connectors.atlas.error_map import (
    busy,
    error_of,
    malformed,
    network_errors,
    problem_of,
)
from mangrove.core.errors import AtlasUnreachableError, MangroveError, RunCancelled
from mangrove.core.patience import RETRY_WAITS_S

log = logging.getLogger(__name__)
Json = dict[str, Any]
Query = Mapping[str, int]

TIMEOUT = httpx.Timeout(30.0, connect=10.0)
PAGE_ITEMS = 100
LIMIT_WAITS_S = (10.0, 20.0, 40.0)
"""Before each new try after "too many requests", unless Atlas says how long.

Source: Atlas documentation, "Atlas Administration API Rate Limits".
"""
LONGEST_WAIT_S = 120.0
_TOO_MANY, _NO_CONTENT = 429, 204
_TRY_AGAIN = (500, 502, 503, 504)


def version_type(version: str) -> str:
    """Return the media type that asks for a version of a resource.

    Source: Atlas documentation, "Versioned Atlas Administration API Overview".
    """
    return f"application/vnd.atlas.{version}+json"


class AtlasClient:
    """One connection to Atlas.

    What only reads is tried again after a lost connection; what changes something only when it
    is certain that it never arrived.

    Threads: ``abort`` may be called from any; the rest by one at a time.

    Args:
        url: Without a path.
        auth: Signs the requests.
        say: Told why a call takes long.
        retry_waits_s: Before each new try after a lost connection.
        limit_waits_s: Before each new try after "too many requests".
    """

    def __init__(
        self,
        url: str,
        auth: httpx.Auth,
        say: Callable[[str], None] = lambda _: None,
        retry_waits_s: Sequence[float] = RETRY_WAITS_S,
        limit_waits_s: Sequence[float] = LIMIT_WAITS_S,
    ) -> None:
        self._say = say
        self._retry_waits_s, self._limit_waits_s = tuple(retry_waits_s), tuple(limit_waits_s)
        self._aborted = threading.Event()
        self._streams: list[Any] = []
        self.host = urlsplit(url).netloc
        trusted = _trusted_roots()
        self._client = httpx.Client(base_url=url, auth=auth, timeout=TIMEOUT, verify=trusted)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def abort(self) -> None:
        """Break off what is under way, and refuse further calls; from any thread."""
        self._aborted.set()
        for stream in tuple(self._streams):
            found = stream.get_extra_info("socket")
            if found is not None:
                with suppress(OSError):
                    found.shutdown(socket.SHUT_RDWR)

    def get(self, path: str, version: str, query: Query | None = None) -> Json:
        """Read one thing."""
        return self._json("GET", path, version, query)

    def pages(self, path: str, version: str) -> Iterator[Json]:
        """Read all items of a list, page by page."""
        number, seen = 1, 0
        while True:
            page = self.get(path, version, {"itemsPerPage": PAGE_ITEMS, "pageNum": number})
            items = page.get("results")
            if not isinstance(items, list):
                raise malformed(f"a list without results from {path}")
            yield from items
            seen += len(items)
            total = page.get("totalCount")
            is_last = len(items) < PAGE_ITEMS if total is None else seen >= total
            if is_last or not items:
                return
            number += 1

    def change(self, method: str, path: str, version: str, body: Json | None = None) -> Json:
        """Create, change or delete something; returns what Atlas made of it."""
        return self._json(method, path, version, body=body)

    @contextmanager
    def download(self, url: str, offset: int) -> Iterator[httpx.Response]:
        """Open a file at a signed address, outside the API and without our signature."""
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        extensions = {"trace": self._trace}
        plain = httpx.Client(timeout=TIMEOUT, follow_redirects=True, verify=_trusted_roots())
        with network_errors(urlsplit(url).netloc), plain:
            opened = plain.stream("GET", url, headers=headers, extensions=extensions)
            with opened as response:
                if response.is_error:
                    response.read()
                    raise error_of(response)
                yield response

    # --- inside --------------------------------------------------------------------------

    def _json(
        self,
        method: str,
        path: str,
        version: str,
        query: Query | None = None,
        body: Json | None = None,
    ) -> Json:
        response = self._patiently(method, path, version, query, body)
        if response.status_code == _NO_CONTENT or not response.content:
            return {}
        try:
            found = json.loads(response.content)
        except ValueError as error:
            raise malformed(f"no JSON from {path}") from error
        if not isinstance(found, dict):
            raise malformed(f"no object from {path}")
        return found

    def _patiently(
        self, method: str, path: str, version: str, query: Query | None, body: Json | None
    ) -> httpx.Response:
        lost, limits = iter(self._retry_waits_s), iter(self._limit_waits_s)
        while True:
            self._check()
            try:
                response = self._once(method, path, version, query, body)
            except AtlasUnreachableError as error:
                wait_s = next(lost, None)
                if wait_s is None or not _may_repeat(method, error):
                    raise
                log.info("atlas tried again method=%s path=%s reason=%s", method, path, error)
                self._wait(wait_s)
                continue
            if response.status_code == _TOO_MANY:
                self._wait_for_limit(response, next(limits, None))
            elif response.status_code in _TRY_AGAIN and method == "GET":
                wait_s = next(lost, None)
                if wait_s is None:
                    raise error_of(response)
                self._wait(wait_s)
            elif response.is_error:
                raise error_of(response)
            else:
                return response

    def _once(
        self, method: str, path: str, version: str, query: Query | None, body: Json | None
    ) -> httpx.Response:
        headers = {"Accept": version_type(version)}
        content = None
        if body is not None:
            headers["Content-Type"] = version_type(version)
            content = json.dumps(body).encode()
        with network_errors(self.host):
            return self._client.request(
                method,
                path,
                params=query,
                headers=headers,
                content=content,
                extensions={"trace": self._trace},
            )

    def _wait_for_limit(self, response: httpx.Response, usual_s: float | None) -> None:
        asked = response.headers.get("Retry-After", "")
        wait_s = float(asked) if asked.isdecimal() else usual_s or LONGEST_WAIT_S
        if usual_s is None or wait_s > LONGEST_WAIT_S:
            raise busy(problem_of(response), wait_s)
        self._say(f"Atlas asks to wait {wait_s:.0f} s before the next request")
        self._wait(wait_s)

    def _wait(self, wait_s: float) -> None:
        self._aborted.wait(wait_s)
        self._check()

    def _check(self) -> None:
        if self._aborted.is_set():
            raise RunCancelled

    def _trace(self, name: str, info: Mapping[str, Any]) -> None:
        """Remember the sockets, so that an abort can shut them.

        Source: httpcore documentation, "Extensions", ``trace``.
        """
        if name.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._streams.append(info["return_value"])
            del self._streams[:-8]
            self._check()


@cache
def _trusted_roots() -> ssl.SSLContext:
    """Load the trusted certificates once; it takes longer than a request."""
    return httpx.create_ssl_context()


def path_of(*parts: str) -> str:
    """Join the parts of a path below the API's root, each escaped."""
    return "/api/atlas/v2/" + "/".join(quote(part, safe="") for part in parts)


def _may_repeat(method: str, error: MangroveError) -> bool:
    return method == "GET" or isinstance(error.__cause__, httpx.ConnectError | httpx.ConnectTimeout)
