import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from fakes.clock import FakeClock
from fakes.vaults import TestVault, new_vault
from mangrove.core.errors import RunCancelled, StorageDeniedError, VaultLockedError
from mangrove.core.run import LogLine, RunId, RunKind, RunState, RunStatus
from mangrove.core.vaults.lock import LockMode
from mangrove.jobs.context import RunContext
from mangrove.jobs.vaults import leasing
from mangrove.jobs.vaults.leasing import leased, leased_if_allowed
from mangrove.vault.locks import StorageLocks

LIMIT_S = 30


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def lines() -> list[LogLine]:
    return []


@pytest.fixture
def ctx(clock: FakeClock, lines: list[LogLine]) -> RunContext:
    status = RunStatus(
        RunId("r"), RunKind.BACKUP, "Back up", "", "", None, RunState.RUNNING, clock.now()
    )
    return RunContext(status, clock, lambda _: None, lines.append)


@pytest.fixture
def vault() -> TestVault:
    return new_vault()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leasing, "REFRESH_EVERY_S", 0.01)
    monkeypatch.setattr(leasing, "LOOK_EVERY_S", 0.01)


def waited(ctx: RunContext, harm: Callable[[], None]) -> None:
    """Go on with the run, harmed again and again, until it is told to end."""
    ended = threading.Event()
    for _ in range(LIMIT_S * 100):
        harm()
        ctx.check()
        ended.wait(0.01)
    raise AssertionError("the run was never ended")


def test_a_lock_is_held_while_the_block_lasts_and_gone_after_it(
    ctx: RunContext, vault: TestVault, clock: FakeClock
) -> None:
    opened = vault.open()

    with leased(ctx, opened, LockMode.EXCLUSIVE, "prune of attic", clock):
        assert [lock.purpose for lock in opened.locks.all()] == ["prune of attic"]

    assert opened.locks.all() == ()


def test_a_run_whose_lock_was_taken_away_ends_before_it_writes_more(
    ctx: RunContext, vault: TestVault, clock: FakeClock
) -> None:
    def take_away() -> None:
        for info in tuple(vault.storage.list("_locks/")):
            vault.storage.delete(info.name)

    def run() -> None:
        with leased(ctx, vault.open(), LockMode.SHARED, "backup of shop", clock):
            waited(ctx, take_away)

    with pytest.raises(VaultLockedError, match="took our lock on the vault away"):
        run()


def test_a_run_that_cannot_renew_its_lock_ends_long_before_others_call_it_stale(
    ctx: RunContext,
    vault: TestVault,
    clock: FakeClock,
    lines: list[LogLine],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        clock.advance(timedelta(minutes=1))
        raise StorageDeniedError("the storage refuses us")

    monkeypatch.setattr("mangrove.vault.locks.StorageLease.refresh", refuse)

    def run() -> None:
        with leased(ctx, vault.open(), LockMode.SHARED, "backup of shop", clock):
            waited(ctx, lambda: None)

    with pytest.raises(VaultLockedError, match="could not be renewed"):
        run()

    assert clock.now() - FakeClock().now() < timedelta(minutes=10)
    assert any("could not be renewed" in line.text for line in lines)


def test_a_run_waits_for_another_that_is_alive(
    ctx: RunContext, vault: TestVault, clock: FakeClock
) -> None:
    other = vault.open().locks.take(LockMode.EXCLUSIVE, "prune of attic")
    timer = threading.Timer(0.1, other.release)
    timer.start()

    with leased(ctx, vault.open(), LockMode.SHARED, "backup of shop", clock):
        assert [lock.purpose for lock in vault.open().locks.all()] == ["backup of shop"]
    timer.join()


def test_waiting_ends_with_a_cancel(ctx: RunContext, vault: TestVault, clock: FakeClock) -> None:
    vault.open().locks.take(LockMode.EXCLUSIVE, "prune of attic")
    ctx.cancel()

    with (
        pytest.raises(RunCancelled),
        leased(ctx, vault.open(), LockMode.SHARED, "backup of shop", clock),
    ):
        raise AssertionError("nobody lets it in")


def test_a_stale_lock_is_not_waited_for(
    ctx: RunContext, vault: TestVault, clock: FakeClock
) -> None:
    vault.open().locks.take(LockMode.EXCLUSIVE, "prune of attic")
    vault.factory._locking.clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]  # fake

    with (
        pytest.raises(VaultLockedError, match="prune of attic"),
        leased(ctx, vault.open(), LockMode.SHARED, "backup of shop", clock),
    ):
        raise AssertionError("nobody lets it in")


def test_reading_goes_on_where_we_may_not_write(
    ctx: RunContext, vault: TestVault, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise StorageDeniedError("the storage is read-only")

    monkeypatch.setattr(StorageLocks, "take", refuse)

    with leased_if_allowed(ctx, vault.open(), "verification", clock):
        done = True

    assert done
