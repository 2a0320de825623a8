"""From an error's code to the window's sentence: what happened, what is safe, what to do next."""

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QCoreApplication

from mangrove.core.errors import MangroveError
from mangrove.core.run import Problem
from mangrove.ui.option_words import in_window
from mangrove.ui.problem_words import BUG, CONTEXT, SENTENCES
from mangrove.ui.translating import QT_TRANSLATE_NOOP


class Remedy(StrEnum):
    """What a button beside a problem can offer."""

    NONE = "none"
    RETRY = "retry"
    TEST_PROFILE = "test-profile"
    EDIT_PROFILE = "edit-profile"
    CHECK_VAULT = "check-vault"
    OPEN_BACKUPS = "open-backups"
    OPEN_ACTIVITY = "open-activity"
    COPY_REPORT = "copy-report"


@dataclass(frozen=True, slots=True)
class Explanation:
    """A problem in the window's words.

    Attributes:
        sentence: What happened, what was not touched, what to do next; translated.
        detail: The particulars of this one case, as the program noted them.
        remedy: What a button may offer; ``remedy_text`` is its caption, "" for none.
        says_it_all: The particulars as the whole message, where they tell by themselves what
            happened, what is safe and what to do; "" where they need the sentence.
    """

    sentence: str
    detail: str
    remedy: Remedy
    says_it_all: str = ""

    @property
    def text(self) -> str:
        """Sentence and particulars, on two lines; nothing that would say a point twice."""
        if self.says_it_all:
            return self.says_it_all
        return f"{self.sentence}\n{self.detail}" if self.detail else self.sentence

    @property
    def remedy_text(self) -> str:
        """The caption of the button that helps."""
        caption = _CAPTIONS[self.remedy]
        return QCoreApplication.translate(CONTEXT, caption) if caption else ""


def explain(error: MangroveError) -> Explanation:
    """Explain an error."""
    return _explained(error.code, error.message, error.hint)


def explain_problem(problem: Problem) -> Explanation:
    """Explain why a run failed."""
    return _explained(problem.code, problem.message, problem.hint)


def known_codes() -> frozenset[str]:
    """Return every code that has words of its own."""
    return frozenset(SENTENCES)


def _explained(code: str, message: str, hint: str) -> Explanation:
    sentence = SENTENCES.get(code, BUG)
    remedy = Remedy.COPY_REPORT if sentence == BUG else _REMEDIES.get(code, Remedy.NONE)
    parts = [_as_sentence(part) for part in (message, hint) if part]
    whole = ""
    if hint and code in _TOLD_BY_DETAIL:
        safe = QCoreApplication.translate(CONTEXT, _TOLD_BY_DETAIL[code])
        whole = " ".join(part for part in (parts[0], safe, *parts[1:]) if part)
    translated = QCoreApplication.translate(CONTEXT, sentence)
    return Explanation(translated, " ".join(parts), remedy, whole)


def _as_sentence(text: str) -> str:
    said = in_window(text)
    start = said[:1].upper() + said[1:]
    return start if start.endswith((".", "?", "!")) else start + "."


_TOLD_BY_DETAIL = {
    "secret-not-found": QT_TRANSLATE_NOOP("Problems", "No data was touched."),
    "identity-missing": "",
}
"""Errors that name the key and where to get it, with what their message leaves unsaid."""

_CAPTIONS = {
    Remedy.NONE: "",
    Remedy.RETRY: QT_TRANSLATE_NOOP("Problems", "Try again"),
    Remedy.TEST_PROFILE: QT_TRANSLATE_NOOP("Problems", "Test connection"),
    Remedy.EDIT_PROFILE: QT_TRANSLATE_NOOP("Problems", "Edit profile"),
    Remedy.CHECK_VAULT: QT_TRANSLATE_NOOP("Problems", "Check vault"),
    Remedy.OPEN_BACKUPS: QT_TRANSLATE_NOOP("Problems", "Open backups"),
    Remedy.OPEN_ACTIVITY: QT_TRANSLATE_NOOP("Problems", "Open activity"),
    Remedy.COPY_REPORT: QT_TRANSLATE_NOOP("Problems", "Copy report"),
}

_REMEDIES = {
    "state-unavailable": Remedy.RETRY,
    "profile-not-found": Remedy.EDIT_PROFILE,
    "secret-not-found": Remedy.EDIT_PROFILE,
    "authentication-failed": Remedy.EDIT_PROFILE,
    "tls": Remedy.EDIT_PROFILE,
    "tunnel": Remedy.EDIT_PROFILE,
    "unknown-host-key": Remedy.TEST_PROFILE,
    "changed-host-key": Remedy.NONE,
    "vault-not-found": Remedy.CHECK_VAULT,
    "backup-not-found": Remedy.CHECK_VAULT,
    "vault": Remedy.CHECK_VAULT,
    "storage-unavailable": Remedy.CHECK_VAULT,
    "storage-full": Remedy.CHECK_VAULT,
    "storage-denied": Remedy.CHECK_VAULT,
    "blob-exists": Remedy.CHECK_VAULT,
    "wrong-identity": Remedy.CHECK_VAULT,
    "identity-missing": Remedy.CHECK_VAULT,
    "run-not-found": Remedy.OPEN_ACTIVITY,
    "embedded-server": Remedy.OPEN_ACTIVITY,
    "write-refused": Remedy.OPEN_ACTIVITY,
    "replay-refused": Remedy.OPEN_ACTIVITY,
    "run": Remedy.OPEN_ACTIVITY,
    "secret": Remedy.RETRY,
    "keyring-locked": Remedy.RETRY,
    "keyring-unavailable": Remedy.RETRY,
    "keyring-lost-secret": Remedy.RETRY,
    "connection-lost": Remedy.RETRY,
    "atlas-unreachable": Remedy.RETRY,
    "atlas-conflict": Remedy.RETRY,
    "atlas-busy": Remedy.RETRY,
    "stalled": Remedy.RETRY,
    "namespace-changed": Remedy.RETRY,
    "snapshot-lost": Remedy.RETRY,
    "vault-locked": Remedy.RETRY,
    "run-interrupted": Remedy.RETRY,
    "run-hung": Remedy.RETRY,
    "connect": Remedy.TEST_PROFILE,
    "server-unreachable": Remedy.TEST_PROFILE,
    "source": Remedy.TEST_PROFILE,
    "missing-privilege": Remedy.TEST_PROFILE,
    "blob-not-found": Remedy.OPEN_BACKUPS,
    "corrupt-backup": Remedy.OPEN_BACKUPS,
    "manifest-corrupt": Remedy.OPEN_BACKUPS,
    "signature-invalid": Remedy.OPEN_BACKUPS,
    "header-malformed": Remedy.OPEN_BACKUPS,
    "chunk-forged": Remedy.OPEN_BACKUPS,
    "backup-truncated": Remedy.OPEN_BACKUPS,
    "blob-mismatch": Remedy.OPEN_BACKUPS,
    "malformed-bson": Remedy.OPEN_BACKUPS,
    "malformed-metadata": Remedy.OPEN_BACKUPS,
    "content-mismatch": Remedy.OPEN_BACKUPS,
}
