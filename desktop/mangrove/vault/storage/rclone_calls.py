"""Orders to a running rclone, over HTTP on this computer: never without end, and to be ended."""

import http.client
import json
import select
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import quote, urlencode

from mangrove.core.errors import (
    BlobNotFoundError,
    StalledError,
    StorageDeniedError,
    StorageFullError,
    StorageUnavailableError,
    VaultError,
)
from mangrove.vault.storage.rclone_process import HERE, RcloneProcess

HURRY_S = 1.5
CHUNK_BYTES = 1 << 20
_BOUNDARY = "mangrove-part-of-a-vault"
_NOT_FOUND = (
    "object not found",
    "directory not found",
    "file not found",
    "not a file",
    "not a directory",
)
_DENIED = (
    *("403", "401", "access denied", "accessdenied", "permission denied", "forbidden"),
    *("unauthorized", "unable to authenticate", "login incorrect", "signaturedoesnotmatch"),
    *("invalid_grant", "couldn't decrypt", "password", "knownhosts", "key mismatch"),
)
_FULL = ("no space left", "quota", "insufficient storage", "507 ", "disk full")
_CLOCK = ("requesttimetooskewed", "request date header too old")
ANSWERED, NOT_FOUND = (200, 206), 404
Fault = (OSError, http.client.HTTPException)


class RcloneCalls:
    """The calls to one rclone. Safe for several threads.

    Args:
        process: The rclone.
        where: How errors name the remote.
        stall_s: A call that brings nothing for so long fails.
    """

    def __init__(self, process: RcloneProcess, where: str, stall_s: float) -> None:
        self._process, self._where, self._stall_s = process, where, stall_s
        self._open: set[http.client.HTTPConnection] = set()
        self._lock = threading.Lock()
        self.is_aborted = False

    def abort(self) -> None:
        """End every call that waits; later ones wait a moment only."""
        with self._lock:
            self.is_aborted = True
            opened = tuple(self._open)
        self._process.give_up()
        for connection in opened:
            if connection.sock is not None:
                with suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)

    def order(self, command: str, name: str = "", **values: object) -> dict[str, object]:
        """Give an order and return the answer.

        Args:
            command: As ``operations/stat``.
            name: The blob that errors name; "" for the whole.
            values: What the command takes.

        Raises:
            BlobNotFoundError, StorageDeniedError, StorageFullError, StorageUnavailableError,
                StalledError: As rclone or the remote says.
        """
        body = json.dumps(values).encode()
        with self._talking(name) as connection:
            kind = {"Content-Type": "application/json", "Content-Length": str(len(body))}
            connection.request("POST", f"/{command}", body, self._headers() | kind)
            answer = self._answer(connection)
            return self._checked(answer.status, answer.read(), name)

    def upload(self, remote: str, folder: str, file: str, chunks: Iterable[bytes]) -> None:
        """Send a file; what the chunks raise passes through, and the file is then not whole."""
        query = urlencode({"fs": remote, "remote": folder}, quote_via=quote)
        head = f'form-data; name="file"; filename="{file}"'
        opening = f"--{_BOUNDARY}\r\nContent-Disposition: {head}\r\n\r\n".encode()
        pieces = iter(chunks)
        with self._talking(file) as connection:
            connection.putrequest("POST", f"/operations/uploadfile?{query}")
            form = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
            for key, value in (self._headers() | form | {"Transfer-Encoding": "chunked"}).items():
                connection.putheader(key, value)
            connection.endheaders()
            _send(connection, opening)
            while (piece := _pulled(pieces)) is not None:
                _send(connection, piece)
            _send(connection, f"\r\n--{_BOUNDARY}--\r\n".encode())
            connection.send(b"0\r\n\r\n")
            answer = self._answer(connection)
            self._checked(answer.status, answer.read(), file)

    def download(self, remote: str, path: str, offset: int) -> "Download":
        """Begin to read a file from an offset on.

        Raises:
            BlobNotFoundError: If it is not there.
        """
        talking = self._talking(path)
        connection = talking.__enter__()
        try:
            place = {"Range": f"bytes={offset}-"} if offset else {}
            url = f"/{quote(f'[{remote}]', safe='')}/{quote(path)}"
            connection.request("GET", url, headers=self._headers() | place)
            answer = connection.getresponse()
            if answer.status not in ANSWERED or (offset and answer.status != 206):  # noqa: PLR2004
                self._checked(answer.status, answer.read(), path)
        except BaseException as error:
            talking.__exit__(type(error), error, error.__traceback__)
            raise
        return Download(answer, talking)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": self._process.door().authorization}

    @contextmanager
    def _talking(self, name: str) -> Iterator[http.client.HTTPConnection]:
        limit_s = min(HURRY_S, self._stall_s) if self.is_aborted else self._stall_s
        connection = http.client.HTTPConnection(HERE, self._process.door().port, timeout=limit_s)
        with self._lock:
            self._open.add(connection)
        try:
            yield connection
        except SourceError as failed:
            raise failed.error from None
        except TimeoutError as error:
            raise StalledError(
                f"{self._where} took and gave not a byte for {limit_s:g} seconds, "
                "so the work was ended",
                hint="check the storage and the network, then run it again",
            ) from error
        except Fault as error:
            raise StorageUnavailableError(
                f"rclone broke off the work at '{name}'" if name else "rclone does not answer",
                hint="check the storage and the network, then run it again",
                blob=name,
            ) from error
        finally:
            connection.close()
            with self._lock:
                self._open.discard(connection)

    def _answer(self, connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
        """Wait for an answer as long as rclone still moves bytes to or from the remote."""
        moved = -1
        while connection.sock is not None:
            readable, _, _ = select.select([connection.sock], [], [], connection.timeout)
            if readable or self.is_aborted:
                break
            if (now := self._moved_bytes()) == moved:
                raise TimeoutError
            moved = now
        return connection.getresponse()

    def _moved_bytes(self) -> int:
        door = self._process.door()
        asking = http.client.HTTPConnection(HERE, door.port, timeout=HURRY_S)
        try:
            asking.request("POST", "/core/stats", headers={"Authorization": door.authorization})
            return int(json.loads(asking.getresponse().read())["bytes"])
        finally:
            asking.close()

    def _checked(self, status: int, body: bytes, name: str) -> dict[str, object]:
        try:
            document = json.loads(body or b"{}")
        except ValueError:
            document = {"error": f"an answer with status {status} that is no JSON"}
        if status in ANSWERED and isinstance(document, dict):
            return document
        text = str(document.get("error", "")) if isinstance(document, dict) else ""
        raise from_rclone(status, text, name, self._where)


class Download:
    """A file on its way; read it to its end or close it."""

    def __init__(self, answer: http.client.HTTPResponse, talking: object) -> None:
        self._answer, self._talking = answer, talking

    def __iter__(self) -> Iterator[bytes]:
        with self._entered():
            while chunk := self._answer.read(CHUNK_BYTES):
                yield chunk

    @contextmanager
    def _entered(self) -> Iterator[None]:
        """Go on in the conversation that ``download`` began."""
        leave = self._talking.__exit__  # type: ignore[attr-defined]  # a context manager
        try:
            yield
        except BaseException as error:
            leave(type(error), error, error.__traceback__)
            raise
        leave(None, None, None)


class SourceError(Exception):
    """Carries what the chunks raised past what is done about rclone's own failures."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error


def _pulled(chunks: Iterator[bytes]) -> bytes | None:
    try:
        return next(chunks, None)
    except Fault as error:
        raise SourceError(error) from error


def _send(connection: http.client.HTTPConnection, piece: bytes) -> None:
    """Send one piece of a body whose length nobody knows beforehand; an empty one would end it."""
    if piece:
        connection.send(b"%x\r\n%b\r\n" % (len(piece), piece))


def from_rclone(status: int, text: str, name: str, where: str) -> VaultError:
    """Turn what rclone answered about a blob, or the whole when the name is empty, into ours."""
    said, subject = text.lower(), f"'{name}'" if name else where
    if status == NOT_FOUND or any(word in said for word in _NOT_FOUND):
        return BlobNotFoundError(f"{subject} is not in the storage", blob=name)
    if "didn't find section in config" in said:
        return StorageUnavailableError(
            f"rclone knows no remote for {where}",
            hint="make it with: rclone config; or give the section of its configuration",
        )
    if any(word in said for word in _CLOCK):
        return StorageDeniedError(
            f"{where} refuses us because this computer's clock is wrong",
            hint="set the clock, best with the system's time service, then run it again",
        )
    if any(word in said for word in _FULL):
        return StorageFullError(
            f"{where} is full: {subject} was not written",
            hint="free space or choose another vault, then run it again",
            blob=name,
        )
    if any(word in said for word in _DENIED):
        return StorageDeniedError(
            f"{where} refuses us at {subject}: {_short(text)}",
            hint="check the remote's section in rclone's configuration",
            blob=name,
        )
    return StorageUnavailableError(
        f"rclone could not do what was asked at {subject}: {_short(text)}",
        hint="check the remote with: rclone lsf; then run it again",
        blob=name,
    )


def _short(text: str) -> str:
    first = text.strip().splitlines()[0] if text.strip() else "no reason given"
    return first[:200]
