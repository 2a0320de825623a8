"""How a server is made of restored files, step by step: the guide that lies beside them."""

import shlex
from dataclasses import dataclass

from mangrove.core.deployment import ServerFacts
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.snapshots.clone import KEEP_RECOVERED, RECOVER, layout_options, origin_of
from mangrove.core.snapshots.snapshot import Snapshot
from mangrove.core.stored_files import FilesOrigin


@dataclass(frozen=True, slots=True)
class GuideFacts:
    """What the guide tells of.

    Attributes:
        what: The id of the snapshot or backup.
        server: The one it was taken of.
        data: Where the files are.
        is_rewound: Whether captured oplog was replayed onto them.
    """

    what: str
    origin: FilesOrigin
    server: ServerFacts
    consistent_at: OplogTimestamp | None
    data: str
    is_rewound: bool = False


def snapshot_facts(snapshot: Snapshot, data: str) -> GuideFacts:
    """Return what the guide tells of a snapshot's files."""
    origin, at = origin_of(snapshot), snapshot.consistent_at
    return GuideFacts(snapshot.snapshot, origin, snapshot.server, at, data)


def restore_guide(facts: GuideFacts) -> str:
    """Return the guide as text."""
    steps = [_program(facts), _owner(facts)]
    if facts.origin.needs_oplog_recovery:
        steps.append(_recover(facts))
    steps.append(_look(facts))
    if not facts.is_rewound:
        steps.append(_later(facts))
    if facts.server.replica_set:
        steps.append(_member(facts))
    numbered = [f"{number}. {step}" for number, step in enumerate(steps, 1)]
    return "\n\n".join([_head(facts), *numbered]) + "\n"


def _head(facts: GuideFacts) -> str:
    stands = (
        f"It stands at {facts.consistent_at.at:%Y-%m-%d %H:%M:%S} UTC "
        f"(oplog {facts.consistent_at})."
        if facts.consistent_at
        else "Which entry of the oplog it stands at is read from the server once it runs."
    )
    return (
        f"Files of a MongoDB {facts.server.version_text} server, from {facts.what}.\n{stands}\n"
        f"{_changed(facts)} Work on a copy if there is room for one."
    )


def _changed(facts: GuideFacts) -> str:
    if facts.is_rewound:
        return "Captured oplog was replayed onto them, and their server was stopped in order."
    return "Nothing of them was changed."


def _program(facts: GuideFacts) -> str:
    server, version = facts.server, facts.server.version_text
    feature = f" (feature version {server.feature_version})" if server.feature_version else ""
    return (
        f"Have a mongod of the same version, {version}{feature}; a later patch of it is "
        "fine, another major version is not.\n     mongod --version"
    )


def _owner(facts: GuideFacts) -> str:
    return (
        "Give the files to the user that runs mongod, and to nobody else.\n"
        f"     chown -R mongodb: {shlex.quote(facts.data)}"
    )


def _recover(facts: GuideFacts) -> str:
    start = shlex.join([*_mongod(facts), *RECOVER, *KEEP_RECOVERED])
    stop = shlex.join(["mongod", "--dbpath", facts.data, "--shutdown"])
    return (
        "These are files of a replica set member. The newest writes may be in its oplog only: "
        "opened as a plain\n   standalone it would show older data, or none at all, and would take "
        "new writes on top. So start it once\n   like this, wait until it answers, and stop it; "
        "it replays its oplog, takes no writes, and keeps what it replayed.\n"
        f"     {start}\n     {stop}"
    )


def _look(facts: GuideFacts) -> str:
    return (
        "Start it as a standalone that only this machine reaches, and look.\n"
        f"     {shlex.join(_mongod(facts))}\n"
        "     mongosh --port 27117 --eval 'db.adminCommand({listDatabases: 1})'\n"
        "     mongosh --port 27117 --eval 'db.getSiblingDB(\"NAME\").COLLECTION.validate()'"
    )


def _later(facts: GuideFacts) -> str:
    if facts.consistent_at is None:
        return "To go to a later moment, replay captured oplog: verify the snapshot first."
    at = facts.consistent_at
    return (
        f"To go to a later moment, replay captured oplog from {at} on: decrypt and join the slices "
        'as FORMAT.md\n   says under "By hand" into FOLDER/oplog.bson, and replay them up to, and '
        "without, a moment.\n"
        "     mongorestore --port 27117 --oplogReplay --oplogLimit SECONDS:INCREMENT FOLDER"
    )


def _member(facts: GuideFacts) -> str:
    replica_set = facts.server.replica_set
    return (
        f"To make it the first member of a new replica set {replica_set}: in the standalone "
        "drop the database local,\n   stop it, start it with --replSet, initiate it, and add the "
        "others, which copy everything from it.\n"
        "     mongosh --port 27117 --eval 'db.getSiblingDB(\"local\").dropDatabase()'\n"
        f"     mongod --dbpath {shlex.quote(facts.data)} --replSet {shlex.quote(replica_set)} ...\n"
        "     mongosh --eval 'rs.initiate()'\n"
        "   Never start it as a second copy of a member that still runs."
    )


def _mongod(facts: GuideFacts) -> list[str]:
    here = ("--port", "27117", "--bind_ip", "127.0.0.1")
    return ["mongod", "--dbpath", facts.data, *here, *layout_options(facts.origin)]
