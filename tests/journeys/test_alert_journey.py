"""Alerts from the command line: a real keyring, a real mail server, and a watch outside."""

from pathlib import Path

import pytest

from journeys.command_line import CommandLine
from servers.keyring_service import SecretService
from servers.mail import USER, MailServer
from servers.process import HOST
from servers.receiver import Receiver

pytestmark = [pytest.mark.keyring, pytest.mark.slow, pytest.mark.journey]
TOKEN = "t0k3n-0f-the-watch"


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
    assert mangrove(*watch, stdin=receiver.url(f"/{TOKEN}") + "\n").code == 0

    assert mangrove("job", "run", "proof").code == 1

    assert mail_server.subjects == ["Mangrove: a test message", "Mangrove: proof: failed"]
    assert receiver.paths == [f"/{TOKEN}", f"/{TOKEN}/start", f"/{TOKEN}/fail"]
    alerts = {a["kind"]: a for a in mangrove.json("alert", "list")["alerts"]}
    assert alerts["failed"]["times_told"] == 1
    assert "agent-dead" in alerts  # nothing starts by itself, and whoever asks is told so
    status = mangrove("status")
    assert "alert is open" in status.out
    assert mangrove.json("status")["alerts"]["count"] == 1

    known = mangrove("alert", "ack", alerts["failed"]["id"][:5], "--note", "new disk ordered")
    assert known.code == 0, known
    listed = mangrove("alert", "list")
    assert "known: new disk ordered" in listed.out
    assert mangrove.json("status")["alerts"] == {"worst": None, "count": 0, "quiet": 1}

    (view,) = mangrove.json("alert", "channel", "list")["channels"]
    assert view["health"]["problem"] == ""
    printed = "".join(mangrove.printed)
    for secret in (mail_server.password, TOKEN):
        assert secret not in printed
        assert mangrove.files_with(secret) == []
    assert mangrove.seen_in == set()


def test_what_is_asked_wrongly_changes_nothing(
    mangrove: CommandLine, mail_server: MailServer, receiver: Receiver
) -> None:
    receiver.status = 500
    url = receiver.url() + "\n"

    codes = [
        mangrove("alert", "channel", "add", "x", stdin="").code,
        mangrove("alert", "channel", "add", "x", stdin="nonsense://x\n").code,
        mangrove("alert", "channel", "add", "x", stdin=url).code,
        mangrove("alert", "channel", "add", "x", "--mail-to", "nobody").code,
        mangrove("alert", "channel", "test", "x").code,
        mangrove("alert", "ack", "0000").code,
        mangrove("alert", "mute", "0000", "--for", "ever").code,
        mangrove("alert", "quiet", "25:00", "07:00").code,
        mangrove("alert", "route", "proof", "--to", "x").code,
    ]

    assert codes == [2, 2, 7, 2, 4, 4, 2, 2, 4]
    assert mangrove.json("alert", "channel", "list") == {"channels": []}
    assert mail_server.mails == []
    assert mangrove.json("alert", "quiet")["policy"]["quiet"] is None


def test_hours_of_quiet_and_routes_are_kept(mangrove: CommandLine, receiver: Receiver) -> None:
    added = mangrove("alert", "channel", "add", "hook", "--no-test", stdin=receiver.url() + "\n")
    assert added.code == 0, added

    quiet = mangrove("alert", "quiet", "22:00", "07:00", "--zone", "Europe/Berlin")
    assert "22:00 to 07:00, Europe/Berlin; what is critical breaks through" in quiet.out
    assert "hook" in mangrove("alert", "route", "proof", "--to", "hook").out
    assert "nowhere" in mangrove("alert", "route", "proof", "--none").out
    assert mangrove.json("alert", "options", "--no-desktop")["policy"]["uses_desktop"] is False
    tested = mangrove("alert", "test")

    assert tested.code == 0, tested
    assert "arrived" in tested.out
    assert "sent" in mangrove("alert", "outbox").out
    assert mangrove("alert", "quiet", "off").out.startswith("no quiet hours")
    assert mangrove("alert", "channel", "remove", "hook").code == 0
