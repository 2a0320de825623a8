"""The second net under every log record: known secrets and URI user information are cut out."""

import logging
from threading import Lock
from traceback import format_exception
from urllib.parse import quote, quote_plus

from typing_extensions import override

from mangrove.core.ports.secrets import SecretStore
from mangrove.core.secret import Secret, SecretRef
from mangrove.core.uri import redact

SHORTEST = 4  # a shorter secret would blot out ordinary words
_BLOT = "***"


class Redaction:
    """Cleans texts of what must not be seen.

    Threads: safe for several.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: frozenset[str] = frozenset()

    def learn(self, secret: Secret) -> None:
        """Remember a secret as it is, as it stands in a URI, and as ``repr`` shows it."""
        text = secret.reveal()
        if len(text) < SHORTEST:
            return
        forms = {text, quote(text, safe=""), quote_plus(text), repr(text)[1:-1]}
        with self._lock:
            self._known |= forms

    def clean(self, text: str) -> str:
        """Return the text without known secrets and URI user information."""
        for form in sorted(self._known, key=len, reverse=True):
            text = text.replace(form, _BLOT)
        return redact(text)


class RedactionFilter(logging.Filter):
    """Cleans message, traceback and stack of each record of a handler; drops none."""

    def __init__(self, redaction: Redaction) -> None:
        super().__init__()
        self._redaction = redaction

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self._redaction.clean(record.getMessage()), None
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = "".join(format_exception(*record.exc_info)).rstrip()
        if record.exc_text:
            record.exc_text = self._redaction.clean(record.exc_text)
        if record.stack_info:
            record.stack_info = self._redaction.clean(record.stack_info)
        return True


class WatchedSecrets(SecretStore):
    """A secret store whose every secret the redaction learns as it passes."""

    def __init__(self, store: SecretStore, redaction: Redaction) -> None:
        self._store = store
        self._redaction = redaction

    @override
    def fetch(self, ref: SecretRef) -> Secret:
        secret = self._store.fetch(ref)
        self._redaction.learn(secret)
        return secret

    @override
    def store(self, ref: SecretRef, secret: Secret) -> None:
        self._redaction.learn(secret)
        self._store.store(ref, secret)

    @override
    def forget(self, ref: SecretRef) -> None:
        self._store.forget(ref)

    @override
    def describe(self) -> str:
        return self._store.describe()

    @override
    def is_lasting(self) -> bool:
        return self._store.is_lasting()
