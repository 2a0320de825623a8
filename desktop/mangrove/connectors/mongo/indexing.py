"""Builds the secondary indexes of a restored collection from the documents of listIndexes."""

from collections.abc import Mapping, Sequence
from typing import Any

from bson.raw_bson import RawBSONDocument
from pymongo.errors import OperationFailure

from mangrove.connectors.mongo.client import RAW, Connection
from mangrove.connectors.mongo.error_map import UNAUTHORIZED, explain, server_words
from mangrove.connectors.mongo.listing import TIME_SERIES
from mangrove.core.namespace import Namespace
from mangrove.core.ports.dump import CollectionInfo
from mangrove.core.ports.restore import FailedIndex

_DUPLICATE_KEY = 11000
# Source: MongoDB server, error_codes.yml: CannotCreateIndex, IndexOptionsConflict,
# IndexKeySpecsConflict, InvalidIndexSpecificationOption: their messages hold the index only.
_HARMLESS_MESSAGE = frozenset({67, 85, 86, 197})
# Source: MongoDB manual, "createIndexes": others, from MongoDB 2.0 and older, are not built any
# more; the server chooses.
_VERSIONS = frozenset({1, 2})
Spec = dict[str, Any]


def id_index(info: CollectionInfo) -> Spec | None:
    """Return the ``_id_`` index as ``create`` takes it; None for clustered collections."""
    found = next((s for s in map(_items, info.indexes) if _is_id_index(s)), None)
    if found is None:
        return None
    return {name: value for name, value in found.items() if name not in ("v", "ns")}


def secondary_indexes(info: CollectionInfo) -> list[Spec]:
    """Return what createIndexes is to build.

    Source: mongo-tools, mongorestore (restore.go, metadata.go): no ``_id_`` and no clustered
    index; an index without a collation on a collection with one was a simple one; a 2dsphere
    index without a version is of version 1.
    """
    collation = _collation(info.options)
    wanted = [s for s in map(_items, info.indexes) if not (_is_id_index(s) or s.get("clustered"))]
    return [_completed(spec, info.kind, collation) for spec in wanted]


def build(
    connection: Connection, where: Namespace, specs: Sequence[Spec]
) -> tuple[FailedIndex, ...]:
    """Build all indexes at once; if that fails, one by one, and name those that failed.

    Errors: the driver's own for anything but a refused index.
    """
    if not specs:
        return ()
    try:
        _create(connection, where, specs)
    except OperationFailure as error:
        if error.code == UNAUTHORIZED:
            raise
        if len(specs) == 1:
            return (FailedIndex(str(specs[0]["name"]), _reason(error)),)
        alone = [build(connection, where, [spec]) for spec in specs]
        return tuple(failed for each in alone for failed in each)
    return ()


def _create(connection: Connection, where: Namespace, specs: Sequence[Spec]) -> None:
    connection.long_command(where.database, command_for(where, specs))


def command_for(where: Namespace, specs: Sequence[Spec]) -> dict[str, Any]:
    """Return the command that builds indexes."""
    return {
        "createIndexes": where.collection,
        "indexes": list(specs),
        "ignoreUnknownIndexOptions": True,
    }


def _items(index: bytes) -> Spec:
    """Return an index document's options; what is nested stays as the server sent it."""
    return dict(RawBSONDocument(index, RAW))


def _is_id_index(spec: Mapping[str, Any]) -> bool:
    key = spec["key"]
    value = next(iter(key.values()), None)
    is_one = isinstance(value, int | float) and value == 1
    return list(key) == ["_id"] and is_one and not spec.get("clustered")


def _collation(options: bytes) -> RawBSONDocument | None:
    found: RawBSONDocument | None = RawBSONDocument(options, RAW).get("collation")
    return found if found is not None and found.get("locale") != "simple" else None


def _completed(spec: Spec, kind: str, collation: RawBSONDocument | None) -> Spec:
    kept = {name: value for name, value in spec.items() if name != "ns"}
    if kept.get("v") not in _VERSIONS:
        kept.pop("v", None)
    if collation is not None and "collation" not in kept:
        kept["collation"] = {"locale": "simple"}
    elif collation is not None and _inherits(kept, kind, collation):
        del kept["collation"]
    if "2dsphere" in kept["key"].values() and "2dsphereIndexVersion" not in kept:
        kept["2dsphereIndexVersion"] = 1
    return kept


def _inherits(spec: Spec, kind: str, collation: RawBSONDocument) -> bool:
    """Whether an index must take its collation from the collection instead of naming it.

    Source: measured on 6.0.5: of a time series a partial index is refused with any collation,
    and gets that of the collection without.
    """
    is_partial_series = kind == TIME_SERIES and "partialFilterExpression" in spec
    return is_partial_series and bytes(spec["collation"].raw) == bytes(collation.raw)


def _reason(error: OperationFailure) -> str:
    if error.code == _DUPLICATE_KEY:
        return "two documents have the same key"
    if error.code in _HARMLESS_MESSAGE:
        return server_words(error)
    return explain(error)
