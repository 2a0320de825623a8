"""Files pass between Mangrove and the ``age`` program in both directions."""

import os
import pty
import subprocess
from pathlib import Path

import pytest

from mangrove.vault.crypto.age import decrypt_bytes, encrypt_bytes
from mangrove.vault.crypto.armor import armor_stream, unarmor_stream
from mangrove.vault.crypto.recipients import (
    ScryptIdentity,
    ScryptRecipient,
    X25519Identity,
    parse_identity_file,
)

SIZES = [0, 1, 65535, 65536, 65537, 200_000, 5_000_000]
PASSPHRASE = "correct horse battery staple"  # noqa: S105 - protects nothing


def content_of(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def run_age(*arguments: str, data: bytes) -> bytes:
    done = subprocess.run(["age", *arguments], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def run_age_on_terminal(*arguments: str, answers: int) -> None:
    """Run ``age`` with a terminal of its own, where it asks for the passphrase."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp("age", ["age", *arguments])  # noqa: S606 - no shell is the point
    said, asked = b"", 0
    while True:
        try:
            heard = os.read(terminal, 1024)
        except OSError:  # Linux's way to say that the other end closed the terminal
            break
        if not heard:
            break
        said += heard
        while asked < answers and said.count(b"passphrase") > asked and said.count(b": ") > asked:
            os.write(terminal, PASSPHRASE.encode() + b"\n")
            asked += 1
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, said.decode()


@pytest.fixture
def identity() -> X25519Identity:
    return X25519Identity.generate()


@pytest.fixture
def identity_file(identity: X25519Identity, tmp_path: Path) -> Path:
    path = tmp_path / "identity.txt"
    path.write_text(f"# public key: {identity.recipient}\n{identity.to_text()}\n")
    return path


@pytest.mark.parametrize("size", SIZES)
def test_age_opens_what_we_write(size: int, identity: X25519Identity, identity_file: Path) -> None:
    sealed = encrypt_bytes(content_of(size), [identity.recipient])

    assert run_age("-d", "-i", str(identity_file), data=sealed) == content_of(size)


@pytest.mark.parametrize("size", SIZES)
def test_we_open_what_age_writes(size: int, identity: X25519Identity) -> None:
    sealed = run_age("-r", identity.recipient.to_text(), data=content_of(size))

    assert decrypt_bytes(sealed, [identity]) == content_of(size)


def test_age_opens_our_file_as_any_of_several_recipients(
    identity: X25519Identity, identity_file: Path
) -> None:
    others = [X25519Identity.generate().recipient for _ in range(3)]
    sealed = encrypt_bytes(b"for four", [*others, identity.recipient])

    assert run_age("-d", "-i", str(identity_file), data=sealed) == b"for four"


def test_each_of_several_recipients_opens_a_file_of_age() -> None:
    owners = [X25519Identity.generate() for _ in range(3)]
    named = [part for owner in owners for part in ("-r", owner.recipient.to_text())]

    sealed = run_age(*named, data=b"for three")

    assert [decrypt_bytes(sealed, [owner]) for owner in owners] == [b"for three"] * 3


@pytest.mark.parametrize("size", SIZES)
def test_age_opens_our_armor(size: int, identity: X25519Identity, identity_file: Path) -> None:
    text = b"".join(armor_stream([encrypt_bytes(content_of(size), [identity.recipient])]))

    assert run_age("-d", "-i", str(identity_file), data=text) == content_of(size)


@pytest.mark.parametrize("size", SIZES)
def test_we_open_the_armor_of_age(size: int, identity: X25519Identity) -> None:
    text = run_age("-a", "-r", identity.recipient.to_text(), data=content_of(size))

    assert decrypt_bytes(b"".join(unarmor_stream([text])), [identity]) == content_of(size)


def test_we_read_identity_files_of_age_keygen(tmp_path: Path) -> None:
    path = tmp_path / "key.txt"
    subprocess.run(["age-keygen", "-o", str(path)], capture_output=True, check=True)
    public = subprocess.run(["age-keygen", "-y", str(path)], capture_output=True, check=True)

    (identity,) = parse_identity_file(path.read_text())

    assert identity.recipient.to_text() == public.stdout.decode().strip()
    assert identity.to_text() in path.read_text()


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # fork beside Qt's threads
@pytest.mark.parametrize("size", SIZES)
def test_age_opens_our_passphrase_file(size: int, tmp_path: Path) -> None:
    sealed, opened = tmp_path / "sealed.age", tmp_path / "opened"
    sealed.write_bytes(encrypt_bytes(content_of(size), [ScryptRecipient(PASSPHRASE, 10)]))

    run_age_on_terminal("-d", "-o", str(opened), str(sealed), answers=1)

    assert (opened.read_bytes() if opened.exists() else b"") == content_of(size)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
def test_we_open_a_passphrase_file_of_age(size: int, tmp_path: Path) -> None:
    plain, sealed = tmp_path / "plain", tmp_path / "sealed.age"
    plain.write_bytes(content_of(size))

    run_age_on_terminal("-p", "-o", str(sealed), str(plain), answers=2)

    assert decrypt_bytes(sealed.read_bytes(), [ScryptIdentity(PASSPHRASE)]) == content_of(size)
