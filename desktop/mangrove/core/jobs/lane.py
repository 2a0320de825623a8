"""Lanes: how many runs may use one deployment or one vault at once."""

from dataclasses import dataclass

MOST_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Claim:
    """A place in a lane.

    Attributes:
        lane: Such as ``vault archive`` or ``deployment production``.
        limit: How many may be in that lane at once, unless the person set another number.
    """

    lane: str
    limit: int = 1


@dataclass(frozen=True, slots=True)
class Occupied:
    """Why a run waits: a lane that is full, and one of those that are in it."""

    lane: str
    title: str
    pid: int


def vault_lane(name: str) -> str:
    """Return the lane of those who write into a vault."""
    return f"vault {name}"


def deployment_lane(name: str) -> str:
    """Return the lane of those who read a deployment as a whole."""
    return f"deployment {name}"
