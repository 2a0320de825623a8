"""What the parts of the translation know of each other: the state they share."""

from typing import Protocol

from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.replay import ReplayMapping, Tally
from mangrove.engine.replay.foresight import Foresight, Notebook
from mangrove.engine.replay.places import Places


class Whole(Protocol):
    """The translation as its parts see it.

    Attributes:
        notebook: Only on the first look.
    """

    places: Places
    mapping: ReplayMapping
    foresight: Foresight
    notebook: Notebook | None
    tally: Tally

    def working(self, source: Namespace) -> Namespace | None:
        """Return where a source namespace is filled; None when it is not selected."""
        ...

    def moved(self) -> None:
        """Forget where documents go: a name changed."""
        ...

    def lacks(self, uuid: bytes | None, source: Namespace, ts: OplogTimestamp) -> None:
        """Deal with an entry about a selected collection that is not there.

        Raises:
            ReplayRefusedError: If it does not vanish again, which only the first look can miss.
        """
        ...

    def lose(self, subject: str, reason: str) -> None:
        """Note what could not be done as the oplog has it."""
        ...
