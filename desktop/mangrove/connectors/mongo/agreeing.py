"""Which consistency a deployment can be read at, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from bson.raw_bson import RawBSONDocument

from mangrove.connectors.mongo.client import RAW
from mangrove.connectors.mongo.listing import VIEW, Listed
from mangrove.core.backup import Consistency
from mangrove.core.deployment import ServerFacts, Topology
from mangrove.core.errors import UnsupportedTopologyError
from mangrove.core.namespace import Namespace

SNAPSHOT_SINCE = (5, 0)
ONE_BY_ONE = "so collections are read one after the other"
BY_OPLOG = (
    "collections are read one after the other, and the oplog of that time is kept with them: "
    "replayed on restore, it brings all to one moment"
)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Which consistency was agreed on, and why."""

    achieved: Consistency
    reason: str


def agree(facts: ServerFacts, wanted: Consistency, *, has_oplog: bool = False) -> Agreement:
    """Choose a consistency for a deployment.

    Args:
        facts: What it is.
        wanted: What was asked for.
        has_oplog: Whether there is an oplog that may be read and would make a difference.

    Raises:
        UnsupportedTopologyError: If what was asked for cannot be had.
    """
    hindrance = _against_snapshot(facts)
    match wanted:
        case Consistency.NONE:
            return Agreement(Consistency.NONE, "asked for: collections are read one by one")
        case Consistency.OPLOG if facts.topology is Topology.REPLICA_SET:
            return Agreement(Consistency.OPLOG, f"asked for: {BY_OPLOG}")
        case Consistency.OPLOG:
            raise _no_oplog(facts)
        case Consistency.SNAPSHOT | Consistency.AUTO if hindrance is None:
            return Agreement(
                Consistency.SNAPSHOT,
                f"replica set {facts.replica_set}: every collection is read at one cluster time",
            )
        case Consistency.SNAPSHOT:
            raise UnsupportedTopologyError(
                f"no snapshot to be had: {hindrance}; nothing was read",
                hint="use consistency auto or none",
            )
        case Consistency.AUTO if has_oplog:
            why = str(hindrance).removesuffix(f", {ONE_BY_ONE}")
            return Agreement(Consistency.OPLOG, f"{why}; {BY_OPLOG}")
        case Consistency.AUTO:
            return Agreement(Consistency.NONE, str(hindrance))
        case _:
            assert_never(wanted)


def narrowed(
    agreement: Agreement,
    chosen: Sequence[Listed],
    outside: frozenset[Namespace],
    wanted: Consistency,
) -> Agreement:
    """Say which collections the snapshot leaves out; with all of them out there is none.

    Raises:
        UnsupportedTopologyError: If there is none, and it was asked for.
    """
    if not outside:
        return agreement
    names = ", ".join(sorted(map(str, outside)))
    why = f"this server reads no capped collection at a cluster time ({names})"
    if any(c.namespace not in outside for c in chosen if c.kind != VIEW):
        return Agreement(agreement.achieved, f"{agreement.reason}, except that {why}")
    if wanted is Consistency.SNAPSHOT:
        raise UnsupportedTopologyError(
            f"no snapshot to be had: {why}; nothing was read", hint="use consistency auto or none"
        )
    return Agreement(Consistency.NONE, why)


def is_capped(listed: Listed) -> bool:
    """Whether a collection is capped."""
    return bool(RawBSONDocument(listed.options, RAW).get("capped"))


def _against_snapshot(facts: ServerFacts) -> str | None:
    """Say why there is no snapshot, in a sentence for a DBA; None if there is one.

    Source: MongoDB manual, "Read Concern snapshot": outside transactions from MongoDB 5.0.
    """
    one_by_one = ONE_BY_ONE
    if facts.topology is Topology.STANDALONE:
        return f"standalone server: it has no oplog and no cluster time, {one_by_one}"
    if facts.topology is Topology.SHARDED:
        return f"sharded cluster: its shards have no snapshot in common here, {one_by_one}"
    if facts.version[:2] < SNAPSHOT_SINCE:
        return f"MongoDB {facts.version_text} has no snapshot reads before 5.0, {one_by_one}"
    return None


def _no_oplog(facts: ServerFacts) -> UnsupportedTopologyError:
    if facts.topology is Topology.STANDALONE:
        return UnsupportedTopologyError(
            "a standalone server keeps no oplog; nothing was read",
            hint="use consistency none, or make it a replica set of one node, its data stays: "
            "start mongod with --replSet rs0, then run rs.initiate() once",
        )
    return UnsupportedTopologyError(
        "this is a router, and the oplogs of a sharded cluster lie on its shards; nothing was read",
        hint="use consistency none, or back up each shard's replica set by a profile of its own",
    )
