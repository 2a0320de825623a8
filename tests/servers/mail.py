"""A real SMTP server that asks for a password, and keeps what it was given."""

import logging
import secrets
import socket
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from servers.process import HOST

USER = "ann"
TAKEN = "250 taken"
READY_S = 60.0


@dataclass(slots=True)
class MailServer:
    """What the server takes, and how it answers.

    Attributes:
        password: Of the user ``ann``.
        answer: What it says to each message; one that begins with 4 or 5 refuses it.
        is_up: While False, connections are closed without a word.
        mails: What it took, oldest first.
    """

    password: str
    port: int = 0
    answer: str = TAKEN
    is_up: bool = True
    mails: list[EmailMessage] = field(default_factory=list)
    _arrived: threading.Condition = field(default_factory=threading.Condition)

    async def handle_EHLO(  # noqa: N802 - the name that the library looks for
        self,
        server: SMTP,
        session: Session,
        _envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        session.host_name = hostname
        if not self.is_up:
            server.transport.close()
        return responses

    async def handle_DATA(  # noqa: N802 - the name that the library looks for
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if self.answer == TAKEN:
            content = envelope.content
            assert isinstance(content, bytes)
            mail = message_from_bytes(content, policy=default)
            assert isinstance(mail, EmailMessage)
            with self._arrived:
                self.mails.append(mail)
                self._arrived.notify_all()
        return self.answer

    def check(self, *_: object) -> AuthResult:
        """Judge a login; the library gives server, session, envelope, mechanism and login."""
        login = _[-1]
        is_right = isinstance(login, LoginPassword) and (
            login.login == USER.encode() and login.password == self.password.encode()
        )
        return AuthResult(success=is_right, handled=False)

    def wait(self, number: int, timeout_s: float = 20.0) -> list[EmailMessage]:
        """Return the mails once there are so many."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.mails) >= number, timeout_s)
        return self.mails

    def url(self, password: str | None = None) -> str:
        """Return the address of a mailbox on it, as apprise writes it."""
        login = f"{USER}:{password or self.password}"
        options = f"smtp={HOST}&from=mangrove@example.org&to=ann@example.org&mode=insecure"
        return f"mailto://{login}@{HOST}:{self.port}?{options}"

    @property
    def subjects(self) -> list[str]:
        """The subjects of what it took."""
        return [str(mail["Subject"]) for mail in self.mails]


@contextmanager
def mail_server_with(password: str) -> Iterator[MailServer]:
    """Start one on a free port."""
    server = MailServer(password)
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        server.port = probe.getsockname()[1]
    log = logging.getLogger("mail.log")
    level = log.level
    log.setLevel(logging.CRITICAL)  # it warns of logins without TLS, which we want here
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        controller = Controller(
            server,
            hostname=HOST,
            port=server.port,
            authenticator=server.check,
            auth_required=True,
            auth_require_tls=False,
            ready_timeout=READY_S,
        )
        controller.start()
        try:
            yield server
        finally:
            controller.stop()
            log.setLevel(level)


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    """A mail server of its own for a test."""
    with mail_server_with(secrets.token_hex(12)) as server:
        yield server
