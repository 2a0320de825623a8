"""One measured step, in a process of its own so that its peak memory is its own.

What it stores stays below ``TMPDIR``: thousands of files deleted a moment ago slow the next step
down, because ext4 does not give their inodes out again for minutes and looks for others.

Source: Linux, fs/ext4/ialloc.c, recently_deleted.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bson.codec_options import CodecOptions
from bson.int64 import Int64
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

from bench.by_hand import insert_by_hand
from bench.dataset import DATABASE
from bench.watch import Figures, watched
from mangrove.app.clock import SystemClock
from mangrove.app.container import Parts, open_services
from mangrove.app.memory import share_heaps
from mangrove.app.paths import AppPaths
from mangrove.connectors.secrets.session_only import SessionSecrets
from mangrove.core.backup import (
    BackupId,
    BackupRequest,
    Compression,
    IndexChoice,
    RestoreRequest,
    Selection,
)
from mangrove.core.copy import CopyRequest
from mangrove.core.dump import ExportRequest, ImportRequest
from mangrove.core.run import RunId, RunState
from mangrove.core.verification import Level, VerifyRequest
from mangrove.services.bundle import Services
from mangrove.services.profiles import ProfileDraft
from mangrove.services.vaults import VaultDraft

RAW: CodecOptions[Any] = CodecOptions(document_class=RawBSONDocument)
BY_HAND = "insertion by hand"


def drain(uri: str) -> Figures:
    """Read everything through raw replies and throw it away: the floor."""
    database = MongoClient(uri)[DATABASE]
    size = 0
    for name in database.list_collection_names():
        reply = database.command({"find": name}, codec_options=RAW)
        while True:
            size += len(reply.raw)
            cursor = _cursor_id(reply.raw)
            if not cursor:
                break
            more = {"getMore": cursor, "collection": name}
            reply = database.command(more, codec_options=RAW)
    return {"bytes": size}


def _cursor_id(reply: bytes) -> Any:
    """Return the cursor's id by hand: inflating the reply would cost more than reading it."""
    batch_size_at = reply.index(b"Batch\0") + 6
    id_at = batch_size_at + int.from_bytes(reply[batch_size_at : batch_size_at + 4], "little")
    value_at = reply.index(b"id\0", id_at) + 3
    return Int64(int.from_bytes(reply[value_at : value_at + 8], "little", signed=True))


def backup(uri: str, compression: Compression, *, encrypted: bool) -> Figures:
    """Take one backup into a folder vault that is there already."""
    folder = _new_folder()
    with _services(folder) as services:
        _set_up(services, uri, folder, compression, encrypted=encrypted)
        return watched(uri, lambda: _backup(services))


def _new_folder() -> Path:
    """Make a folder below ``TMPDIR``; whoever started this process removes it."""
    return Path(tempfile.mkdtemp())


@contextmanager
def backed_up(uri: str) -> Iterator[tuple[Services, BackupId, Path]]:
    """Take a backup that is not measured, for what comes after it."""
    folder = _new_folder()
    with _services(folder) as services:
        _set_up(services, uri, folder, Compression.ZSTD, encrypted=True)
        _backup(services)
        yield services, services.backups.find("latest").backup, folder


def restore(uri: str, indexes: IndexChoice) -> Figures:
    """Restore a backup into a copy, and compare it."""
    with backed_up(uri) as (services, newest, _), _copies_dropped(uri):
        request = RestoreRequest(newest, "p", indexes=indexes)
        return watched(uri, lambda: _done(services, services.restores.start(request)))


def copy(uri: str) -> Figures:
    """Copy the database into another one of the same server, and compare it."""
    with backed_up(uri) as (services, _, _), _copies_dropped(uri):
        selection = Selection(databases=(DATABASE,))
        request = CopyRequest("p", selection, RestoreRequest(BackupId(""), "p"))
        return watched(uri, lambda: _done(services, services.copies.start(request)))


def verify(uri: str) -> Figures:
    """Decode a backup whole."""
    with backed_up(uri) as (services, newest, _):
        request = VerifyRequest(newest, Level.DECODED)
        return watched(uri, lambda: _done(services, services.verifications.start(request)))


def export(uri: str) -> Figures:
    """Write a backup as a mongodump directory."""
    with backed_up(uri) as (services, newest, folder):
        request = ExportRequest(newest, str(folder / "out"))
        return watched(uri, lambda: _done(services, services.dumps.start_export(request)))


def import_dump(uri: str) -> Figures:
    """Make a backup of a mongodump directory."""
    with backed_up(uri) as (services, newest, folder):
        path = str(folder / "out")
        _done(services, services.dumps.start_export(ExportRequest(newest, path)))
        request = ImportRequest(path, "v")
        return watched(uri, lambda: _done(services, services.dumps.start_import(request)))


@contextmanager
def _copies_dropped(uri: str) -> Iterator[None]:
    try:
        yield
    finally:
        with MongoClient[Any](uri) as client:
            for name in client.list_database_names():
                if name.startswith(f"{DATABASE}_restored_"):
                    client.drop_database(name)


STEPS: dict[str, Callable[[str], Figures]] = {
    "drain": drain,
    "backup zstd+age": lambda uri: backup(uri, Compression.ZSTD, encrypted=True),
    "backup gzip+age": lambda uri: backup(uri, Compression.GZIP, encrypted=True),
    "backup plain": lambda uri: backup(uri, Compression.NONE, encrypted=False),
    "verify decoded": verify,
    "restore": lambda uri: restore(uri, IndexChoice.AFTER),
    "restore, no indexes": lambda uri: restore(uri, IndexChoice.NEVER),
    BY_HAND: insert_by_hand,
    "copy": copy,
    "export": export,
    "import": import_dump,
}


def _services(folder: Path) -> Any:
    paths = AppPaths(folder / "state", folder / "catalog", folder / "logs", folder / "cache")
    paths.ensure()
    return open_services(paths, Parts(SessionSecrets(), SystemClock()))


def _set_up(
    services: Services, uri: str, folder: Path, compression: Compression, *, encrypted: bool
) -> None:
    services.profiles.add(ProfileDraft("p", uri))
    url = (folder / "vault").as_uri()
    services.vaults.add(VaultDraft("v", url, encrypted=encrypted, compression=compression))


def _backup(services: Services) -> Figures:
    request = BackupRequest("p", "v", Selection(databases=(DATABASE,)))
    return _done(services, services.backups.start(request))


def _done(services: Services, run_id: RunId) -> Figures:
    status = services.activity.wait(run_id)
    if status.state is not RunState.SUCCEEDED or status.result is None:
        raise SystemExit(f"the step failed: {status.problem} {status.result}")
    return dict(status.result.figures)


def main() -> None:
    """Run the step named first against the server named second; print figures as JSON."""
    share_heaps()
    step, uri = sys.argv[1:]
    figures = STEPS[step](uri) if step != "drain" else watched(uri, lambda: drain(uri))
    sys.stdout.write(json.dumps(figures | {"peak_rss_bytes": _peak_bytes()}))


def _peak_bytes() -> int:
    """Return the most memory this program held since it began.

    Source: proc(5), VmHWM. getrusage's ``ru_maxrss`` would count what the parent held before.
    """
    status = Path("/proc/self/status").read_text()
    line = next(text for text in status.splitlines() if text.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main()
