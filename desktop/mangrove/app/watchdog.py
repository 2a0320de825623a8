"""The door of the watchdog process; the program starts itself through it."""

import sys
from collections.abc import Sequence

WATCHDOG = "lock-watchdog"


def watchdog_command() -> tuple[str, ...]:
    """Return what starts a watchdog; it holds nothing about any deployment."""
    own = (sys.executable,) if getattr(sys, "frozen", False) else (sys.executable, "-m", "mangrove")
    return (*own, WATCHDOG)


def is_for_watchdog(arguments: Sequence[str]) -> bool:
    """Whether the program was started as a watchdog."""
    return list(arguments) == [WATCHDOG]


def run_watchdog() -> int:
    """Be the watchdog until the master is done or gone."""
    # Only here: it brings the MongoDB driver with it.
    from mangrove.connectors.mongo.snapshots.lock_watchdog import main  # noqa: PLC0415

    return main()
