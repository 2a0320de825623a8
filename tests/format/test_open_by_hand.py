"""A vault opens without us: with minisign, age, zstd or gunzip, and a shell."""

import gzip
import json
import os
import subprocess
from pathlib import Path

import pytest
import zstandard

from fakes.vaults import ORDERS, SLUG, TestVault, entry, folder_vault, manifest_for, new_id, put
from mangrove.core.backup import Compression
from mangrove.core.blobs import BlobRole
from mangrove.core.manifest import Manifest, StoredBlob
from mangrove.core.vaults.vault import identity_ref
from mangrove.vault.codecs.manifest import decode_manifest

PACK = {
    Compression.ZSTD: zstandard.ZstdCompressor(level=3).compress,
    Compression.GZIP: gzip.compress,
    Compression.NONE: bytes,
}
UNPACK = {Compression.ZSTD: "zstd -dc", Compression.GZIP: "gunzip -c", Compression.NONE: "cat"}
METADATA = b'{"options":{},"indexes":[],"type":"collection"}'


def written(vault: TestVault, packed: Compression, documents: bytes) -> Manifest:
    third = len(documents) // 3
    pieces = [documents[:third], documents[third : 2 * third], documents[2 * third :]]
    with vault.open().begin(SLUG, new_id()) as draft:
        segments = tuple(
            put(draft, ORDERS, [PACK[packed](piece)], number=number, compression=packed)
            for number, piece in enumerate(pieces)
        )
        metadata = put(
            draft, ORDERS, [PACK[packed](METADATA)], BlobRole.METADATA, compression=packed
        )
        manifest = manifest_for(
            new_id(),
            draft.sequence,
            (entry(metadata, segments, ORDERS),),
            encrypted=vault.spec.is_encrypted,
        )
        draft.publish(manifest)
    return manifest


def shell(command: str, folder: Path) -> bytes:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        capture_output=True,
        check=True,
        timeout=60,
    )
    return done.stdout


@pytest.mark.parametrize("packed", Compression)
@pytest.mark.parametrize("encrypted", [True, False], ids=["encrypted", "plain"])
def test_a_backup_opens_with_standard_tools(
    tmp_path: Path, packed: Compression, encrypted: bool
) -> None:
    root = tmp_path / "vault"
    vault = folder_vault(root, encrypted=encrypted)
    documents = os.urandom(100_000) + b"shop" * 100_000
    manifest = written(vault, packed, documents)
    folder = root / SLUG / manifest.backup
    end = ".age" if encrypted else ""
    opened = "cat"
    if encrypted:
        identity = vault.secrets.fetch(identity_ref(vault.spec.vault_id))
        (tmp_path / "identity.txt").write_text(identity.reveal() + "\n")
        opened = f"age -d -i {tmp_path}/identity.txt"

    public_key = json.loads((root / "vault.json").read_text())["minisign_public_key"]
    said = shell(f"minisign -V -P {public_key} -m manifest.json{end}", folder).decode()
    described = shell(f"{opened} < manifest.json{end}", folder)
    packed_end = f"bson{packed.suffix}{end}"
    joined = shell(
        f"for f in shop/orders*.[0-9]*.{packed_end}; do {opened} < $f | {UNPACK[packed]}; done",
        folder,
    )
    metadata = shell(
        f"{opened} < shop/orders*.metadata.json{packed.suffix}{end} | {UNPACK[packed]}", folder
    )

    assert f"mangrove backup {manifest.backup} sequence 1 vault {vault.spec.vault_id}" in said
    assert decode_manifest(described) == manifest
    assert joined == documents
    assert metadata == METADATA


def test_the_listed_checksums_are_those_of_sha256sum(tmp_path: Path) -> None:
    root = tmp_path / "vault"
    manifest = written(folder_vault(root), Compression.ZSTD, b"documents" * 1000)

    def line(blob: StoredBlob) -> str:
        return f"{blob.sha256}  {blob.name}\n"

    (tmp_path / "sums").write_text("".join(map(line, manifest.blobs)))

    assert shell(f"sha256sum -c {tmp_path}/sums", root).count(b": OK") == len(manifest.blobs)


def test_a_changed_manifest_fails_with_minisign(tmp_path: Path) -> None:
    root = tmp_path / "vault"
    vault = folder_vault(root)
    manifest = written(vault, Compression.ZSTD, b"documents" * 1000)
    path = root / SLUG / manifest.backup / "manifest.json.age"
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")

    with pytest.raises(subprocess.CalledProcessError):
        shell(f"minisign -V -P {vault.spec.public_key} -m {path}", root)
