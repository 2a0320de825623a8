"""Everything that a storage may give us, twisted: each reader refuses it by name or reads it."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fakes.sample_data import PROFILES
from fakes.vaults import SLUG, STARTED_AT, USERS, entry, evidence_for, manifest_for, new_id
from fakes.vaults import new_vault as make_vault
from mangrove.core.backup import Compression
from mangrove.core.errors import MangroveError
from mangrove.core.manifest import StoredBlob
from mangrove.core.oplog import ChainId, OplogPosition, OplogTimestamp
from mangrove.core.pitr.slices import OplogSlice
from mangrove.core.profile import Profile
from mangrove.core.retention.marks import Statement, StatementKind
from mangrove.core.retention.policy import KeepRule, Period, RetentionPolicy
from mangrove.core.secret import Secret
from mangrove.core.vaults.keys import RetiredKey
from mangrove.core.vaults.kit import RecoveryKit
from mangrove.core.vaults.lock import LockMode, LockOwner, VaultLock
from mangrove.core.vaults.mirror import MirrorSpec
from mangrove.core.vaults.vault import VaultId
from mangrove.vault.codecs.evidence import decode_evidence, encode_evidence
from mangrove.vault.codecs.manifest import decode_manifest, encode_manifest
from mangrove.vault.codecs.statements import decode_statement, encode_statement
from mangrove.vault.descriptor import decode_descriptor, descriptor_of, encode_descriptor
from mangrove.vault.kit.kit_codec import decode_kit, encode_kit
from mangrove.vault.locks import _decode as decode_lock
from mangrove.vault.locks import _encode as encode_lock
from mangrove.vault.retirement import decode_record, encode_record
from mangrove.vault.slices.comment import parse_slice_comment, slice_comment
from mangrove.vault.slices.layout import SliceName

VAULT = VaultId("a1b2c3")
_AT = OplogTimestamp(1_772_366_400, 7)
SPEC = replace(
    make_vault().spec,
    retired_keys=(RetiredKey("RWold", 3, STARTED_AT, "ab" * 32),),
    recipient_names=(("age1x", "Ana"),),
    mirrors=(MirrorSpec("m1", "cellar", "file:///cellar"),),
)
_BLOB = StoredBlob(f"{SLUG}/{new_id()}/shop/users.0000.bson.zst.age", 17, "c" * 64, 5)
_META = StoredBlob(f"{SLUG}/{new_id()}/shop/users.metadata.json.zst.age", 200, "a" * 64, 14)
_STATEMENT = Statement(
    StatementKind.POLICY,
    STARTED_AT,
    "ann@desk",
    policy=RetentionPolicy((KeepRule(Period.LAST, 3),)),
)
_KIT = RecoveryKit(
    SPEC,
    Secret("AGE-SECRET-KEY-1X"),
    None,
    Secret("seed"),
    None,
    tuple(p for p in PROFILES if isinstance(p, Profile)),
    4,
    STARTED_AT,
    "0.1",
    (("m1", Secret("hush")),),
)
_LOCK = VaultLock(
    "0" * 16, LockMode.SHARED, "backup", LockOwner("h", "u", 1), STARTED_AT, STARTED_AT
)
NAME = "_retention/20260301T120000Z-policy-00000000.json"
Reader = tuple[bytes, Callable[[bytes], object]]
READERS: dict[str, Reader] = {
    "manifest": (
        encode_manifest(manifest_for(new_id(), 3, (entry(_META, (_BLOB,), USERS),))),
        decode_manifest,
    ),
    "evidence": (encode_evidence(evidence_for(new_id(), passed=False)), decode_evidence),
    "descriptor": (encode_descriptor(descriptor_of(SPEC)), decode_descriptor),
    "statement": (
        encode_statement(_STATEMENT, VAULT, ""),
        lambda data: decode_statement(data, VAULT, NAME),
    ),
    "lock": (encode_lock(_LOCK), lambda data: decode_lock(data, "0" * 16)),
    "record": (
        encode_record(VAULT, RetiredKey("RWold", 3, STARTED_AT), ["ab" * 16]),
        lambda data: decode_record(data, VAULT),
    ),
}
HOSTILE: list[Any] = [
    None,
    True,
    -1,
    0,
    2**63,
    2**70,
    1e308,
    -0.5,
    "",
    "x",
    "../../etc/passwd",
    "\ud800",
    "a\x00b",
    "9999-12-31T23:59:59.999999Z",
    "0001-01-01T00:00:00.000000Z",
    "2026-13-01T00:00:00.000000Z",
    "x" * 70_000,
    [],
    {},
    [[[[[]]]]],
    {"": None},
    "mongodb://[::1",
    "Ⅷ",
]
HURRIED = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return every path into a JSON document."""
    found = [path] if path else []
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            found += places(item, (*path, key))
    return found


def twisted(document: Any, path: tuple[Any, ...], value: Any, *, removes: bool) -> bytes:
    """Return the document with something else, or nothing, in one place."""
    changed = json.loads(json.dumps(document))
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    if removes:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return json.dumps(changed).encode("utf-8", "surrogatepass")


def refuses_or_reads(read: Callable[[bytes], object], data: bytes) -> None:
    with suppress(MangroveError):
        read(data)


@pytest.mark.parametrize("kind", list(READERS))
@HURRIED
@given(data=st.data())
def test_a_twisted_value_is_refused_by_name_or_read(kind: str, data: st.DataObject) -> None:
    good, read = READERS[kind]
    document = json.loads(good)
    path = data.draw(st.sampled_from(places(document)))
    value, removes = data.draw(st.sampled_from(HOSTILE)), data.draw(st.booleans())

    refuses_or_reads(read, twisted(document, path, value, removes=removes))


@pytest.mark.parametrize("kind", list(READERS))
@HURRIED
@given(at=st.integers(0, 1 << 16), flip=st.integers(0, 255), cut=st.booleans())
@example(at=0, flip=255, cut=False)
@example(at=0, flip=0, cut=True)
def test_broken_bytes_are_refused_by_name_or_read(kind: str, at: int, flip: int, cut: bool) -> None:
    good, read = READERS[kind]
    at %= len(good)
    changed = good[:at] if cut else good[:at] + bytes([good[at] ^ flip]) + good[at + 1 :]

    refuses_or_reads(read, changed)


@HURRIED
@given(data=st.data())
def test_a_twisted_kit_is_refused_by_name_or_read(data: st.DataObject) -> None:
    text = encode_kit(_KIT, ["how to"]).decode()
    lines = [line[3:] for line in text.split("\n") if line.startswith("#| ")]
    document = json.loads("\n".join(lines))
    path = data.draw(st.sampled_from(places(document)))
    value, removes = data.draw(st.sampled_from(HOSTILE)), data.draw(st.booleans())
    changed = twisted(document, path, value, removes=removes).decode("utf-8", "surrogatepass")

    refuses_or_reads(
        decode_kit, "\n".join(f"#| {x}" for x in changed.split("\n")).encode("utf-8", "replace")
    )


@HURRIED
@given(at=st.integers(0, 1 << 12), new=st.text(max_size=40), length=st.integers(0, 30))
def test_a_twisted_comment_of_a_slice_is_refused_by_name_or_read(
    at: int, new: str, length: int
) -> None:
    name = SliceName(SLUG, ChainId("20260301T120000Z-00ff"), _AT, _AT, Compression.ZSTD, True)
    position = OplogPosition(_AT, 1)
    blob = StoredBlob(name.blob, 9, "a" * 64, 5)
    piece = OplogSlice(
        VAULT, SLUG, name.chain, position, position, 1, blob, name.compression, "", STARTED_AT
    )
    assert parse_slice_comment(slice_comment(piece), name) == piece
    good = slice_comment(piece, "0" * 16)
    at %= len(good)

    changed = good[:at] + new + good[at + length :]

    with suppress(MangroveError):
        parse_slice_comment(changed, name)
