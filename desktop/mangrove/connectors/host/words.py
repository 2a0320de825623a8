"""The words for commands that fail, and the shell that ends a server with its master."""

from collections.abc import Sequence
from posixpath import basename

from mangrove.core.errors import SnapshotCommandError

# Runs "$@" until it ends or standard input does: that is when its master is gone, too.
LEASH = (
    "exec 3<&0; "
    '"$@" </dev/null >/dev/null 2>&1 & served=$!; '
    "{ read -r _ <&3; kill -TERM $served 2>/dev/null; } & waiting=$!; "
    "wait $served; status=$?; kill $waiting 2>/dev/null; exit $status"
)


def leashed(command: Sequence[str], port: int) -> list[str]:
    """Return the command that serves on a port for as long as standard input stays open."""
    return ["sh", "-c", LEASH, "sh", *(part.replace("{port}", str(port)) for part in command)]


def program_of(command: Sequence[str]) -> str:
    """Return what a person knows a command by."""
    plain = [part for part in command if part not in ("sudo", "-n", "--")]
    return basename(plain[0]) if plain else "the command"


def too_slow(command: Sequence[str], limit_s: float) -> SnapshotCommandError:
    """Return what to say of a command that did not end in time."""
    return SnapshotCommandError(
        f"{program_of(command)} did not end within {limit_s:g} s and was ended",
        hint="look at the machine's disks; a longer limit is given with --lock-limit",
    )


def not_started(command: Sequence[str], reason: str) -> SnapshotCommandError:
    """Return what to say of a command that cannot be started."""
    return SnapshotCommandError(f"{program_of(command)} could not be started: {reason}")


def ended_badly(command: Sequence[str], words: str) -> SnapshotCommandError:
    """Return what to say of a command that failed."""
    return SnapshotCommandError(f"{program_of(command)} failed: {words}")
