"""Puts complete collections in the place of existing ones, the very last step of a restore."""

from dataclasses import dataclass

from mangrove.core.errors import MangroveError
from mangrove.core.namespace import Namespace
from mangrove.jobs.restores.loading import Loader

PLAIN = "collection"


@dataclass(frozen=True, slots=True)
class Placement:
    """A collection that is complete beside the one whose name it gets."""

    working: Namespace
    target: Namespace
    kind: str


def put_in_place(loader: Loader, move: Placement, there: str) -> None:
    """Put a loaded collection in its place; one that may be the only copy is never dropped.

    The server renames a collection over another one, but neither over a view nor over a time
    series; ``there`` is the kind of what is replaced.
    """
    sink, working = loader.sink, move.working
    if move.kind == there == PLAIN:
        sink.replace(working, move.target)  # one step on the server: done or not done
        loader.created.remove(working)
        return
    loader.created.remove(working)
    try:
        if move.kind == PLAIN:
            sink.drop(move.target)
        sink.replace(working, move.target)
    except MangroveError as error:
        error.message += f"; what was restored of it stays in {working}"
        error.details["unfinished"] = str(working)
        raise
