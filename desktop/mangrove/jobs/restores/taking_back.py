"""Drops again what a run created that failed or was cancelled."""

from collections.abc import Sequence

from mangrove.core.errors import MangroveError, WriteRefusedError
from mangrove.core.namespace import Namespace
from mangrove.core.ports.restore import RestoreSink
from mangrove.jobs.context import RunContext


def take_back(
    ctx: RunContext, sink: RestoreSink, created: list[Namespace], new_databases: Sequence[str] = ()
) -> None:
    """Drop collections, the newest first; what could not be dropped stays in ``created``.

    Args:
        ctx: Is told what became of them.
        sink: Where they are.
        created: They themselves.
        new_databases: Were not there before; one that holds nothing any more goes as well, with
            what the server itself keeps in it (a list of views).
    """
    count = len(created)
    try:
        for namespace in reversed(tuple(created)):
            _take_back_one(ctx, sink, created, namespace)
        for database in new_databases if count else ():
            _take_back_database(sink, created, database)
    except MangroveError as error:
        ctx.log(f"unfinished collections could not be dropped: {error.message}")
        for namespace in created:
            ctx.log(f"{namespace} is incomplete and stays there")
        return
    if count:
        ctx.log(f"dropped {count - len(created)} unfinished collections again")


def _take_back_one(
    ctx: RunContext, sink: RestoreSink, created: list[Namespace], namespace: Namespace
) -> None:
    try:
        sink.drop(namespace)
    except WriteRefusedError as error:  # system.js goes with its database or not at all
        ctx.log(f"{namespace} is incomplete: {error.message}")
        return
    created.remove(namespace)


def _take_back_database(sink: RestoreSink, created: list[Namespace], database: str) -> None:
    left = {info.namespace for info in sink.existing(database)}
    if left <= set(created):
        sink.drop_database(database)
        created[:] = [n for n in created if n.database != database]
