"""Signatures pass between Mangrove and the ``minisign`` program in both directions."""

import subprocess
from pathlib import Path

import pytest

from mangrove.core.errors import SignatureInvalidError
from mangrove.vault.crypto.minisign import MinisignPublicKey, MinisignSecretKey, sign, verify

DATA = b'{"format": 1}\n' * 5000
COMMENT = "backup 20260101T000000Z-shop-1a2b sequence 7"


def run_minisign(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = ["minisign", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, input="")


@pytest.fixture
def signed(tmp_path: Path) -> MinisignSecretKey:
    """A folder with data, signature and public key of ours."""
    key = MinisignSecretKey.generate()
    (tmp_path / "data").write_bytes(DATA)
    (tmp_path / "data.minisig").write_text(sign(key, DATA, COMMENT))
    (tmp_path / "minisign.pub").write_text(key.public_key.to_file_text())
    return key


@pytest.fixture
def program_key(tmp_path: Path) -> MinisignPublicKey:
    """A key pair that the program made: ``program.pub`` and ``program.key``."""
    made = run_minisign("-G", "-W", "-p", "program.pub", "-s", "program.key", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    return MinisignPublicKey.from_text((tmp_path / "program.pub").read_text())


def test_minisign_accepts_our_signature(signed: MinisignSecretKey, tmp_path: Path) -> None:
    by_file = run_minisign("-V", "-H", "-m", "data", cwd=tmp_path)
    by_text = run_minisign("-V", "-P", signed.public_key.to_text(), "-m", "data", cwd=tmp_path)

    assert by_file.returncode == 0, by_file.stderr
    assert by_text.returncode == 0, by_text.stderr
    assert f"Trusted comment: {COMMENT}" in by_file.stdout


@pytest.mark.usefixtures("signed")
def test_minisign_refuses_our_signature_for_other_data(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(DATA[:-1])

    assert run_minisign("-V", "-m", "data", cwd=tmp_path).returncode != 0


def test_we_accept_a_signature_of_minisign(program_key: MinisignPublicKey, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(DATA)
    made = run_minisign("-S", "-W", "-s", "program.key", "-m", "data", "-t", COMMENT, cwd=tmp_path)
    assert made.returncode == 0, made.stderr

    found = verify(program_key, [DATA[:100], DATA[100:]], (tmp_path / "data.minisig").read_text())

    assert found == COMMENT


def test_we_refuse_an_obsolete_signature_of_minisign(
    program_key: MinisignPublicKey, tmp_path: Path
) -> None:
    (tmp_path / "data").write_bytes(DATA)
    made = run_minisign("-S", "-l", "-W", "-s", "program.key", "-m", "data", cwd=tmp_path)
    assert made.returncode == 0, made.stderr

    with pytest.raises(SignatureInvalidError, match="pre-hashed"):
        verify(program_key, DATA, (tmp_path / "data.minisig").read_text())


def test_minisign_signs_with_our_exported_key(signed: MinisignSecretKey, tmp_path: Path) -> None:
    (tmp_path / "ours.key").write_text(signed.to_minisign_file())
    (tmp_path / "other").write_bytes(b"other")

    made = run_minisign("-S", "-W", "-s", "ours.key", "-m", "other", "-t", "x", cwd=tmp_path)

    assert made.returncode == 0, made.stderr
    assert verify(signed.public_key, b"other", (tmp_path / "other.minisig").read_text()) == "x"


def test_public_key_file_is_spelt_as_minisign_does(
    program_key: MinisignPublicKey, tmp_path: Path
) -> None:
    assert program_key.to_file_text() == (tmp_path / "program.pub").read_text()
