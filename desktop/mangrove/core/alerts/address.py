"""Addresses of channels and heartbeats: what a person types, as the URL that is kept."""

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, urlencode, urlsplit

from mangrove.core.errors import InvalidChannelError
from mangrove.core.secret import Secret

_MAIL = re.compile(r"[^@\s]+@[^@\s]+")
_PORTS = 65536


class MailSecurity(StrEnum):
    """How the connection to a mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"

    @property
    def usual_port(self) -> int:
        """Where servers usually take it. Source: RFC 8314, section 3.3; RFC 6409, section 3.1."""
        return 465 if self is MailSecurity.TLS else 587


@dataclass(frozen=True, slots=True)
class MailAccount:
    """A mailbox that messages go to, and the server that takes them.

    Attributes:
        to: One or more, with commas between.
        sender: "" for the first recipient.
        port: 0 for the usual one.
        user: "" for a server that asks for none.
    """

    to: str
    server: str
    sender: str = ""
    port: int = 0
    security: MailSecurity = MailSecurity.STARTTLS
    user: str = ""
    password: Secret | None = None


def mail_url(account: MailAccount) -> Secret:
    """Return the URL of a mailbox; it holds the password.

    Raises:
        InvalidChannelError: If an address is none, or the server is missing.
    """
    to = [part.strip() for part in account.to.split(",") if part.strip()]
    sender = account.sender.strip() or (to[0] if to else "")
    for address in (*to, sender):
        if not _MAIL.fullmatch(address):
            raise InvalidChannelError(f"'{address}' is no mail address; nothing was saved")
    server = account.server.strip()
    if not to or not server or re.search(r"[\s/@?#]", server):
        missing = "a recipient" if not to else "the name of the mail server"
        raise InvalidChannelError(f"{missing} is missing; nothing was saved")
    port = account.port or account.security.usual_port
    if not 0 < port < _PORTS:
        raise InvalidChannelError(f"{port} is no port; nothing was saved")
    password = account.password.reveal() if account.password else ""
    if not (password + account.user).isascii():
        # Python's smtplib writes them in ASCII when it signs in.
        raise InvalidChannelError(
            "the user name or password has a letter that mail servers are not sent here;"
            " nothing was saved",
            hint="use an app password, which most mail services give out",
        )
    login = f"{quote(account.user, safe='')}:{quote(password, safe='')}@" if account.user else ""
    modes = {MailSecurity.NONE: "insecure", MailSecurity.TLS: "ssl"}
    options = urlencode(
        {
            "smtp": server,
            "from": sender,
            "to": ",".join(to),
            "mode": modes.get(account.security, "starttls"),
        }
    )
    scheme = "mailto" if account.security is MailSecurity.NONE else "mailtos"
    return Secret(f"{scheme}://{login}{server}:{port}?{options}")


def check_web_address(url: Secret) -> None:
    """Refuse what is no web address.

    Raises:
        InvalidChannelError: The address is not repeated.
    """
    try:
        parts = urlsplit(url.reveal().strip())
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_web = False
    if not is_web:
        raise InvalidChannelError(
            "this is no web address; nothing was saved", hint="such as https://hc-ping.com/your-id"
        )
