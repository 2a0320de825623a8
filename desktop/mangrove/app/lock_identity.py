"""Who this Mangrove is to others that write to the same vault, and which of its own have died."""

import os
import secrets
from pathlib import Path

from mangrove.connectors.state.process import birth_of, is_alive
from mangrove.core.errors import StateUnavailableError
from mangrove.core.ports.clock import Clock
from mangrove.core.vaults.lock import LockOwner
from mangrove.vault.lock_owner import this_process
from mangrove.vault.locks import Locking

FILE_NAME = "workstation"


def locking_of(state_folder: Path, clock: Clock) -> Locking:
    """Return who takes locks here, with a random mark kept in the state folder.

    Raises:
        StateUnavailableError: If the mark can be neither read nor written.
    """
    own = this_process(_mark(state_folder / FILE_NAME), birth_of(os.getpid()))

    def is_dead(owner: LockOwner) -> bool:
        is_ours = (owner.workstation, owner.host) == (own.workstation, own.host)
        return is_ours and not is_alive(owner.pid, owner.birth)

    return Locking(own, clock, is_dead)


def _mark(path: Path) -> str:
    try:
        if not path.exists():
            unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
            unfinished.write_text(secrets.token_hex(16))
            try:
                os.link(unfinished, path)  # the first of several processes wins
            except OSError:
                if not path.exists():
                    unfinished.replace(path)
            unfinished.unlink(missing_ok=True)
        return path.read_text().strip()
    except OSError as error:
        raise StateUnavailableError(
            f"'{path}' cannot be used: {error.strerror}", hint="check the folder's permissions"
        ) from error
