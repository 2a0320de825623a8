from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangrove.core.backup import BackupId, Compression
from mangrove.core.blobs import BlobPlace, BlobRole
from mangrove.core.errors import BackupNotFoundError, InvalidSelectionError, StorageDeniedError
from mangrove.core.namespace import Namespace
from mangrove.core.verification import Level
from mangrove.vault.blob_name import PART_LIMIT_BYTES, checked, is_safe
from mangrove.vault.layout import (
    folder_of,
    is_evidence,
    is_manifest_signature,
    owner_of,
    signature_of,
)

ID = BackupId("20260301T120000Z-shop-00ff")
SEALED, PLAIN = folder_of(ID, sealed=True), folder_of(ID, sealed=False)
BASE = f"shop/{ID}/"


def place(
    role: BlobRole, database: str, collection: str, packed: Compression, number: int = 0
) -> BlobPlace:
    return BlobPlace(role, Namespace(database, collection), packed, number)


@pytest.mark.parametrize(
    ("role", "packed", "number", "sealed", "plain"),
    [
        (BlobRole.SEGMENT, Compression.ZSTD, 0, "db/a%2Fb.0000.bson.zst.age", None),
        (BlobRole.SEGMENT, Compression.GZIP, 12, "db/a%2Fb.0012.bson.gz.age", None),
        (
            BlobRole.SEGMENT,
            Compression.NONE,
            12345,
            "db/a%2Fb.12345.bson.age",
            "db/a%2Fb.12345.bson",
        ),
        (BlobRole.METADATA, Compression.ZSTD, 0, "db/a%2Fb.metadata.json.zst.age", None),
        (BlobRole.PRELUDE, Compression.ZSTD, 0, "db/prelude.json.zst.age", "db/prelude.json.zst"),
    ],
)
def test_blobs_are_named_as_the_format_says(
    role: BlobRole, packed: Compression, number: int, sealed: str, plain: str | None
) -> None:
    meant = place(role, "db", "a/b", packed, number)

    assert SEALED.blob(meant) == BASE + sealed
    assert PLAIN.blob(meant) == BASE + (plain or sealed.removesuffix(".age"))


def test_manifest_and_evidence_are_named_as_the_format_says() -> None:
    finished_at = datetime(2026, 3, 1, 13, 0, 12, tzinfo=UTC)

    assert SEALED.manifest == f"{BASE}manifest.json.age"
    assert SEALED.manifest_signature == f"{BASE}manifest.json.age.minisig"
    assert PLAIN.manifest_signature == f"{BASE}manifest.json.minisig"
    evidence = SEALED.evidence(finished_at, Level.RESTORED, "00ff")
    assert evidence == f"{BASE}evidence/20260301T130012Z-restored-00ff.json.age"
    assert signature_of(evidence) == f"{evidence}.minisig"
    assert is_evidence(evidence, sealed=True)
    assert not is_evidence(evidence, sealed=False)
    assert not is_evidence(signature_of(evidence), sealed=True)


@pytest.mark.parametrize(
    "database",
    [".", "..", "", ".hidden", "ends.", " led", "trailed ", "a/b", "a\\b", "a\nb", "\x00"],
)
def test_a_database_whose_name_is_no_folder_is_refused(database: str) -> None:
    with pytest.raises(InvalidSelectionError):
        SEALED.blob(place(BlobRole.SEGMENT, database, "c", Compression.ZSTD))


@pytest.mark.parametrize(
    "text", ["", "x", "20260301T120000Z-shop-00F0", "../20260301T120000Z-shop-00ff"]
)
def test_a_text_that_is_no_id_leads_nowhere(text: str) -> None:
    with pytest.raises(BackupNotFoundError):
        folder_of(BackupId(text), sealed=True)


@pytest.mark.parametrize(
    "name",
    ["", "/a", "a/", "a//b", "../a", "a/../b", "a/./b", "a\\b", "a/.part-1", "a\x00b", "x" * 256],
)
def test_a_name_that_could_leave_its_place_is_refused(name: str) -> None:
    assert not is_safe(name)
    with pytest.raises(StorageDeniedError):
        checked(name)


@given(st.text(min_size=1, max_size=255))
def test_every_collection_name_becomes_one_safe_file(collection: str) -> None:
    try:
        collection.encode()
    except UnicodeEncodeError:
        return
    for role in (BlobRole.SEGMENT, BlobRole.METADATA):
        name = SEALED.blob(place(role, "db", collection, Compression.ZSTD, 9999))
        assert is_safe(name)
        assert len(name.rpartition("/")[2].encode()) <= PART_LIMIT_BYTES
        assert name.rpartition("/")[0] == f"{BASE}db"
        assert SEALED.owns(name)
        assert owner_of(name) == ("shop", ID)


@given(st.text())
def test_any_listed_name_is_sorted_without_an_error(name: str) -> None:
    owner_of(name)
    is_evidence(name, sealed=True)
    assert not is_manifest_signature(name) or owner_of(name)


def test_only_the_backups_own_manifest_signature_makes_it_a_backup() -> None:
    assert is_manifest_signature(f"{BASE}manifest.json.age.minisig")
    assert is_manifest_signature(f"{BASE}manifest.json.minisig")
    assert not is_manifest_signature(f"{BASE}db/manifest.json.age.minisig")
    assert not is_manifest_signature(f"other/{ID}/manifest.json.age.minisig")
    assert not is_manifest_signature(f"{BASE}manifest.json.age")


def test_a_manifest_may_list_only_blobs_of_its_own_folder_and_kind() -> None:
    assert SEALED.owns(f"{BASE}db/c.0000.bson.zst.age")
    assert not SEALED.owns(f"{BASE}db/c.0000.bson.zst")
    assert not PLAIN.owns(f"{BASE}db/c.0000.bson.zst.age")
    assert not SEALED.owns(f"{BASE}manifest.json.age")
    assert not SEALED.owns(f"shop/{ID}x/db/c.age")
    assert not SEALED.owns(f"{BASE}../x/c.age")


@pytest.mark.parametrize(
    ("namespace", "name"),
    [
        (Namespace("admin", "system.users"), "admin/system.users.0000.bson.zst.age"),
        (Namespace("shop", "$admin.system.users"), "shop/$admin.system.users.0000.bson.zst.age"),
        (Namespace("shop", "$admin.x"), "shop/%24admin.x.0000.bson.zst.age"),
    ],
)
def test_users_and_roles_are_named_as_mongodump_names_them(namespace: Namespace, name: str) -> None:
    blob = SEALED.blob(BlobPlace(BlobRole.SEGMENT, namespace, Compression.ZSTD))

    assert blob == f"{BASE}{name}"
    assert SEALED.owns(blob)
