"""Fetches the files of a download: each whole under its name, or not at all."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from mangrove.core.atlas.restore import AtlasRestoreJob
from mangrove.core.errors import (
    AtlasUnreachableError,
    AtlasWorkFailedError,
    StorageFullError,
    StorageUnavailableError,
)
from mangrove.core.ports.atlas import AtlasApi
from mangrove.core.run import Phase
from mangrove.jobs.context import RunContext

PART = ".part"
TRIES = 4


def fetch(
    ctx: RunContext, api: AtlasApi, job: AtlasRestoreJob, folder: Path, cluster: str
) -> tuple[tuple[Path, int], ...]:
    """Fetch everything that a job made; returns the files with their sizes.

    A connection that breaks is taken up where it broke. A file appears under its name only when
    it is whole; nothing of a cancelled fetch is left.

    Raises:
        AtlasWorkFailedError: If a file stays incomplete.
        StorageFullError, StorageUnavailableError: If the folder does not take it.
    """
    made = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, (name, url) in enumerate(job.urls, 1):
            path = folder / _file_name(cluster, name, job, url)
            if path.exists():
                raise AtlasWorkFailedError(
                    f"{path} exists; nothing was fetched", hint="choose another folder"
                )
            ctx.note(f"file {number} of {len(job.urls)}: {path.name}")
            made.append((path, _fetch_one(ctx, api, url, path)))
    except OSError as error:
        full = error.errno in (28, 122)  # no space left, quota exceeded
        kind = StorageFullError if full else StorageUnavailableError
        raise kind(f"cannot write to {folder}: {error.strerror}") from error
    return tuple(made)


def _fetch_one(ctx: RunContext, api: AtlasApi, url: str, path: Path) -> int:
    part = path.with_name(path.name + PART)
    try:
        with part.open("wb") as file:
            _fill(ctx, api, url, file)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return size


def _fill(ctx: RunContext, api: AtlasApi, url: str, file: BinaryIO) -> None:
    total, last = 0, ""
    for _ in range(TRIES):
        ctx.check()
        try:
            with api.download(url, file.tell()) as opened:
                total = opened.total_bytes
                if opened.offset != file.tell():
                    file.seek(opened.offset)
                    file.truncate()
                ctx.enter(Phase.ATLAS_FETCH, total)
                ctx.advance(file.tell())
                for chunk in _counted(ctx, opened.chunks):
                    file.write(chunk)
        except AtlasUnreachableError as error:
            last = error.message
            ctx.log(f"tried again from byte {file.tell()}: {last}")
            continue
        if not total or file.tell() == total:
            return
    raise AtlasWorkFailedError(
        f"the file stays incomplete, {file.tell():,} of {total:,} bytes: {last}".rstrip(": "),
        hint="fetch it again; its address is good for some hours",
    )


def _counted(ctx: RunContext, chunks: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        ctx.advance(len(chunk))
        yield chunk


def _file_name(cluster: str, part: str, job: AtlasRestoreJob, url: str) -> str:
    address = url.partition("?")[0]
    ending = next(
        (e for e in (".tar.gz", ".tgz", ".tar", ".zip") if address.endswith(e)), ".tar.gz"
    )
    names = (cluster, part, str(job.snapshot or job.job_id))
    return "-".join(n for n in names if n) + ending
