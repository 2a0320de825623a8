"""Which collections of a dump are read one after the other as one piece of work."""

from collections.abc import Container, Iterable, Iterator

from mangrove.core.namespace import Namespace
from mangrove.core.ports.dump import CollectionInfo

SMALL_BYTES = 1 << 20
GROUP_BYTES = 8 << 20
GROUP_COLLECTIONS = 50


def grouped(
    collections: Iterable[CollectionInfo], alone: Container[Namespace] = ()
) -> Iterator[tuple[CollectionInfo, ...]]:
    """Yield large collections alone, and small ones of one database together, in their order.

    Whether a collection was dropped or recreated meanwhile is asked once for a whole group, so a
    group is small enough to be read within moments.

    Args:
        collections: What there is.
        alone: What may be larger than it looks.
    """
    open_groups: dict[str, list[CollectionInfo]] = {}
    for info in collections:
        if info.estimated_bytes > SMALL_BYTES or info.namespace in alone:
            yield (info,)
            continue
        group = open_groups.setdefault(info.namespace.database, [])
        group.append(info)
        size_bytes = sum(one.estimated_bytes for one in group)
        if len(group) >= GROUP_COLLECTIONS or size_bytes >= GROUP_BYTES:
            yield tuple(open_groups.pop(info.namespace.database))
    yield from map(tuple, open_groups.values())
