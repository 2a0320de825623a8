"""Fixtures with real S3 servers, each handing out a fresh bucket.

rclone checks credentials and keeps real files; moto answers ranges and conditional requests and
knows object lock. Neither does all of it, so tests of a storage run on both.
"""

import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

from servers.process import HOST, free_port, is_listening, running

REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """An S3 bucket of the test's own, and what is needed to reach it."""

    endpoint: str
    bucket: str
    access_key: str
    secret_key: str = field(repr=False)
    region: str = REGION
    folder: Path | None = None  # where the server keeps the bucket's files, if it does

    @property
    def url(self) -> str:
        """Return the address of the bucket in the form of a vault's ``--url``."""
        return f"s3://{self.bucket}?endpoint={self.endpoint}&region={self.region}"


@dataclass(frozen=True, slots=True)
class S3Server:
    """A running S3 server: its address, its one pair of keys, and its folder if it has one."""

    endpoint: str
    access_key: str
    secret_key: str = field(repr=False)
    folder: Path | None = None


def rclone_binary() -> str:
    """Return the rclone program that belongs to the tests' environment."""
    found = shutil.which("rclone", path=str(Path(sys.executable).parent)) or shutil.which("rclone")
    if found is None:
        pytest.fail("no rclone here; run: python3 packaging/dev.py setup")
    return found


@pytest.fixture(scope="session")
def rclone_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """An ``rclone serve s3``; buckets are the folders in its folder."""
    work = tmp_path_factory.mktemp("rclone")
    folder = work / "buckets"
    folder.mkdir()
    access, secret = _new_keys()
    port = free_port()
    command = [rclone_binary(), "serve", "s3", str(folder), "--addr", f"{HOST}:{port}"]
    options = ["--auth-key", f"{access},{secret}", "--no-cleanup", "--config", str(work / "conf")]
    with running([*command, *options], lambda: is_listening(port), log=work / "rclone.log"):
        yield S3Server(f"http://{HOST}:{port}", access, secret, folder)


@pytest.fixture(scope="session")
def moto_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A moto server; it takes any keys."""
    work = tmp_path_factory.mktemp("moto")
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", HOST, "-p", str(port)]
    with running(command, lambda: is_listening(port), log=work / "moto.log"):
        yield S3Server(f"http://{HOST}:{port}", *_new_keys())


@pytest.fixture
def rclone_s3(rclone_server: S3Server) -> ObjectStore:
    """A fresh bucket on rclone."""
    assert rclone_server.folder is not None
    bucket = _new_bucket_name()
    keys = (rclone_server.access_key, rclone_server.secret_key)
    folder = rclone_server.folder / bucket
    store = ObjectStore(rclone_server.endpoint, bucket, *keys, folder=folder)
    _create_bucket(store)  # rclone does not see folders that are made beside it
    return store


@pytest.fixture
def moto_s3(moto_server: S3Server) -> ObjectStore:
    """A fresh bucket on moto."""
    keys = (moto_server.access_key, moto_server.secret_key)
    store = ObjectStore(moto_server.endpoint, _new_bucket_name(), *keys)
    _create_bucket(store)
    return store


@pytest.fixture
def versioned_s3(moto_s3: ObjectStore) -> ObjectStore:
    """A fresh bucket on moto that keeps earlier versions."""
    with admin_of(moto_s3) as client:
        client.put_bucket_versioning(
            Bucket=moto_s3.bucket, VersioningConfiguration={"Status": "Enabled"}
        )
    return moto_s3


@pytest.fixture
def locked_s3(moto_server: S3Server) -> ObjectStore:
    """A fresh bucket on moto that keeps earlier versions, and whose objects can be locked."""
    keys = (moto_server.access_key, moto_server.secret_key)
    store = ObjectStore(moto_server.endpoint, _new_bucket_name(), *keys)
    _create_bucket(store, ObjectLockEnabledForBucket=True)
    return store


@contextmanager
def admin_of(store: ObjectStore) -> Iterator[Any]:
    """A client of another maker, for what the owner of a bucket does with it."""
    client = boto3.client(
        "s3",
        endpoint_url=store.endpoint,
        region_name=store.region,
        aws_access_key_id=store.access_key,
        aws_secret_access_key=store.secret_key,
    )
    try:
        yield client
    finally:
        client.close()


def _create_bucket(store: ObjectStore, **options: bool) -> None:
    with admin_of(store) as client:
        client.create_bucket(Bucket=store.bucket, **options)


def _new_keys() -> tuple[str, str]:
    return f"AK{secrets.token_hex(9).upper()}", secrets.token_hex(20)


def _new_bucket_name() -> str:
    return f"bucket-{secrets.token_hex(6)}"
