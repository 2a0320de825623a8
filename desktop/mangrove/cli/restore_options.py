"""What restore and copy are asked in the same words: their options, and the request they make."""

from dataclasses import dataclass, replace
from typing import Annotated, TypeAlias

import typer

from mangrove.cli.output import WIDE_HELP
from mangrove.core.backup import IndexChoice, OnExisting, OnRefusal, RestoreRequest, SafetyBackup
from mangrove.core.errors import InvalidSelectionError
from mangrove.core.rate import parse_rate
from mangrove.core.restores.renaming import parse_rename

Texts: TypeAlias = list[str] | None
Globs = Annotated[Texts, typer.Option(metavar="GLOB", help="On database.collection.")]
Renames = Annotated[
    Texts,
    typer.Option(
        metavar="FROM=TO",
        help="Databases, collections, or patterns: 'prod.*=dev.*'; the last that fits wins.",
    ),
]
Replaced = Annotated[
    Texts, typer.Option(metavar="DB", help="Existing collections in it may be replaced.")
]
Drop = Annotated[
    bool,
    typer.Option(
        "--drop",
        help="Into the same names, each existing collection replaced; --yes-replace still needed.",
    ),
]
OnlyMissing = Annotated[
    bool, typer.Option("--only-missing", help="Insert what is absent, change nothing that exists.")
]
NoIndexes = Annotated[bool, typer.Option("--no-indexes", help="Build no secondary indexes.")]
Indexes = Annotated[IndexChoice, typer.Option(help="When secondary indexes are built.")]
PrintIndexes = Annotated[
    bool,
    typer.Option("--print-indexes", help="Build none; print what mongosh takes."),
]
StopOnError = Annotated[
    bool, typer.Option("--stop-on-error", help="End at the first refused document or index.")
]
NoSafetyBackup = Annotated[
    bool, typer.Option("--no-safety-backup", help="Do not back up what is replaced.")
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Say what would happen and what it needs; 5 if refused, 7 if not allowed.",
    ),
]
Wide = Annotated[bool, typer.Option("--wide", help=f"With --dry-run: {WIDE_HELP.lower()}")]
LimitRate = Annotated[
    str | None,
    typer.Option(metavar="RATE", help="At most so much per second, such as 10MB/s."),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """The options as they were typed."""

    rename: Texts
    yes_replace: Texts
    drop: bool
    only_missing: bool
    no_indexes: bool
    indexes: IndexChoice
    print_indexes: bool
    stop_on_error: bool
    no_safety_backup: bool
    limit_rate: str | None

    def applied(self, request: RestoreRequest) -> RestoreRequest:
        """Return a request with these choices.

        Raises:
            InvalidSelectionError: If two of them contradict each other.
        """
        never = self.no_indexes or self.print_indexes
        return replace(
            request,
            renames=tuple(map(parse_rename, self.rename or ())),
            replace=tuple(self.yes_replace or ()),
            indexes=IndexChoice.NEVER if never else self.indexes,
            safety=SafetyBackup.SKIP if self.no_safety_backup else SafetyBackup.TAKE,
            on_refusal=OnRefusal.STOP if self.stop_on_error else OnRefusal.GO_ON,
            on_existing=self._on_existing(),
            limit_bytes_per_s=parse_rate(self.limit_rate) if self.limit_rate else None,
        )

    def _on_existing(self) -> OnExisting:
        if self.drop and self.only_missing:
            raise InvalidSelectionError(
                "--drop replaces existing collections and --only-missing keeps them; "
                "nothing was changed",
                hint="leave out one of the two",
            )
        if self.drop:
            return OnExisting.DROP
        return OnExisting.ONLY_MISSING if self.only_missing else OnExisting.REPLACE
