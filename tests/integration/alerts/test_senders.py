"""Messages to a real mail server and a real web server, and what is said if they fail."""

import importlib
import logging

import pytest

from guards import LogGuard
from mangrove.connectors.alerts.apprise_sender import AppriseSender
from mangrove.connectors.alerts.heartbeat import HttpPinger
from mangrove.core.alerts.address import MailAccount, MailSecurity, mail_url
from mangrove.core.alerts.alert import Severity
from mangrove.core.alerts.delivery import Message, Signal
from mangrove.core.errors import DeliveryError, InvalidChannelError
from mangrove.core.secret import Secret
from servers.mail import USER, MailServer
from servers.process import HOST
from servers.receiver import Receiver

MESSAGE = Message(
    "Mangrove: nightly: failed", "Line one.\n<b>Line</b> two.\n\nLine four.", Severity.CRITICAL
)


def test_a_mail_arrives_with_its_lines(mail_server: MailServer) -> None:
    sender, url = AppriseSender(), Secret(mail_server.url())

    assert sender.service_of(url) == "E-Mail"
    sender.send(url, MESSAGE)

    (mail,) = mail_server.mails
    assert mail["Subject"] == MESSAGE.title
    assert mail["To"] == "ann@example.org"
    assert mail.get_content().strip().splitlines() == MESSAGE.body.splitlines()


def test_a_mail_account_becomes_an_address_that_works(mail_server: MailServer) -> None:
    mail_server.password += " p@ss/word?&#:%+ "
    account = MailAccount(
        to="ann@example.org, bob@example.org",
        server=HOST,
        sender="backups@example.org",
        port=mail_server.port,
        security=MailSecurity.NONE,
        user=USER,
        password=Secret(mail_server.password),
    )

    AppriseSender().send(mail_url(account), MESSAGE)

    assert len(mail_server.wait(1)) >= 1
    assert "backups@example.org" in str(mail_server.mails[0]["From"])
    assert {str(mail["To"]) for mail in mail_server.mails} >= {"ann@example.org"}


@pytest.mark.parametrize("is_shut", [False, True], ids=["wrong password", "nobody there"])
def test_a_mail_that_does_not_arrive_says_why_and_tells_no_secret(
    mail_server: MailServer, is_shut: bool, log_guard: LogGuard
) -> None:
    del log_guard  # which fails this test if the library's log gets through
    url = mail_server.url("wr0ng-but-secret")
    if is_shut:
        url = url.replace(f":{mail_server.port}", ":9")

    with pytest.raises(DeliveryError) as caught:
        AppriseSender().send(Secret(url), MESSAGE)

    words = str(caught.value)
    assert ("Authentication" if not is_shut else "refused") in words
    assert "wr0ng" not in words


def test_a_plain_web_address_takes_a_document(receiver: Receiver) -> None:
    sender, url = AppriseSender(), Secret(receiver.url())

    assert sender.service_of(url) == "JSON"
    sender.send(url, MESSAGE)

    (call,) = receiver.calls
    assert call.path == "/hook/8c7d-secret-token"
    assert call.document["title"] == MESSAGE.title
    assert call.document["message"] == MESSAGE.body
    assert call.document["type"] == "failure"


def test_a_web_server_that_refuses_is_named_without_the_secret_path(receiver: Receiver) -> None:
    receiver.status = 500

    with pytest.raises(DeliveryError, match="500") as caught:
        AppriseSender().send(Secret(receiver.url()), MESSAGE)

    assert "8c7d" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["", "nonsense", "nonsense://tok3n-secret", "slack://tok3n-secret", "mailto://"]
)
def test_what_leads_nowhere_is_refused_without_being_repeated(url: str) -> None:
    sender = AppriseSender()

    with pytest.raises(InvalidChannelError, match="leads to no service") as caught:
        sender.service_of(Secret(url))
    with pytest.raises(InvalidChannelError):
        sender.send(Secret(url), MESSAGE)

    assert "tok3n" not in str(caught.value)


def test_chat_addresses_are_recognised_as_their_services_write_them() -> None:
    slack = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    discord = "https://discord.com/api/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"

    found = [AppriseSender().service_of(Secret(url)) for url in (slack, discord)]

    assert found == ["Slack", "Discord"]


def test_the_library_leaves_no_handler_behind(receiver: Receiver) -> None:
    importlib.import_module("apprise")  # what it adds when it is loaded is its own
    log = logging.getLogger("apprise")
    before = (list(log.handlers), log.level, log.propagate)

    AppriseSender().send(Secret(receiver.url()), MESSAGE)

    assert (list(log.handlers), log.level, log.propagate) == before


# --- heartbeats --------------------------------------------------------------------------


def test_signs_of_life_go_where_watches_expect_them(receiver: Receiver) -> None:
    pinger, url = HttpPinger(), Secret(receiver.url("/ping/uuid?a=1"))

    pinger.ping(url, Signal.START, "it begins", "run-1")
    pinger.ping(url, Signal.SUCCESS, "it is done", "run-1")
    pinger.ping(url, Signal.FAIL, "it failed")

    assert [call.path for call in receiver.calls] == [
        "/ping/uuid/start?a=1&rid=run-1",
        "/ping/uuid?a=1&rid=run-1",
        "/ping/uuid/fail?a=1",
    ]
    assert [call.body for call in receiver.calls] == ["it begins", "it is done", "it failed"]


def test_a_watch_that_does_not_answer_is_named_without_its_address(receiver: Receiver) -> None:
    receiver.status = 404
    gone = Secret(f"http://{HOST}:9/ping/s3cret-uuid")

    with pytest.raises(DeliveryError, match="404") as refused:
        HttpPinger().ping(Secret(receiver.url("/ping/s3cret-uuid")), Signal.SUCCESS, "")
    with pytest.raises(DeliveryError, match="was not reached") as unreached:
        HttpPinger().ping(gone, Signal.SUCCESS, "")

    for caught in (refused, unreached):
        assert "s3cret" not in str(caught.value)
        assert caught.value.__cause__ is None
