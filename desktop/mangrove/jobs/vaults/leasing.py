"""Holds a vault's lock while a run works there, and ends the run when the lock is lost."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from mangrove.core.errors import (
    MangroveError,
    RunCancelled,
    StalledError,
    StorageDeniedError,
    StorageUnavailableError,
    VaultLockedError,
)
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.vault import Lease, Vault
from mangrove.core.vaults.lock import GIVE_UP_AFTER_S, REFRESH_EVERY_S, LockMode
from mangrove.jobs.context import RunContext

WAIT_S = 600.0
"""How long a run waits for another Mangrove that is alive; a stale lock is not waited for."""
LOOK_EVERY_S = 5.0
_GONE = (StorageUnavailableError, StalledError)


@contextmanager
def leased(
    ctx: RunContext, vault: Vault, mode: LockMode, purpose: str, clock: Clock
) -> Iterator[None]:
    """Hold a lock while the block lasts, with a sign of life every minute.

    Raises:
        VaultLockedError: If another Mangrove holds one that is in the way, and is stale or does
            not let go within ten minutes; or if ours is lost, at the run's next chunk.
    """
    lease = _taken(ctx, vault, mode, purpose, clock)
    over = threading.Event()
    beat = threading.Thread(
        target=_keep_alive, args=(ctx, vault, lease, over, clock), name="mangrove-lease"
    )
    beat.start()
    is_gone = False
    try:
        yield
    except BaseException as error:
        is_gone = isinstance(error, _GONE) or isinstance(error.__cause__, _GONE)
        raise
    finally:
        over.set()
        beat.join()
        if is_gone and ctx.cancelled.is_set():  # nobody waits for a storage that does not answer
            lease.abandon()
        else:
            with suppress(MangroveError):
                lease.release()


@contextmanager
def leased_if_allowed(ctx: RunContext, vault: Vault, purpose: str, clock: Clock) -> Iterator[None]:
    """Hold a shared lock for reading; go on without one where we may not write.

    Raises:
        VaultLockedError: As ``leased`` does.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(leased(ctx, vault, LockMode.SHARED, purpose, clock))
        except StorageDeniedError:
            ctx.log("we may not write to the vault, so others are not told that it is read")
        yield


def _taken(ctx: RunContext, vault: Vault, mode: LockMode, purpose: str, clock: Clock) -> Lease:
    give_up_s = clock.monotonic_s() + WAIT_S
    while True:
        try:
            return vault.locks.take(mode, purpose)
        except VaultLockedError as error:
            if error.details.get("stale") or clock.monotonic_s() >= give_up_s:
                raise
            ctx.note(error.message)
        if ctx.cancelled.wait(LOOK_EVERY_S):
            raise RunCancelled


def _keep_alive(
    ctx: RunContext, vault: Vault, lease: Lease, over: threading.Event, clock: Clock
) -> None:
    renewed_s = clock.monotonic_s()
    while not over.wait(REFRESH_EVERY_S):
        try:
            lease.refresh()
        except VaultLockedError as error:
            _end(ctx, vault, error.message, error.hint)
            return
        except MangroveError as error:
            ctx.log(f"the lock on the vault could not be renewed: {error.message}")
            if clock.monotonic_s() - renewed_s > GIVE_UP_AFTER_S:
                _end(ctx, vault, f"our lock on the vault could not be renewed: {error.message}", "")
                return
        else:
            renewed_s = clock.monotonic_s()


def _end(ctx: RunContext, vault: Vault, message: str, hint: str) -> None:
    ctx.log(message)
    ctx.end_because(lambda: VaultLockedError(message, hint=hint))
    vault.abort()
