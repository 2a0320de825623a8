"""Which collections are there during a replay, under which names, and where they came from.

A collection is known by its UUID where the oplog and the backup have one: names change, and a
backup that was read while names changed holds it under a later one than its first entries have.

Source: MongoDB server, replication/README.md, "Initial Sync": entries are applied by UUID.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from mangrove.core.namespace import BUCKETS_PREFIX, Namespace
from mangrove.core.replay import ReplayBase
from mangrove.engine.replay.pending import is_of_id, named

COLLECTION, VIEW, TIME_SERIES = "collection", "view", "timeseries"
Key = bytes


@dataclass(slots=True)
class Place:
    """A collection that exists at this point of the oplog.

    Attributes:
        key: Names this very collection, and no later one of the same name.
        source: Its name where the oplog comes from.
        target: Where it is at the target; None for one whose content is left out.
        indexes, bucket_indexes: Yet to be built, by name.
    """

    key: Key
    source: Namespace
    target: Namespace | None
    kind: str = COLLECTION
    options: bytes = b"\x05\0\0\0\0"
    uuid: bytes | None = None
    indexes: dict[str, bytes] = field(default_factory=dict)
    bucket_indexes: dict[str, bytes] = field(default_factory=dict)

    @property
    def data(self) -> Namespace | None:
        """Where its documents are: in its buckets for a time series."""
        if self.target is None or self.kind != TIME_SERIES:
            return self.target
        return Namespace(self.target.database, BUCKETS_PREFIX + self.target.collection)


class Places:
    """All of them, by UUID and by name."""

    def __init__(self, base: Iterable[ReplayBase]) -> None:
        self._by_uuid: dict[bytes, Place] = {}
        self._by_source: dict[Namespace, Place] = {}
        for known in base:
            uuid = bytes.fromhex(known.uuid) if known.uuid else None
            secondary = named(spec for spec in known.indexes if not is_of_id(spec))
            self.add(
                Place(
                    key_for(uuid, known.source),
                    known.source,
                    known.target,
                    known.kind,
                    known.options,
                    uuid,
                    secondary,
                )
            )

    def __iter__(self) -> Iterator[Place]:
        """Yield all of them, those without a name of their own too."""
        seen = {id(place): place for place in self._by_source.values()}
        seen |= {id(place): place for place in self._by_uuid.values()}
        yield from seen.values()

    @property
    def has_uuids(self) -> bool:
        """Whether it is known which collection is which."""
        return bool(self._by_uuid)

    def of_uuid(self, uuid: bytes | None) -> Place | None:
        """Return the one with this UUID."""
        return self._by_uuid.get(uuid) if uuid else None

    def named(self, source: Namespace) -> Place | None:
        """Return the one of this name, whichever it is."""
        return self._by_source.get(source)

    def find(self, uuid: bytes | None, source: Namespace) -> Place | None:
        """Return the one that an entry means: by its UUID, else by its name.

        One of the same name but with another UUID is another collection.
        """
        if found := self.of_uuid(uuid):
            return found
        found = self._by_source.get(source)
        return None if found and found.uuid and uuid and found.uuid != uuid else found

    def at_target(self, target: Namespace) -> Place | None:
        """Return the one that is there now."""
        return next((place for place in self if place.target == target), None)

    def add(self, place: Place) -> None:
        """Put one in; whoever has its name keeps only its UUID."""
        self._by_source[place.source] = place
        if place.uuid:
            self._by_uuid[place.uuid] = place

    def remove(self, place: Place) -> None:
        """Take one out."""
        if self._by_source.get(place.source) is place:
            del self._by_source[place.source]
        if place.uuid and self._by_uuid.get(place.uuid) is place:
            del self._by_uuid[place.uuid]

    def rename(self, place: Place, source: Namespace, target: Namespace | None) -> None:
        """Give one another name."""
        self.remove(place)
        place.source, place.target = source, target
        self.add(place)


def key_for(uuid: bytes | None, source: Namespace) -> Key:
    """Name a collection by its UUID, or where there is none by its name."""
    return uuid or f"ns:{source}".encode(errors="surrogateescape")


def logical(database: str, collection: str) -> Namespace:
    """Return the name people know: that of the time series instead of its buckets."""
    return Namespace(database, collection.removeprefix(BUCKETS_PREFIX))
