"""Every call of a storage, one after the other."""

from collections.abc import Callable, Iterator

from contract.storage_suite import NAME
from mangrove.core.ports.storage import Storage


def each_call(storage: Storage) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield each call that reaches the storage, under its name."""
    yield "put", lambda: storage.put(NAME, [b"x"])
    yield "put in parts", lambda: storage.put(NAME, [b"x" * (9 << 20)])
    yield "get", lambda: storage.get(NAME)
    yield "list", lambda: [*storage.list()]
    yield "delete", lambda: storage.delete(NAME)
