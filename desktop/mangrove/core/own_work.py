"""What somebody's own backups may not do, because whoever runs the deployment forbids it."""

from enum import StrEnum
from typing import Protocol

from mangrove.core.profile import ProfileId


class OwnWork(StrEnum):
    """Work of ours that needs more of a server than some hosts grant."""

    CAPTURE = "capture"
    REPLAY = "replay"


class OwnWorkLimits(Protocol):
    """Tells what is forbidden, from what is known without asking anybody."""

    def require(self, profile_id: ProfileId, work: OwnWork) -> None:
        """Refuse what would fail, before it starts.

        Raises:
            UnsupportedTopologyError: Saying why, and what can be done instead.
        """
        ...
