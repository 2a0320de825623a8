"""Object stores in trouble, behind a proxy: busy, denying, skewed clocks, lost and slow lines."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from contract.each_call import each_call
from contract.storage_suite import NAME
from mangrove.app.clock import SystemClock
from mangrove.core.blobs import BlobName
from mangrove.core.errors import (
    BlobNotFoundError,
    StalledError,
    StorageDeniedError,
    StorageUnavailableError,
)
from mangrove.core.secret import Secret
from mangrove.core.vaults.url import parse_vault_url
from mangrove.vault.storage.connecting import PATIENCE, Patience
from mangrove.vault.storage.object_store import ObjectStorage
from mangrove.vault.storage.s3 import S3Storage
from servers.azure import AzureContainer
from servers.flaky_proxy import FlakyProxy, flaky_proxy
from servers.object_stores import ObjectStore

pytestmark = [pytest.mark.storage, pytest.mark.slow]
PATIENT = Patience(connect_s=2, read_s=20, retries=6, retry_s=30, first_wait_s=0.1)
HASTY = Patience(connect_s=2, read_s=20, retries=0, retry_s=1, first_wait_s=0.1)
HASTY_TWICE = replace(HASTY, retries=1)
MIB = 1 << 20


@pytest.fixture
def proxy(moto_s3: ObjectStore) -> Iterator[FlakyProxy]:
    with flaky_proxy(moto_s3.endpoint) as made:
        yield made


def through(proxy: FlakyProxy, store: ObjectStore, patience: Patience = PATIENT) -> ObjectStorage:
    url = store.url.replace(store.endpoint, proxy.endpoint)
    return ObjectStorage(parse_vault_url(url), store.access_key, Secret(store.secret_key), patience)


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_storage_that_asks_to_come_back_later_is_outwaited(
    proxy: FlakyProxy, moto_s3: ObjectStore, status: int
) -> None:
    storage = through(proxy, moto_s3)
    mood = proxy.mood
    mood.status, mood.retry_after_s = status, "1"
    mood.busy = Counter({"PUT": 3, "HEAD": 1, "POST": 2})

    assert storage.put(NAME, [b"x" * MIB] * 20) == 20 * MIB

    mood.busy = Counter({"GET": 3})
    assert sum(map(len, storage.get(NAME))) == 20 * MIB


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_insists_on_its_pause_is_outwaited_with_our_own_patience(
    proxy: FlakyProxy, moto_s3: ObjectStore, status: int
) -> None:
    """obstore does not read Retry-After; its waits double, and so outlast what is asked for."""
    storage = through(proxy, moto_s3, PATIENCE)
    mood = proxy.mood
    mood.status, mood.retry_after_s, mood.insists_s = status, "3", 3.0

    assert storage.put(NAME, [b"x"]) == 1

    assert mood.seen["HEAD"] < 10  # it was not asked without a pause


def test_our_own_requests_wait_as_long_as_the_server_says(
    proxy: FlakyProxy, versioned_s3: ObjectStore
) -> None:
    url = versioned_s3.url.replace(versioned_s3.endpoint, proxy.endpoint)
    keys = (versioned_s3.access_key, Secret(versioned_s3.secret_key))
    storage = S3Storage(parse_vault_url(url), *keys, SystemClock().now, HASTY_TWICE)
    mood = proxy.mood
    mood.retry_after_s, mood.insists_s = "2", 1.0

    assert storage.keeping().has_versions

    assert mood.seen["GET"] == 4  # one that was refused, and the three questions


def test_checksums_are_sent_where_they_are_wanted_and_nowhere_else(
    proxy: FlakyProxy, moto_s3: ObjectStore
) -> None:
    through(proxy, moto_s3).put(NAME, [b"x"])
    assert "x-amz-checksum-sha256" not in proxy.mood.headers["PUT"]

    address = parse_vault_url(
        f"{moto_s3.url.replace(moto_s3.endpoint, proxy.endpoint)}&checksum=sha256"
    )
    keys = (moto_s3.access_key, Secret(moto_s3.secret_key))
    for size in (1, 9):
        proxy.mood.headers.clear()
        ObjectStorage(address, *keys, PATIENT).put(BlobName(f"b{size}"), [b"x" * MIB] * size)
        assert "x-amz-checksum-sha256" in proxy.mood.headers["PUT"]


def test_a_storage_that_stays_busy_is_said_to_be(proxy: FlakyProxy, moto_s3: ObjectStore) -> None:
    storage = through(proxy, moto_s3, HASTY)
    for method in ("GET", "PUT", "POST", "HEAD", "DELETE"):
        proxy.mood.busy[method] = 1000

    for name, call in each_call(storage):
        with pytest.raises(StorageUnavailableError, match="did not answer as it should"):
            call()
        assert name


def test_an_upload_whose_line_breaks_goes_on_with_the_part_that_broke(
    proxy: FlakyProxy, moto_s3: ObjectStore
) -> None:
    storage = through(proxy, moto_s3)
    content = os.urandom(MIB) * 40
    proxy.mood.break_early = Counter({"PUT": 3})

    storage.put(NAME, (content[at : at + MIB] for at in range(0, len(content), MIB)))

    parts = -(-len(content) // (8 * MIB))
    assert proxy.mood.seen["PUT"] == parts + 3  # each broken part once more, and no other
    assert b"".join(storage.get(NAME)) == content


def test_a_wrong_clock_is_named(proxy: FlakyProxy, moto_s3: ObjectStore) -> None:
    storage = through(proxy, moto_s3, HASTY)
    mood = proxy.mood
    mood.status = 403
    mood.body = b"<Error><Code>RequestTimeTooSkewed</Code><Message>no</Message></Error>"
    for method in ("GET", "PUT", "POST", "DELETE"):
        mood.busy[method] = 1000

    for name, call in each_call(storage):
        with pytest.raises(StorageDeniedError, match="clock") as caught:
            call()
        assert "set the clock" in caught.value.hint, name


def test_a_removal_that_is_not_allowed_is_denied_and_the_blob_stays(
    proxy: FlakyProxy, moto_s3: ObjectStore
) -> None:
    storage = through(proxy, moto_s3, HASTY)
    storage.put(NAME, [b"x"])
    mood = proxy.mood
    mood.status, mood.body = 403, b"<Error><Code>AccessDenied</Code></Error>"
    mood.busy = Counter({"DELETE": 1, "POST": 1})

    with pytest.raises(StorageDeniedError):
        storage.delete(NAME)
    mood.busy.clear()

    assert b"".join(storage.get(NAME)) == b"x"


def test_an_object_that_goes_while_it_is_read_is_told(
    proxy: FlakyProxy, moto_s3: ObjectStore
) -> None:
    storage = through(proxy, moto_s3, HASTY)
    storage.put(NAME, [os.urandom(MIB)] * 8)
    proxy.mood.break_half_way = Counter({"GET": 1})
    stream = storage.get(NAME)
    storage.delete(NAME)

    with pytest.raises((BlobNotFoundError, StorageUnavailableError)):
        sum(map(len, stream))


def test_a_storage_that_answers_nothing_stalls(proxy: FlakyProxy, moto_s3: ObjectStore) -> None:
    storage = through(proxy, moto_s3, Patience(retries=0, stall_s=0.5))
    proxy.mood.is_stuck.set()

    with pytest.raises(StalledError):
        storage.get(NAME)


def test_azure_outwaits_a_busy_server_and_goes_on_with_a_broken_part(
    azure: AzureContainer,
) -> None:
    with flaky_proxy(f"http://127.0.0.1:{azure.server.port}") as proxy:
        url = azure.url.replace(f"http://127.0.0.1:{azure.server.port}", proxy.endpoint)
        storage = ObjectStorage(parse_vault_url(url), "", Secret(azure.server.key), PATIENT)
        proxy.mood.busy = Counter({"PUT": 2})
        proxy.mood.break_early = Counter({"PUT": 1})

        assert storage.put(NAME, [os.urandom(MIB)] * 20) == 20 * MIB

        proxy.mood.break_half_way = Counter({"GET": 1})
        assert sum(map(len, storage.get(NAME))) == 20 * MIB


def test_a_thousand_objects_are_listed_each_once(rclone_s3: ObjectStore) -> None:
    storage = ObjectStorage(
        parse_vault_url(rclone_s3.url), rclone_s3.access_key, Secret(rclone_s3.secret_key), PATIENT
    )
    storage.PAGE = 300  # type: ignore[misc]  # several pages
    for number in range(1010):
        storage.put(BlobName(f"a/{number:04d}"), [b"x"])

    names = [info.name for info in storage.list()]

    assert len(names) == len(set(names)) == 1010
