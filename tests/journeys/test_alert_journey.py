"""Alerts from the command line: a real keyring, a real mail server, and a watch outside."""

from pathlib import Path

import pytest

from journeys.command_line import CommandLine
from servers.keyring_service import SecretService
from servers.mail import USER, MailServer
from servers.process import HOST
from servers.receiver import Receiver

pytestmark = [pytest.mark.keyring, pytest.mark.slow, pytest.mark.journey]
WATCH_PATH = "t0k3n-0f-the-watch"


@pytest.fixture
def mangrove(tmp_path: Path, secret_service: SecretService) -> CommandLine:
    """The program with a job that will fail, for its vault is gone."""
    line = CommandLine(tmp_path / "home", variables=dict(secret_service.env))
    assert line("vault", "add", "Local", "--url", (tmp_path / "vault").as_uri()).code == 0
    job = ("proof", "--kind", "verify", "--vault", "Local", "--schedule", "monthly")
    assert line("job", "add", *job).code == 0
    assert line("vault", "remove", "Local").code == 0
    return line


def test_a_failed_job_is_told_by_mail_and_to_its_watch_and_no_secret_is_seen(
    mangrove: CommandLine, mail_server: MailServer, receiver: Receiver
) -> None:
    mangrove.secret = mail_server.password
    server = ("--smtp", f"{HOST}:{mail_server.port}", "--security", "none", "--user", USER)
    channel = ("alert", "channel", "add", "me", "--mail-to", "ann@example.org", *server)
    added = mangrove(*channel, stdin=f"{mail_server.password}\n")
    assert added.code == 0, added
    assert "a test message arrived there" in added.out
    watch = ("alert", "heartbeat", "set", "--job", "proof")
    assert mangrove(*watch, stdin=receiver.url(f"/{WATCH_PATH}") + "\n").code == 0

    assert mangrove("job", "run", "proof").code == 1

    assert mail_server.subjects == ["Mangrove: a test message", "Mangrove: proof: failed"]
    assert receiver.paths == [f"/{WATCH_PATH}", f"/{WATCH_PATH}/start", f"/{WATCH_PATH}/fail"]
    alerts = {a["kind"]: a for a in mangrove.json("alert", "list")["alerts"]}
    assert alerts["failed"]["times_told"] == 1
    assert "agent-dead" in alerts  # nothing starts by itself, and whoever asks is told so
    assert mangrove.json("status")["alerts"]["count"] == len(alerts)

    known = mangrove("alert", "ack", alerts["failed"]["id"][:5], "--note", "new disk ordered")
    assert known.code == 0, known
    assert "known: new disk ordered" in mangrove("alert", "list").out

    printed = "".join(mangrove.printed)
    for secret in (mail_server.password, WATCH_PATH):
        assert secret not in printed
        assert mangrove.files_with(secret) == []
    assert mangrove.seen_in == set()
