"""Who this process is, as its locks say it."""

import getpass
import os
import platform

from mangrove.core.vaults.lock import LockOwner


def this_process(workstation: str = "", birth: str = "") -> LockOwner:
    """Return host, user and process; names that the system does not tell are left as unknown.

    Args:
        workstation: The random mark of this Mangrove.
        birth: What tells this process from a later one of the same number.
    """
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container's user may have a number and no name
        user = f"user {os.getuid()}" if hasattr(os, "getuid") else "unknown"
    return LockOwner(platform.node() or "unknown", user, os.getpid(), birth, workstation)
