import threading
from collections.abc import Iterable

import pytest
from typing_extensions import override

from fakes.memory_storage import MemoryStorage
from mangrove.core.blobs import BlobName
from mangrove.core.errors import BlobExistsError, StorageFullError, VaultError
from mangrove.vault.parcel import PARCEL_BLOBS, PARCEL_BYTES, SMALL_BYTES, Parcel

A, B, C = (BlobName(f"s/b/{letter}") for letter in "abc")


class Settling(MemoryStorage):
    """Notes the calls that store something."""

    def __init__(self, full_at: BlobName | None = None) -> None:
        super().__init__()
        self.calls: list[str] = []
        self._full_at = full_at

    def put_unsettled(self, name: BlobName, chunks: Iterable[bytes]) -> int:
        self.calls.append("alone")
        return self.put(name, chunks)

    def put_together(self, blobs: Iterable[tuple[BlobName, bytes]]) -> None:
        self.calls.append("together")
        for name, data in blobs:
            self.put(name, [data])

    @override
    def put(self, name: BlobName, chunks: Iterable[bytes]) -> int:
        if name == self._full_at:
            raise StorageFullError("the storage is full")
        return super().put(name, chunks)

    def settle(self) -> None:
        raise AssertionError("not asked for")

    def content(self) -> dict[str, bytes]:
        return {info.name: b"".join(self.get(info.name)) for info in self.list()}


def a_parcel(storage: Settling) -> tuple[Parcel, list[BlobName]]:
    ours: list[BlobName] = []
    return Parcel(storage, ours.append, ours.remove), ours


def test_small_blobs_are_stored_together_once_the_parcel_is_full() -> None:
    storage = Settling()
    parcel, ours = a_parcel(storage)

    for number in range(PARCEL_BLOBS - 1):
        parcel.put(BlobName(f"s/b/{number}"), [b"x", b"y"])
    assert (storage.calls, ours) == ([], [])
    parcel.put(A, [])

    assert storage.calls == ["together"]
    assert len(ours) == PARCEL_BLOBS
    assert storage.content()[A] == b""
    assert storage.content()["s/b/0"] == b"xy"


def test_many_bytes_fill_a_parcel_too() -> None:
    storage = Settling()
    parcel, _ = a_parcel(storage)

    for number in range(PARCEL_BYTES // SMALL_BYTES):
        parcel.put(BlobName(f"s/b/{number}"), [b"x" * SMALL_BYTES])

    assert storage.calls == ["together"]


def test_a_large_blob_passes_at_once_and_whole() -> None:
    storage = Settling()
    parcel, ours = a_parcel(storage)
    parcel.put(A, [b"small"])

    parcel.put(B, [b"x" * SMALL_BYTES, b"y", b"z"])

    assert (storage.calls, ours) == (["alone"], [B])
    assert storage.content() == {B: b"x" * SMALL_BYTES + b"yz"}


def test_what_is_forgotten_is_not_stored() -> None:
    storage = Settling()
    parcel, ours = a_parcel(storage)
    for name in (A, B):
        parcel.put(name, [b"x"])

    parcel.forget(A)
    parcel.send()
    parcel.put(C, [b"x"])
    parcel.forget_all()
    parcel.send()

    assert storage.content() == {B: b"x"}
    assert ours == [B]


def test_forgetting_waits_for_a_blob_that_is_just_being_stored() -> None:
    going, may_end = threading.Event(), threading.Event()

    class Slow(Settling):
        @override
        def put(self, name: BlobName, chunks: Iterable[bytes]) -> int:
            going.set()
            assert may_end.wait(30)
            return super().put(name, chunks)

    storage = Slow()
    parcel, _ = a_parcel(storage)
    parcel.put(A, [b"x"])
    found: list[dict[str, bytes]] = []
    sender = threading.Thread(target=parcel.send)
    sender.start()
    assert going.wait(30)

    def forget() -> None:
        parcel.forget(A)
        found.append(storage.content())

    forgetter = threading.Thread(target=forget)
    forgetter.start()
    may_end.set()
    for thread in (sender, forgetter):
        thread.join(30)

    assert found == [{A: b"x"}]


@pytest.mark.parametrize("size", [1, SMALL_BYTES + 1], ids=["small", "large"])
def test_somebody_elses_blob_is_disowned_and_nothing_after_it_claimed(size: int) -> None:
    storage = Settling()
    storage.tamper(B, b"somebody's")
    parcel, ours = a_parcel(storage)

    def run() -> None:
        for name in (A, B, C):
            parcel.put(name, [b"x" * size])
        parcel.send()

    with pytest.raises(BlobExistsError):
        run()

    assert ours == [A]
    assert storage.content() == {A: b"x" * size, B: b"somebody's"}


def test_what_comes_after_a_failure_is_neither_claimed_nor_sent_later() -> None:
    storage = Settling(full_at=B)
    parcel, ours = a_parcel(storage)
    for name in (A, B, C):
        parcel.put(name, [b"x"])

    with pytest.raises(StorageFullError):
        parcel.send()
    parcel.send()

    assert storage.content() == {A: b"x"}
    assert ours == [A, B], "a failed one may be there"


def test_a_refused_claim_keeps_a_blob_from_the_storage() -> None:
    storage = Settling()

    def refuse(_name: BlobName) -> None:
        raise VaultError("given up")

    parcel = Parcel(storage, refuse, lambda _: None)
    parcel.put(A, [b"x"])

    with pytest.raises(VaultError):
        parcel.send()

    assert storage.content() == {}
