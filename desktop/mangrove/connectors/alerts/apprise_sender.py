"""Messages to mail, chat and webhooks through apprise, which knows some 180 services."""

import importlib
import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import unquote

from typing_extensions import override

from mangrove.core.alerts.alert import Severity
from mangrove.core.alerts.delivery import Message
from mangrove.core.errors import DeliveryError, InvalidChannelError
from mangrove.core.ports.alert import AlertSender
from mangrove.core.secret import Secret

if TYPE_CHECKING:
    from apprise import AppriseAsset, NotifyBase

SHORTEST = 4  # a shorter part of a URL is no secret, and would blot out ordinary words
_LIBRARY_LOG = "apprise"
_SCHEME = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_PLAIN_WEB = {"http": "json", "https": "jsons"}
_MAIL, _JSON = (
    ("apprise.plugins.email", "NotifyEmail"),
    ("apprise.plugins.custom_json", "NotifyJSON"),
)
_USUAL = {"mailto": _MAIL, "mailtos": _MAIL, "json": _JSON, "jsons": _JSON}
_WITH_SERVER = ("mailto", "mailtos", "json", "jsons", "xml", "xmls", "form", "forms", *_PLAIN_WEB)
"""Where a server's name follows; for chat services that place often holds a token."""

_DETAILS = (
    re.compile(r"\((?P<code>\d{3}), b'(?P<text>[^']+)'\)"),  # an answer of an SMTP server
    re.compile(r"\[Errno -?\d+\] (?P<text>[^'\")]+)"),
    re.compile(r"\[SSL:[^\]]*\] (?P<text>[^'\"(]+)"),
    re.compile(r"(?P<text>[Rr]ead timed out|timed out|[Cc]onnection unexpectedly closed)"),
)
_EXAMPLES = (
    "such as mailtos://user:password@mail.example.org?to=me@example.org, "
    "https://example.org/hook, or an address of a chat service"
)


class AppriseSender(AlertSender):
    """Sends through apprise; what it says in its log becomes the reason of our error.

    Its log is caught here and goes nowhere else: at its finest it holds addresses and tokens.

    Threads: safe for several; they take turns, for the log of one must not get into the other's.
    """

    def __init__(self) -> None:
        self._lock = Lock()

    @override
    def service_of(self, url: Secret) -> str:
        with self._lock, _caught() as lines:
            service = _service(url)
            if service is None:
                raise _unknown(url, lines)
            return str(service.service_name)

    @override
    def send(self, url: Secret, message: Message) -> None:
        with self._lock, _caught() as lines:
            service = _service(url)
            if service is None:
                raise _unknown(url, lines)
            if not _sent(service, message):
                why = _without_secrets(_reason(lines), url)
                raise DeliveryError(
                    f"the message did not arrive: {why}",
                    hint="check the address and the server behind it, then test again",
                )


def _service(url: Secret) -> "NotifyBase | None":
    """Return the service of a URL; a plain web address takes a JSON document."""
    found = _instance(url.reveal())
    match = _SCHEME.match(url.reveal().strip())
    scheme = match["scheme"].lower() if match else ""
    if found is None and match and scheme in _PLAIN_WEB:
        return _instance(f"{_PLAIN_WEB[scheme]}://{url.reveal().strip()[match.end() :]}")
    return found


def _instance(url_text: str) -> "NotifyBase | None":
    # Loaded only when somebody is told something: it takes half a second and 30 MB.
    from apprise import Apprise, AppriseAsset  # noqa: PLC0415

    # It keeps nothing on the disk, and works on our thread: sockets have their own limits.
    asset = AppriseAsset(storage_mode="memory", service_timeout=0)
    asset.app_id, asset.app_desc = "Mangrove", "MongoDB backups you can prove"
    asset.async_mode = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one of its modules is deprecated in Python itself
        try:
            found = _usual(url_text.strip(), asset)
            if found is None:
                found = Apprise.instantiate(url_text.strip(), asset=asset, suppress_exceptions=True)
        except Exception:  # noqa: BLE001 - a plugin's own mistake about an odd URL
            return None
    return found


def _usual(url_text: str, asset: "AppriseAsset") -> "NotifyBase | None":
    """Return the service of a mailbox or webhook, without loading the other 180: that is 20 MB."""
    module, name = _USUAL.get(url_text.partition("://")[0].lower(), ("", ""))
    if not module:
        return None
    kind: type[NotifyBase] = getattr(importlib.import_module(module), name)
    parts = kind.parse_url(url_text)
    return kind(**{**parts, "asset": asset}) if parts else None


def _sent(service: "NotifyBase", message: Message) -> bool:
    from apprise import Apprise, NotifyFormat, NotifyType  # noqa: PLC0415

    kinds = {
        Severity.NOTE: NotifyType.INFO,
        Severity.WARNING: NotifyType.WARNING,
        Severity.CRITICAL: NotifyType.FAILURE,
    }
    kind = NotifyType.SUCCESS if message.is_good_news else kinds[message.severity]
    sender = Apprise(asset=service.asset)
    sender.add(service)
    return bool(
        sender.notify(
            title=message.title,
            body=message.body,
            notify_type=kind,
            body_format=NotifyFormat.TEXT,
        )
    )


class _Lines(logging.Handler):
    """Collects what a library logs."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[tuple[int, str]] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.levelno, record.getMessage()))


@contextmanager
def _caught() -> Iterator[list[tuple[int, str]]]:
    """Take the library's log away from every handler of ours, and collect it."""
    log, handler = logging.getLogger(_LIBRARY_LOG), _Lines()
    before, passes = log.level, log.propagate
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    log.propagate = False
    try:
        yield handler.lines
    finally:
        log.removeHandler(handler)
        log.setLevel(before)
        log.propagate = passes


def _reason(lines: list[tuple[int, str]]) -> str:
    """Return what the library warned of, and the particulars it only noted."""
    warned = [text for level, text in lines if level >= logging.WARNING]
    said = warned[-1].rstrip(".") if warned else "the service did not take it"
    for _, text in reversed(lines):
        for pattern in _DETAILS:
            if (match := pattern.search(text)) and match["text"] not in said:
                return f"{said} ({match['text'].strip()})"
    return said


def _unknown(url: Secret, lines: list[tuple[int, str]]) -> InvalidChannelError:
    warned = [text for level, text in lines if level >= logging.WARNING]
    why = f": {_without_secrets(warned[0], url)}" if len(warned) > 1 else ""
    return InvalidChannelError(
        f"this address leads to no service that takes messages{why}", hint=_EXAMPLES
    )


def _without_secrets(text: str, url: Secret) -> str:
    """Cut every part of the URL out of a text, but for the name of a server."""
    address = url.reveal().strip()
    scheme, _, rest = address.rpartition("://")
    login, at, place = rest.rpartition("@")
    host, *parts = re.split(r"[/?&=#]", place if at else rest)
    server = host.partition(":")[0] if scheme.lower() in _WITH_SERVER else ""
    secrets = [address, host, *re.split(r"[:/]", login), *parts]
    for part in sorted({*secrets, *map(unquote, secrets)}, key=len, reverse=True):
        if len(part) >= SHORTEST and part != server:
            text = text.replace(part, "***")
    return text
