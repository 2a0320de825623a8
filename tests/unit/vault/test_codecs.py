import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.vaults import SLUG, USERS, entry, evidence_for, manifest_for, new_id
from mangrove.core.assertion import AssertionResult, Measure, Question, Verdict
from mangrove.core.deployment import DiskUse
from mangrove.core.errors import ManifestCorruptError, UnknownFormatError
from mangrove.core.manifest import Manifest, StoredBlob
from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.vaults.vault import VaultId
from mangrove.core.verification import Drill, Level
from mangrove.vault.codecs.evidence import decode_evidence, encode_evidence
from mangrove.vault.codecs.manifest import decode_manifest, encode_manifest
from mangrove.vault.codecs.strict_json import encode_moment
from mangrove.vault.descriptor import Descriptor, decode_descriptor, encode_descriptor

BASE = f"{SLUG}/{new_id()}/shop/"


def sample() -> Manifest:
    metadata = StoredBlob(f"{BASE}users.metadata.json.zst.age", 200, "a" * 64, 14)
    segments = (
        StoredBlob(f"{BASE}users.0000.bson.zst.age", 1 << 28, "b" * 64, 1 << 28),
        StoredBlob(f"{BASE}users.0001.bson.zst.age", 17, "c" * 64, 5),
    )
    whole = manifest_for(new_id(), 3, (entry(metadata, segments, USERS),))
    return replace(whole, extra=(StoredBlob(f"{BASE}prelude.json.zst.age", 9, "d" * 64, 3),))


GOOD = encode_manifest(sample())
EVIDENCE = evidence_for(new_id(), passed=False)


def blob(name: str, size: int, digit: str) -> dict[str, object]:
    return {"name": name, "size_bytes": size, "sha256": digit * 64, "plain_bytes": 1}


def changed(**fields: object) -> bytes:
    document: dict[str, Any] = json.loads(GOOD)
    return json.dumps({**document, **fields}).encode()


def test_a_manifest_survives_the_round_trip_and_is_always_the_same_bytes() -> None:
    assert decode_manifest(GOOD) == sample()
    assert encode_manifest(decode_manifest(GOOD)) == GOOD


def test_a_manifest_keeps_what_a_collection_took_on_the_disk() -> None:
    (users,) = sample().namespaces
    measured = replace(sample(), namespaces=(replace(users, disk=DiskUse(4096, 8192)),))

    assert decode_manifest(encode_manifest(measured)) == measured
    assert b'"disk"' not in GOOD


def test_a_manifest_can_be_read_by_a_person() -> None:
    document = json.loads(GOOD)

    assert document["version"] == 1
    assert document["started_at"] == "2026-03-01T12:00:00.123456Z"
    assert document["consistent_at"] == {"t": 1_772_366_400, "i": 7}
    assert [*document] == sorted(document)
    assert GOOD.count(b"\n") > 50


def test_a_manifest_without_a_cluster_time_survives() -> None:
    without = replace(sample(), consistent_at=None, not_included=(), extra=())

    assert decode_manifest(encode_manifest(without)) == without


@given(st.text(max_size=40).filter(lambda text: text.isprintable() or "\n" in text))
def test_any_collection_name_survives(name: str) -> None:
    manifest = sample()
    renamed = replace(manifest.namespaces[0], namespace=Namespace("shop", name))
    odd = replace(manifest, namespaces=(renamed,))

    assert decode_manifest(encode_manifest(odd)) == odd


def test_a_newer_version_is_told_apart_from_damage() -> None:
    with pytest.raises(UnknownFormatError, match="version 2"):
        decode_manifest(changed(version=2, something_new=True))


@pytest.mark.parametrize(
    "fields",
    [
        {"format": "something else"},
        {"version": "1"},
        {"version": True},
        {"sequence": 0},
        {"sequence": 1.5},
        {"sequence": True},
        {"sequence": 2**63},
        {"encrypted": "yes"},
        {"encrypted": False},
        {"backup": "../../x"},
        {"profile_slug": "other"},
        {"started_at": "2026-03-01T12:00:00Z"},
        {"started_at": "2026-13-01T12:00:00.000000Z"},
        {"started_at": "٢026-03-01T12:00:00.000000Z"},
        {"finished_at": "2020-01-01T00:00:00.000000Z"},
        {"achieved_consistency": "auto"},
        {"achieved_consistency": "perhaps"},
        {"consistent_at": {"t": -1, "i": 0}},
        {"consistent_at": {"t": 1, "i": 2**32}},
        {"consistent_at": {"t": 1}},
        {"digest_algorithm": "crc"},
        {"namespaces": {}},
        {"namespaces": [1]},
        {"extra": [blob("../x", 1, "a")]},
        {"extra": [blob(f"{BASE}x", 1, "a")]},
        {
            "extra": [
                {"name": f"{BASE}x.age", "size_bytes": -1, "sha256": "a" * 64, "plain_bytes": 1}
            ]
        },
        {
            "extra": [
                {"name": f"{BASE}x.age", "size_bytes": 1, "sha256": "A" * 64, "plain_bytes": 1}
            ]
        },
        {"surprise": 1},
        {"profile_name": "\ud800"},
    ],
    ids=str,
)
def test_a_manifest_with_a_strange_value_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ManifestCorruptError):
        decode_manifest(changed(**fields))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"format": "mangrove manifest", "version": NaN}',
        b'{"format": "mangrove manifest", "format": "mangrove manifest"}',
        b'{"format": "mangrove manifest", "version": ' + b"9" * 5000 + b"}",
    ],
    ids=["empty", "null", "list", "object", "bytes", "deep", "deeper", "nan", "twice", "digits"],
)
def test_what_is_no_manifest_is_refused_at_once(data: bytes) -> None:
    with pytest.raises(ManifestCorruptError):
        decode_manifest(data)


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_any_changed_byte_is_our_error_or_a_whole_manifest(position: int, value: int) -> None:
    data = GOOD[:position] + bytes([value]) + GOOD[position + 1 :]

    try:
        manifest = decode_manifest(data)
    except (ManifestCorruptError, UnknownFormatError):
        return
    assert decode_manifest(encode_manifest(manifest)) == manifest


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 300), st.binary(max_size=8))
def test_any_replaced_stretch_is_our_error_or_a_whole_manifest(
    start: int, length: int, inserted: bytes
) -> None:
    data = GOOD[:start] + inserted + GOOD[start + length :]

    try:
        manifest = decode_manifest(data)
    except (ManifestCorruptError, UnknownFormatError):
        return
    assert decode_manifest(encode_manifest(manifest)) == manifest


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    ),
    st.sampled_from(sorted(json.loads(GOOD))),
)
def test_any_json_in_any_field_is_our_error_or_a_whole_manifest(value: object, name: str) -> None:
    try:
        manifest = decode_manifest(changed(**{name: value}))
    except (ManifestCorruptError, UnknownFormatError):
        return
    assert decode_manifest(encode_manifest(manifest)) == manifest


def test_evidence_survives_the_round_trip() -> None:
    assert decode_evidence(encode_evidence(EVIDENCE)) == EVIDENCE


@given(st.integers(min_value=0), st.binary(max_size=4))
def test_damaged_evidence_is_our_error_or_whole_evidence(position: int, inserted: bytes) -> None:
    good = encode_evidence(EVIDENCE)
    start = position % len(good)
    data = good[:start] + inserted + good[start + 1 :]

    try:
        evidence = decode_evidence(data)
    except (ManifestCorruptError, UnknownFormatError):
        return
    assert decode_evidence(encode_evidence(evidence)) == evidence


@given(st.timedeltas(timedelta(0), timedelta(days=4000)))
def test_durations_keep_their_microseconds(duration: timedelta) -> None:
    timed = replace(EVIDENCE, steps=(("read", duration),))

    assert decode_evidence(encode_evidence(timed)) == timed


def test_a_vaults_description_survives_the_round_trip() -> None:
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    description = Descriptor(VaultId("a1"), ("age1xyz",), "RWxyz", moment)

    assert decode_descriptor(encode_descriptor(description)) == description


@pytest.mark.parametrize("data", [b"", b"{}", b'{"format": "x"}', b"\x00" * 2_000_000])
def test_what_is_no_vaults_description_is_refused(data: bytes) -> None:
    with pytest.raises(UnknownFormatError):
        decode_descriptor(data)


def test_a_moment_without_a_time_zone_is_never_written() -> None:
    with pytest.raises(ValueError, match="time zone"):
        encode_moment(datetime(2026, 3, 1))  # noqa: DTZ001 - the mistake to be noticed


def test_evidence_of_a_drill_comes_back_with_all_that_was_asked_and_measured() -> None:
    question = Question(
        Namespace("shop", "orders"), Measure.AGE, "placed_at", "{}", at_most=93_600.0
    )
    full = replace(
        EVIDENCE,
        level=Level.DRILLED,
        amounts=(("documents", 12), ("operations", 3)),
        assertions=(
            AssertionResult("fresh", question, Verdict.HELD, 12.5),
            AssertionResult("enough", question, Verdict.UNANSWERED, None, "too slow"),
        ),
        drill=Drill(OplogTimestamp(1_764_000_000, 7), "42", ""),
    )

    assert decode_evidence(encode_evidence(full)) == full
    whole = replace(full, drill=Drill(None))
    assert decode_evidence(encode_evidence(whole)) == whole


def test_evidence_without_a_trial_is_written_as_it_always_was() -> None:
    text = encode_evidence(EVIDENCE).decode()

    assert not any(f'"{name}"' in text for name in ("amounts", "assertions", "drill"))


@pytest.mark.parametrize(
    "change",
    [
        {"amounts": [{"name": "documents", "amount": -1}]},
        {"assertions": [{"name": "x"}]},
        {"drill": {"limit": {"t": 1}, "seed": "", "compared_with": ""}},
        {"drill": {"limit": None, "seed": 4, "compared_with": ""}},
        {"amounts": {}},
    ],
)
def test_strange_measures_in_evidence_are_refused(change: dict[str, object]) -> None:
    document = json.loads(encode_evidence(EVIDENCE)) | change

    with pytest.raises(ManifestCorruptError):
        decode_evidence(json.dumps(document).encode())
