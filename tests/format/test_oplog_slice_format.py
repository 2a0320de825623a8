"""Oplog slices as version 1 wrote them: listed, joined, cut and opened, with and without us."""

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import bson
import pytest

from fakes.clock import FakeClock
from fakes.secrets import MemorySecrets
from mangrove.core.backup import Compression
from mangrove.core.oplog import ChainId
from mangrove.core.pitr.slices import BreakKind, OplogSlice
from mangrove.core.pitr.stretches import stretches_of
from mangrove.core.ports.vault import Vault
from mangrove.core.secret import Secret
from mangrove.core.vaults.vault import VaultId, VaultSpec, identity_ref, signing_key_ref
from mangrove.engine.slice_reading import entries_of
from mangrove.vault.keeper import VaultFactory
from mangrove.vault.slices.comment import break_comment, parse_break_comment, slice_comment
from mangrove.vault.slices.layout import break_name, slice_in
from mangrove.vault.storage.folder import FolderStorage

GOLDEN = Path(__file__).parent / "golden" / "oplog-v1"
KEYS = json.loads((GOLDEN / "keys.json").read_text())
SLUG = "shop-production"


@pytest.fixture
def vault() -> Vault:
    secrets, vault_id = MemorySecrets(), VaultId(KEYS["vault_id"])
    secrets.store(identity_ref(vault_id), Secret(KEYS["identity"]))
    secrets.store(signing_key_ref(vault_id), Secret(KEYS["signing_key"]))
    spec = VaultSpec(
        vault_id=vault_id,
        name="golden",
        url="s3://not-contacted",
        recipients=(KEYS["recipient"],),
        public_key=KEYS["public_key"],
        compression=Compression.ZSTD,
        access_key="",
        created_at=datetime(2026, 3, 1, tzinfo=UTC),
    )
    storage = FolderStorage(GOLDEN / "vault")
    return VaultFactory(secrets, FakeClock(), open_at=lambda *_: storage).open(spec)


def pieces_of(vault: Vault) -> list[OplogSlice]:
    return sorted(vault.slices().all(), key=lambda piece: piece.last)


def test_old_slices_are_listed_with_all_that_their_signatures_say(vault: Vault) -> None:
    first, second = pieces_of(vault)

    assert first.is_usable
    assert second.continues(first)
    assert (first.previous, second.previous) == ("", first.blob.sha256)
    assert (second.first.ts.seconds, second.last.ts.seconds) == (1772366410, 1772366420)
    assert (second.entries, second.blob.plain_bytes) == (11, 737)
    assert second.chain == ChainId("20260301T120000Z-00ff")
    assert second.headroom == timedelta(hours=3)
    assert vault.slices().newest(SLUG) == second


def test_old_slices_join_into_every_entry_once(vault: Vault) -> None:
    plain = b"".join(entries_of(pieces_of(vault), vault.read))

    stamps = [entry["ts"].time for entry in bson.decode_all(plain)]
    assert stamps == list(range(1772366400, 1772366421))


def test_an_old_break_cuts_them(vault: Vault) -> None:
    (cut,) = vault.slices().breaks()

    assert cut.kind is BreakKind.RESTORED_IN_PLACE
    before, after = stretches_of(pieces_of(vault), [cut])
    assert (before.end, after.start) == (cut.at, cut.until)


def test_names_and_comments_are_written_as_they_were(vault: Vault) -> None:
    for piece in pieces_of(vault):
        name = slice_in(piece.blob.name)
        assert name is not None
        assert name.blob == piece.blob.name
        signature = (GOLDEN / "vault" / f"{piece.blob.name}.minisig").read_text()
        assert f"trusted comment: {slice_comment(piece)}\n" in signature
    (cut,) = vault.slices().breaks()
    written = GOLDEN / "vault" / f"{break_name(cut, sealed=True)}.minisig"
    assert f"trusted comment: {break_comment(cut)}\n" in written.read_text()
    assert parse_break_comment(break_comment(cut)) == cut


def test_a_slice_opens_by_hand(vault: Vault, tmp_path: Path) -> None:
    first = pieces_of(vault)[0]
    (tmp_path / "identity.txt").write_text(KEYS["identity"] + "\n")
    blob = GOLDEN / "vault" / first.blob.name
    script = (
        f"minisign -V -q -P {KEYS['public_key']} -m '{blob}'"
        f" && age -d -i identity.txt '{blob}' | zstd -dc"
    )

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        check=True,
    )

    assert len(bson.decode_all(done.stdout)) == first.entries
