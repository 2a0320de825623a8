"""Creates a collection with all of its options that the server takes.

An option that it does not take costs no document: it is left out, and the comparison names it.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from bson.raw_bson import RawBSONDocument
from pymongo.errors import OperationFailure

from mangrove.connectors.mongo import indexing, listing
from mangrove.connectors.mongo.client import RAW
from mangrove.core.ports.dump import CollectionInfo

Command = dict[str, Any]

# Source: mongo-tools, mongorestore: options a target does not take back. ``temp`` marks what
# the server itself would drop at its next start. ``create`` and ``flags`` stand in the options
# that MongoDB 2.x and 3.x listed (system.namespaces).
_NOT_SENT: Final = frozenset({"recordIdsReplicated", "autoIndexId", "temp", "create", "flags"})
# Source: MongoDB manual, "Database Commands": arguments of any command. No server lists them as
# a collection's options, and a dump that does would speak for the whole command.
_ARGUMENTS: Final = frozenset(
    {"lsid", "txnNumber", "autocommit", "startTransaction", "stmtId", "writeConcern", "comment"}
    | {"readConcern", "maxTimeMS", "apiVersion", "apiStrict", "apiDeprecationErrors", "idIndex"}
)
# What is most likely at fault where the server does not say what is: first what we do not know.
_SUSPECTS: Final = (
    "validator",
    "validationLevel",
    "validationAction",
    "storageEngine",
    "indexOptionDefaults",
    "collation",
    "clusteredIndex",
    "expireAfterSeconds",
    "capped",
    "size",
    "max",
)
_QUOTED: Final = re.compile(r"'(?:create\.)?(\w+)(?:\.[\w.]+)?'")
# What makes a view a view, and a time series one: its buckets go nowhere else.
_ESSENTIAL: Final = frozenset({"create", "idIndex", "timeseries", "viewOn", "pipeline"})


def create_command(info: CollectionInfo) -> Command:
    """Return the command that makes a collection with its options and ``_id`` index."""
    options = RawBSONDocument(info.options, RAW)
    command: Command = {"create": info.namespace.collection}
    command |= {name: value for name, value in options.items() if _is_sent(name)}
    if info.kind == listing.COLLECTION and (own := indexing.id_index(info)):
        command["idIndex"] = own
    return command


def create_as_far_as_taken(
    send: Callable[[Command], object],
    command: Command,
    is_about_options: Callable[[OperationFailure], bool],
) -> None:
    """Send a create command, and again without what the server refuses in it.

    Args:
        send: Carries out a command.
        command: As ``create_command`` returns it.
        is_about_options: Whether leaving something out may help.

    Raises:
        OperationFailure: If the collection cannot be made at all: the refusal of what makes it
            what it is, else the first one.
    """
    first: OperationFailure | None = None
    while True:
        try:
            send(command)
        except OperationFailure as error:
            first = first or error
            less = _without_refused(command, error) if is_about_options(error) else command
            if less == command:
                raise (error if _named(error) & _ESSENTIAL else first) from None
            command = less
        else:
            return


def _is_sent(name: str) -> bool:
    return not (name in _NOT_SENT or name in _ARGUMENTS or name.startswith("$"))


def _without_refused(command: Command, error: OperationFailure) -> Command:
    """Return less of the command: without what the server named, else without one suspect.

    Source: measured on 4.4.2, 5.0.4 and 6.0.5: an unknown option is refused as
    ``BSON field 'create.NAME' is an unknown field``, others are quoted by their name alone.
    """
    options = [name for name in command if name not in _ESSENTIAL]
    named = _named(error) & set(options)
    known = [name for name in _SUSPECTS if name in options]
    suspects = [name for name in options if name not in known] + known
    gone = named or set(suspects[:1])
    if "collation" in gone:  # its _id index would not fit any more
        gone.add("idIndex")
    return {name: value for name, value in command.items() if name not in gone}


def _named(error: OperationFailure) -> set[str]:
    return set(_QUOTED.findall(str((error.details or {}).get("errmsg", ""))))
