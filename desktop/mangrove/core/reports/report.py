"""An evidence report: what is printed, before anybody decides how it looks."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ReportKind(StrEnum):
    """What a report is about."""

    BACKUP = "backup"
    PROFILE = "profile"
    MONTH = "month"


class RowTone(StrEnum):
    """How a row is marked, by a sign and a colour; its words say the same."""

    PLAIN = ""
    GOOD = "good"
    OPEN = "open"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table."""

    cells: tuple[str, ...]
    tone: RowTone = RowTone.PLAIN


@dataclass(frozen=True, slots=True)
class ReportTable:
    """Rows under headings.

    Attributes:
        empty: What is said when there are none.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    empty: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with sentences, names with values, and a table; each may be missing."""

    heading: str
    words: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    table: ReportTable | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a report says. The same evidence and history always give the same one.

    Attributes:
        subtitle: What it covers, in a sentence.
        as_of: Nothing that came later is in it.
        stem: A name for its files.
    """

    kind: ReportKind
    title: str
    subtitle: str
    as_of: datetime
    sections: tuple[Section, ...]
    stem: str


@dataclass(frozen=True, slots=True)
class ReportSigner:
    """Whose key signs a report, for the words on how to check it.

    Attributes:
        public_key: The vault's minisign public key.
    """

    vault: str
    public_key: str
    tool_version: str


def how_to_check(signer: ReportSigner, file_name: str) -> tuple[str, str, str]:
    """Say how a reader finds out that nobody changed a report: the second is what to type."""
    signed = (
        f"This file was signed with the key of the vault {signer.vault}. The signature lies beside "
        f"it, in {file_name}.minisig. With the program minisign anybody can check both:"
    )
    command = f"minisign -V -P {signer.public_key} -m {file_name}"
    trust = (
        "The program must say that the signature was verified. Take the key from the recovery "
        "kit's sheet or from the vault, not from this page: whoever changes a page can change "
        "that, too."
    )
    return signed, command, trust


def moment_words(moment: datetime | None) -> str:
    """Write a moment in UTC; nothing for none."""
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment is not None else ""
