from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.vaults import USERS, entry, evidence_for, manifest_for, new_id
from mangrove.core.accounts import AuthPart, auth_namespace
from mangrove.core.backup import CollectionQuery, Consistency, Selection
from mangrove.core.explain import duration_text, explanation, size_text
from mangrove.core.manifest import (
    AuthEntry,
    NotIncluded,
    StoredBlob,
    StoredOplog,
    StoredUsersAndRoles,
)
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.verification import Level

METADATA = StoredBlob("m", 500, "", 10)
SEGMENT = StoredBlob("s", 1_000_000, "", 4_200_000)
MANIFEST = manifest_for(new_id(), 1, (entry(METADATA, (SEGMENT,), USERS),))


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (1_234_567, "1.2 MB"),
        (5e9, "5.0 GB"),
        (7.25e12, "7.2 TB"),
        (3e15, "3000.0 TB"),
    ],
)
def test_sizes_have_decimal_units(size_bytes: float, text: str) -> None:
    assert size_text(size_bytes) == text


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(seconds=0), "0.0 s"),
        (timedelta(seconds=4.24), "4.2 s"),
        (timedelta(seconds=42.6), "43 s"),
        (timedelta(seconds=59.6), "1 min"),
        (timedelta(minutes=3, seconds=12), "3 min 12 s"),
        (timedelta(hours=2, minutes=5, seconds=59), "2 h 5 min"),
        (timedelta(hours=36), "36 h"),
        (timedelta(days=3, hours=4, minutes=59), "3 d 4 h"),
    ],
)
def test_durations_have_two_units_at_most(duration: timedelta, text: str) -> None:
    assert duration_text(duration) == text


def test_a_backup_is_explained_in_one_paragraph() -> None:
    text = explanation(MANIFEST, [], "attic")

    assert "\n" not in text
    for part in (
        "on Shop, production (MongoDB 6.0.5, replica set)",
        "3 documents, 4.2 MB of BSON",
        "All collections stand at one moment, cluster time 1772366400:7.",
        "1.0 MB in the vault attic, encrypted with age and signed, and was made in 1 min 30 s",
        "Not included: shop.tmp_1 (excluded by shop.tmp*).",
        "Nobody has verified it since it was made.",
    ):
        assert part in text, part


def test_a_filtered_backup_says_so_with_its_query() -> None:
    query = CollectionQuery(USERS, '{"a":{"$numberInt":"1"}}')
    filtered = replace(MANIFEST, selection=Selection(queries=(query,)))

    text = explanation(filtered, [], "attic")

    assert "It is FILTERED" in text
    assert 'shop.users only {"a":{"$numberInt":"1"}}' in text
    assert "FILTERED" not in explanation(MANIFEST, [], "attic")


def test_users_and_roles_are_counted_and_called_what_they_are() -> None:
    parts = tuple(
        AuthEntry(auth_namespace(part, "shop"), number, 0, "0" * 32, None, ())
        for number, part in enumerate((AuthPart.VERSION, AuthPart.USERS, AuthPart.ROLES))
    )
    held = replace(MANIFEST, users_and_roles=StoredUsersAndRoles(("shop",), parts))

    text = explanation(held, [], "attic")

    assert "It also holds 1 user and 2 roles of shop, with their password hashes." in text
    assert "password hashes, NOT encrypted." in explanation(
        replace(held, encrypted=False), [], "attic"
    )
    assert "password" not in explanation(MANIFEST, [], "attic")


def test_what_is_not_encrypted_says_so() -> None:
    assert "NOT encrypted" in explanation(replace(MANIFEST, encrypted=False), [], "attic")


def test_without_a_common_moment_the_reason_is_given() -> None:
    loose = replace(
        MANIFEST,
        achieved=Consistency.NONE,
        consistent_at=None,
        consistency_reason="a standalone server",
    )

    text = explanation(loose, [], "attic")

    assert "slightly different moments (a standalone server)" in text
    assert "cluster time" not in text


def test_nothing_left_out_is_said_and_long_lists_are_cut() -> None:
    whole = replace(MANIFEST, not_included=())
    many = tuple(NotIncluded(f"c{n}", "dropped") for n in range(7))

    assert "Nothing was left out." in explanation(whole, [], "attic")
    text = explanation(replace(MANIFEST, not_included=many), [], "attic")
    assert "c4 (dropped) and 2 more." in text
    assert "c5" not in text


def test_the_newest_evidence_speaks_whatever_the_order() -> None:
    good = evidence_for(new_id(), Level.DECODED, minutes=0)
    bad = evidence_for(new_id(), Level.STORED, passed=False, minutes=30)

    for evidence in ([good, bad], [bad, good]):
        text = explanation(MANIFEST, evidence, "attic")
        assert "2026-03-01 13:30 UTC, FAILED with 1 finding." in text
    assert "every document was decrypted" in explanation(MANIFEST, [good], "attic")


@pytest.mark.parametrize("level", Level)
def test_each_level_has_its_words(level: Level) -> None:
    text = explanation(MANIFEST, [evidence_for(new_id(), level)], "attic")

    assert "Verified on 2026-03-01 13:00 UTC in 12 s" in text


def test_an_oplog_is_said_to_bring_all_to_one_moment() -> None:
    at = OplogTimestamp(1_700_000_000, 4)
    oplog = StoredOplog(at, at, 1, 1, documents=3, plain_bytes=300, digest="0" * 32, segments=())
    kept = replace(MANIFEST, achieved=Consistency.OPLOG, consistent_at=at, oplog=oplog)

    text = explanation(kept, [], "attic")

    assert "brings all to one moment, 1700000000:4, by replaying 3 oplog entries" in text


def test_time_series_are_explained_as_buckets() -> None:
    plain, series = MANIFEST.namespaces[0], replace(MANIFEST.namespaces[0], kind="timeseries")

    alone = explanation(replace(MANIFEST, namespaces=(series,)), [], "attic")
    beside = explanation(replace(MANIFEST, namespaces=(plain, series)), [], "attic")

    assert ", 3 buckets of time series, 4.2 MB of BSON." in alone
    assert ", 3 documents and 3 buckets of time series, 8.4 MB of BSON." in beside
