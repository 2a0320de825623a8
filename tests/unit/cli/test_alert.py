"""``mangrove alert``: what it shows, what it changes, and with which number it ends."""

import io
import json
from typing import Any

import pytest

from fakes.doors import doors_to
from fakes.services import FakeServices, sample_services
from mangrove.cli.main import run
from mangrove.core.alerts.delivery import DeliveryKind
from mangrove.core.alerts.policy import DESKTOP


class Line:
    """The command line over fakes."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.fakes: FakeServices = sample_services()
        self._capsys, self._monkeypatch = capsys, monkeypatch
        self.out = ""

    def __call__(self, *arguments: str, stdin: str = "") -> tuple[int, str]:
        self._monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = run(["alert", *arguments], doors_to(self.fakes.services))
        shown = self._capsys.readouterr()
        self.out = shown.out
        return code, shown.out + shown.err

    def json(self, *arguments: str, stdin: str = "") -> Any:
        code, out = self(*arguments, "--json", stdin=stdin)
        assert code == 0, out
        return json.loads(self.out)


@pytest.fixture
def line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Line:
    return Line(capsys, monkeypatch)


def test_the_list_shows_what_is_open_the_worst_first_with_what_to_do(line: Line) -> None:
    code, shown = line("list")

    assert code == 0
    rows = [row.split() for row in shown.splitlines()[1:4]]
    assert [row[1] for row in rows] == ["critical", "warning", "warning"]
    assert "known: the safe is being repaired" in shown
    assert "what to do:" in shown
    assert "nearly full" not in shown
    assert "over after 24 h" in line("list", "--all")[1]


def test_an_alert_is_acknowledged_muted_and_told_again(line: Line) -> None:
    found = {alert["kind"]: alert for alert in line.json("list")["alerts"]}
    name = found["failed"]["id"][:6]

    known = line.json("ack", name, "--note", "disk ordered")["alert"]
    muted = line.json("mute", name, "--for", "8h")["alert"]
    again = line.json("unmute", name)["alert"]

    assert known["note"] == "disk ordered"
    assert muted["muted_until"] is not None
    assert (again["acknowledged_at"], again["muted_until"]) == (None, None)


@pytest.mark.parametrize(
    ("arguments", "stdin", "code"),
    [
        (("channel", "add", "x"), "", 2),
        (("channel", "add", "x"), "nonsense://x\n", 2),
        (("channel", "add", "x", "--mail-to", "nobody"), "", 2),
        (("channel", "add", "x", "--mail-to", "a@b.org", "--smtp", "h:x"), "", 2),
        (("channel", "add", "operations CHAT", "--no-test"), "https://h/x\n", 2),
        (("channel", "test", "x"), "", 4),
        (("channel", "remove", "x"), "", 4),
        (("heartbeat", "set"), "", 2),
        (("heartbeat", "set"), "ftp://h\n", 2),
        (("heartbeat", "set", "--job", "x"), "https://h/x\n", 4),
        (("heartbeat", "remove", "--job", "x"), "", 4),
        (("ack", "000000"), "", 4),
        (("mute", "000000", "--for", "ever"), "", 2),
        (("mute", "000000", "--until", "2020-01-01T00:00+00:00"), "", 2),
        (("mute", "000000", "--for", "99999999999d"), "", 2),
        (("mute", "000000", "--for", "8h", "--until", "2127-01-01T00:00+00:00"), "", 2),
        (("heartbeat", "set", "--every", "0", "--no-test"), "https://h/x\n", 2),
        (("heartbeat", "set", "--every", "99999999999999", "--no-test"), "https://h/x\n", 2),
        (("quiet", "22:00", "22:00"), "", 2),
        (("quiet", "25:00", "07:00"), "", 2),
        (("quiet", "22:00", "07:00", "--zone", "Mars/X"), "", 2),
        (("route", "nightly", "--to", "x"), "", 4),
        (("route", "nightly", "--to", "x", "--none"), "", 2),
        (("route", "x"), "", 4),
    ],
)
def test_what_is_asked_wrongly_changes_nothing(
    line: Line, arguments: tuple[str, ...], stdin: str, code: int
) -> None:
    desk = line.fakes.alerts_desk
    before = (dict(desk.kept.rows), desk.kept.kept, dict(desk.store.kept), dict(desk.secrets.kept))

    assert line(*arguments, stdin=stdin)[0] == code

    assert before == (desk.kept.rows, desk.kept.kept, desk.store.kept, desk.secrets.kept)


def test_a_channel_is_tested_before_it_is_saved_and_its_address_is_never_shown(line: Line) -> None:
    added = line("channel", "add", "hook", stdin="https://example.org/t0k3n\n")
    line.fakes.alerts_desk.world.problem = "connection refused"
    refused = line("channel", "add", "other", stdin="https://example.org/t0k3n\n")
    listed = line("channel", "list")

    assert added[0] == 0
    assert "a test message arrived there" in added[1]
    assert refused[0] == 7
    assert "connection refused; the channel was not added, and nothing was kept" in refused[1]
    assert "mangrove alert channel test NAME" in refused[1]
    assert "hook" in listed[1]
    assert "other" not in listed[1]
    assert "t0k3n" not in added[1] + refused[1] + listed[1]


def test_a_mail_channel_is_made_of_its_parts_with_the_password_from_standard_input(
    line: Line,
) -> None:
    parts = ("--mail-to", "a@b.org", "--smtp", "mail.b.org:25", "--user", "a", "--security", "tls")

    assert line("channel", "add", "me", *parts, stdin="pässw0rd\n")[0] == 2
    code, shown = line("channel", "add", "me", *parts, stdin="passw0rd!\n")

    assert code == 0, shown
    assert "me is added (mail)" in shown
    urls = [secret.reveal() for secret in line.fakes.alerts_desk.secrets.kept.values()]
    assert len(urls) == 1
    assert urls[0].startswith("mailtos://a:passw0rd%21@mail.b.org:25?")


def test_everything_is_tested_at_once_and_a_failure_is_a_failure(line: Line) -> None:
    desk = line.fakes.alerts_desk
    for channel in tuple(desk.kept.rows.values()):
        line("channel", "remove", channel.name)
    line("channel", "add", "hook", "--no-test", stdin="https://example.org/x\n")
    assert line("test")[0] == 0

    desk.world.problem = "connection refused"
    code, shown = line("test")

    assert code == 1
    assert shown.count("failed: connection refused") == 2
    tested = {d.target for d in desk.store.sent.values() if d.kind is DeliveryKind.TEST}
    assert DESKTOP in tested


def test_hours_of_quiet_options_and_routes_are_kept(line: Line) -> None:
    quiet = line("quiet", "23:00", "06:30", "--zone", "Europe/Berlin", "--critical-waits")
    assert "23:00 to 06:30, Europe/Berlin; what is critical waits too" in quiet[1]
    assert "no quiet hours" in line("quiet", "off")[1]
    assert line.json("options", "--no-desktop", "--no-remind")["policy"] == {
        "quiet": None,
        "reminds": False,
        "uses_desktop": False,
    }
    assert "go to: Operations chat" in line("route", "nightly", "--to", "operations chat")[1]
    assert "go to: nowhere" in line("route", "nightly", "--none")[1]
    assert "go to: every channel" in line("route", "nightly", "--all")[1]


def test_heartbeats_are_set_listed_and_removed(line: Line) -> None:
    url = "https://hc-ping.com/s3cret\n"
    assert line("heartbeat", "set", "--every", "10", stdin=url)[0] == 0
    listed = line("heartbeat", "list")[1]
    assert "the agent" in listed
    assert "10 min" in listed
    assert "no answer in time" in listed
    assert "s3cret" not in listed

    assert line("heartbeat", "remove")[0] == 0
    assert "the agent" not in line("heartbeat", "list")[1]


def test_the_outbox_tells_what_waits_and_why(line: Line) -> None:
    shown = line("outbox")[1]

    assert "Mail to the team" in shown
    assert "waiting" in shown
    assert "Connection refused" in shown
