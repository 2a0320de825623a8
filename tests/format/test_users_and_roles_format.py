"""Manifests with users and roles, and those from before there were any."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.vaults import SLUG, manifest_for, new_id
from mangrove.core.accounts import AuthPart, UsersAndRoles, auth_namespace
from mangrove.core.backup import Selection
from mangrove.core.errors import ManifestCorruptError
from mangrove.core.manifest import AuthEntry, Manifest, StoredBlob, StoredUsersAndRoles
from mangrove.vault.codecs.manifest import decode_manifest, encode_manifest

GOLDEN = Path(__file__).parent / "golden"
BASE = f"{SLUG}/{new_id()}/"


def part(name: AuthPart, database: str = "") -> AuthEntry:
    where = auth_namespace(name, database)
    stem = f"{BASE}{where.database}/{where.collection}"
    segment = StoredBlob(f"{stem}.0000.bson.zst.age", 300, "a" * 64, 120)
    metadata = StoredBlob(f"{stem}.metadata.json.zst.age", 200, "b" * 64, 14)
    return AuthEntry(where, 2, 120, "c" * 32, None if database else metadata, (segment,))


def with_users(database: str = "") -> Manifest:
    parts = tuple(part(name, database) for name in AuthPart)
    held = StoredUsersAndRoles((database,) if database else (), parts)
    wanted = Selection(held.databases, users_and_roles=UsersAndRoles.INCLUDE)
    return replace(manifest_for(new_id(), 3), selection=wanted, users_and_roles=held)


def test_a_manifest_from_before_users_and_roles_is_read_and_written_as_it_was() -> None:
    old = (GOLDEN / "manifest-v1.json").read_bytes()
    manifest = decode_manifest(old)

    assert manifest.users_and_roles is None
    assert manifest.selection.users_and_roles is UsersAndRoles.LEAVE_OUT
    assert encode_manifest(manifest) == old


@pytest.mark.parametrize("database", ["", "shop"])
def test_users_and_roles_come_back(database: str) -> None:
    manifest = with_users(database)

    again = decode_manifest(encode_manifest(manifest))

    assert again == manifest
    assert again.users_and_roles is not None
    assert (again.users_and_roles.users, again.users_and_roles.roles) == (2, 2)
    assert len(again.blobs) == (3 if database else 6)
    assert again.documents == 0


def test_a_manifest_with_users_and_roles_stays_readable() -> None:
    golden = (GOLDEN / "manifest-v1-users.json").read_bytes()

    assert decode_manifest(golden) == with_users("shop")
    assert encode_manifest(with_users("shop")) == golden


@pytest.mark.parametrize(
    "change",
    [
        {"collection": "orders"},
        {"database": "admin", "collection": "system.keys"},
        {"digest": "x"},
        {"metadata": 1},
        {"surprise": 1},
    ],
    ids=str,
)
def test_a_strange_part_is_refused(change: dict[str, object]) -> None:
    document = json.loads(encode_manifest(with_users("shop")))
    document["users_and_roles"]["parts"][0] |= change

    with pytest.raises(ManifestCorruptError):
        decode_manifest(json.dumps(document).encode())


def test_a_part_named_twice_is_refused() -> None:
    document = json.loads(encode_manifest(with_users("shop")))
    parts = document["users_and_roles"]["parts"]
    parts[1] |= {"collection": parts[0]["collection"]}

    with pytest.raises(ManifestCorruptError, match="twice"):
        decode_manifest(json.dumps(document).encode())
