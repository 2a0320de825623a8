"""The golden oplogs of ``oplog/``, and what a target holds, in the same words."""

import base64
import gzip
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bson import json_util
from pymongo import MongoClient

from mangrove.connectors.mongo.client import RAW

GOLDEN = Path(__file__).parent / "oplog"
PIT_BASE, PIT_SLICE = GOLDEN / "pit" / "base", GOLDEN / "pit" / "slice.bson.gz"
BUCKETS = "system.buckets."


@dataclass(frozen=True, slots=True)
class CutOff:
    """A moment, and what there was."""

    name: str
    limit: str | None
    state: dict[str, Any]


def cut_offs() -> list[CutOff]:
    """Return the 22 moments of ``pit``."""
    found = json.loads(gzip.decompress((GOLDEN / "pit" / "expected.json.gz").read_bytes()))
    wanted = {c["name"]: CutOff(c["name"], c["limit"], c["state"]) for c in found}
    # Nobody looked at the server in the middle, and mongorestore forgets indexes when it renames.
    middle, live = (wanted[n].state["pit"] for n in ("middle_of_accident", "just_before_accident"))
    for name in middle.keys() - live.keys():
        del middle[name]
    for name, entry in middle.items():
        if "indexes" in entry:
            entry["indexes"] = live[name]["indexes"]
    return list(wanted.values())


def cases() -> dict[str, dict[str, Any]]:
    """Return the 55 small oplogs."""
    loaded: dict[str, dict[str, Any]] = json.loads(
        gzip.decompress((GOLDEN / "cases.json.gz").read_bytes())
    )
    return loaded


def unpack(case: dict[str, Any], folder: Path) -> Path:
    """Write a case's dump into a folder."""
    for name, content in case["dump"].items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(content))
    return folder


def state_of(client: MongoClient[Any], database: str) -> dict[str, Any]:
    """Describe a database as the golden files do; views only by their options."""
    found: dict[str, Any] = {}
    for info in client[database].command("listCollections")["cursor"]["firstBatch"]:
        name, kind = info["name"], info["type"]
        if name.startswith("system.") and name != "system.js":
            continue
        found[name] = {"type": kind, "options": extended(info["options"])}
        if kind == "view":
            continue
        data = BUCKETS + name if kind == "timeseries" else name
        documents = raw_documents(client, database, data)
        indexes = client[database].command("listIndexes", name)["cursor"]["firstBatch"]
        found[name] |= {
            "sha256": hashlib.sha256(b"".join(sorted(documents, key=lambda d: d[4:]))).hexdigest(),
            "documents": len(documents),
            "indexes": by_name(extended(indexes)),
        }
    return found


def wanted_state(golden: dict[str, Any]) -> dict[str, Any]:
    """Return a golden state in the same form."""
    found = {}
    for name, entry in golden.items():
        if name.startswith("tmp") and name.endswith(".rename"):
            continue  # what mongorestore leaves behind
        found[name] = {"type": entry["type"], "options": entry["options"]}
        if entry["type"] == "view":
            continue
        found[name] |= {
            "sha256": entry["sha256"] or hashlib.sha256().hexdigest(),
            "documents": entry.get("buckets", entry["count"]),
            "indexes": by_name(entry["indexes"]),
        }
    return found


def raw_documents(client: MongoClient[Any], database: str, collection: str) -> list[bytes]:
    """Return the documents of a collection as they are stored."""
    found: list[bytes] = []
    reply = client[database].command("find", collection, codec_options=RAW)
    while True:
        cursor = reply["cursor"]
        batch = cursor["firstBatch"] if "firstBatch" in cursor else cursor["nextBatch"]
        found += [bytes(document.raw) for document in batch]
        if not cursor["id"]:
            return found
        more = {"getMore": cursor["id"], "collection": collection}
        reply = client[database].command(more, codec_options=RAW)


def extended(value: Any) -> Any:
    """Return a value as canonical extended JSON."""
    return json.loads(json_util.dumps(value, json_options=json_util.CANONICAL_JSON_OPTIONS))


def by_name(indexes: list[dict[str, Any]]) -> dict[str, Any]:
    """Return indexes by name, their options in any order."""
    found = {index["name"]: dict(index) for index in indexes}
    for own in [index for name, index in found.items() if name == "_id_"]:
        # The golden ones come from entries with another version, or half of a collation.
        own.pop("v", None)
        own.pop("collation", None)
    return found
