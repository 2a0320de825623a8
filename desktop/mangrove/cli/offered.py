"""What an option offers: of a wider set of values only those that work today."""

from enum import StrEnum

from mangrove.core.backup import Consistency


class OfferedConsistency(StrEnum):
    """The consistency that a copy can be asked for: it keeps no oplog to be replayed."""

    AUTO = Consistency.AUTO.value
    SNAPSHOT = Consistency.SNAPSHOT.value
    NONE = Consistency.NONE.value

    @property
    def meant(self) -> Consistency:
        """The same, as the services know it."""
        return Consistency(self.value)
