import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from fakes.clock import FakeClock
from fakes.memory_storage import MemoryStorage
from mangrove.core.blobs import BlobName
from mangrove.core.errors import VaultLockedError
from mangrove.core.vaults.lock import STALE_AFTER, LockMode, LockOwner
from mangrove.vault.locks import Locking, StorageLocks

SHARED, EXCLUSIVE = LockMode.SHARED, LockMode.EXCLUSIVE
CLOCK = FakeClock()


class House:
    """A storage that several Mangroves come to."""

    def __init__(self) -> None:
        self.storage, self.clock = MemoryStorage(), FakeClock()
        self.dead: set[int] = set()

    def visitor(self, pid: int) -> StorageLocks:
        owner = LockOwner(f"host{pid}", "ann", pid)
        locking = Locking(owner, self.clock, lambda found: found.pid in self.dead)
        return StorageLocks(self.storage, locking)

    def names(self) -> list[str]:
        return sorted(info.name for info in self.storage.list("_locks/"))


@pytest.fixture
def house() -> House:
    return House()


@pytest.mark.parametrize(
    ("first", "second", "fits"),
    [
        (SHARED, SHARED, True),
        (SHARED, EXCLUSIVE, False),
        (EXCLUSIVE, SHARED, False),
        (EXCLUSIVE, EXCLUSIVE, False),
    ],
)
def test_writers_share_and_what_deletes_is_alone(
    house: House, first: LockMode, second: LockMode, *, fits: bool
) -> None:
    house.visitor(1).take(first, "prune of attic")

    if fits:
        house.visitor(2).take(second, "backup of shop")
    else:
        with pytest.raises(VaultLockedError, match="prune of attic by ann on host1") as caught:
            house.visitor(2).take(second, "backup of shop")
        assert "wait until it is done" in caught.value.hint

    assert len(house.names()) == 1 + fits


def test_a_released_lock_leaves_nothing(house: House) -> None:
    lease = house.visitor(1).take(EXCLUSIVE, "prune of attic")
    lease.refresh()
    lease.release()
    lease.release()
    lease.refresh()

    assert house.names() == []


def test_a_sign_of_life_keeps_a_lock_fresh_under_one_name(house: House) -> None:
    lease = house.visitor(1).take(SHARED, "backup of shop")
    for _ in range(3):
        house.clock.advance(STALE_AFTER)
        lease.refresh()

    (lock,) = house.visitor(2).all()
    assert len(house.names()) == 1
    assert not lock.is_stale(house.clock.now())
    assert house.clock.now() - lock.since == 3 * STALE_AFTER


def test_a_stale_lock_is_only_removed_when_somebody_says_so(house: House) -> None:
    lease = house.visitor(1).take(EXCLUSIVE, "prune of attic")
    house.clock.advance(STALE_AFTER + timedelta(seconds=1))

    with pytest.raises(VaultLockedError) as caught:
        house.visitor(2).take(SHARED, "backup of shop")
    assert "--break-lock" in caught.value.hint
    assert caught.value.details["stale"] == 1

    assert [lock.owner.pid for lock in house.visitor(2).break_stale()] == [1]
    house.visitor(2).take(SHARED, "backup of shop")
    with pytest.raises(VaultLockedError, match="took our lock on the vault away"):
        lease.refresh()


def test_breaking_leaves_fresh_locks_alone(house: House) -> None:
    house.visitor(1).take(SHARED, "backup of shop")

    assert house.visitor(2).break_stale() == ()
    assert len(house.names()) == 1


def test_the_lock_of_a_crashed_process_of_this_workstation_is_removed_unasked(house: House) -> None:
    house.visitor(1).take(EXCLUSIVE, "prune of attic")
    house.dead.add(1)

    house.visitor(2).take(EXCLUSIVE, "prune of attic")

    assert [lock.owner.pid for lock in house.visitor(2).all()] == [2]


def test_a_lock_that_cannot_be_understood_keeps_everybody_out(house: House) -> None:
    name = BlobName("_locks/shared-0123456789abcdef-000000.json")
    house.storage.tamper(name, b'{"format": "from the future"}')

    with pytest.raises(VaultLockedError, match="something by somebody"):
        house.visitor(1).take(SHARED, "backup of shop")
    house.visitor(1).break_stale()  # its storage says it is of the year 2000
    house.visitor(1).take(SHARED, "backup of shop")


def test_of_two_that_come_at_once_never_both_get_in(house: House) -> None:
    got: list[int] = []
    barrier = threading.Barrier(4)

    def come(pid: int) -> Callable[[], None]:
        def run() -> None:
            locks = house.visitor(pid)
            barrier.wait()
            for _ in range(5):
                try:
                    lease = locks.take(EXCLUSIVE, "prune of attic")
                except VaultLockedError:
                    continue
                holders = [lock for lock in locks.all() if lock.mode is EXCLUSIVE]
                got.append(sum(lock.owner.pid in inside for lock in holders) + 1)
                inside.add(pid)
                inside.discard(pid)
                lease.release()

        return run

    inside: set[int] = set()
    threads = [threading.Thread(target=come(pid)) for pid in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(number == 1 for number in got)
    assert house.names() == []
