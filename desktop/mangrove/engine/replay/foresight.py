"""What a first look through the oplog finds out for the second one, which applies it."""

from dataclasses import dataclass, field

from mangrove.core.errors import ReplayRefusedError
from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.replay import Tally
from mangrove.engine.replay.places import Key


@dataclass(frozen=True, slots=True)
class Foresight:
    """What is known of the whole window.

    Attributes:
        committed: The transactions of several entries that are applied.
        in_base: Those whose last entry is in the base already.
        carried: Collections outside the selection that come into it, and where they wait.
        doomed: Collections that the base lacks because they were dropped again.
        entries: Entries of the window by kind.
        size_bytes: Of all entries that were looked at.
        created: Final names that collections had at any time, beyond those of the base.
        dropped: Every collection that was dropped.
        last_ts: The last entry of the window.
    """

    committed: frozenset[bytes] = frozenset()
    in_base: frozenset[bytes] = frozenset()
    carried: dict[Key, Namespace] = field(default_factory=dict)
    doomed: frozenset[Key] = frozenset()
    entries: dict[str, int] = field(default_factory=dict)
    size_bytes: int = 0
    created: frozenset[Namespace] = frozenset()
    dropped: frozenset[Key] = frozenset()
    last_ts: OplogTimestamp | None = None


@dataclass(slots=True)
class Notebook:
    """What the first look writes down.

    Attributes:
        missing: Collections that entries mean and the base lacks: why that would be wrong.
        vanished: Those of them that were dropped later, so that it does not matter.
    """

    carried: dict[Key, Namespace] = field(default_factory=dict)
    missing: dict[Key, tuple[Namespace, str]] = field(default_factory=dict)
    vanished: set[Key] = field(default_factory=set)
    created: set[Namespace] = field(default_factory=set)
    dropped: set[Key] = field(default_factory=set)
    tally: Tally = field(default_factory=Tally)
    size_bytes: int = 0
    last_ts: OplogTimestamp | None = None

    def lacks(self, key: Key, name: Namespace, ts: OplogTimestamp) -> None:
        """Note that an entry concerns a collection that is not there."""
        if key not in self.missing:
            self.missing[key] = name, f"{name} is changed at {ts}"

    def gone(self, key: Key) -> None:
        """Note that a collection was dropped."""
        self.dropped.add(key)
        if self.missing.pop(key, None):
            self.vanished.add(key)

    def database_gone(self, database: str) -> None:
        """Note that a database was dropped."""
        for key, (name, _) in tuple(self.missing.items()):
            if name.database == database:
                self.gone(key)

    def refuse_missing(self) -> None:
        """Raise ReplayRefusedError if the result would lack something."""
        for _, why in self.missing.values():
            raise ReplayRefusedError(
                f"{why}, but the backup does not hold what it was before",
                hint="choose a moment before that, or select the collection it came from too",
            )
