"""Evidence reports: gathered from what is stored, printed, signed, and checked again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from mangrove.core.backup import SAFETY_MARK, BackupId
from mangrove.core.backup_record import BackupRecord
from mangrove.core.command_line import typed
from mangrove.core.errors import (
    BackupNotFoundError,
    ConfigurationError,
    InvalidSelectionError,
    SignatureInvalidError,
)
from mangrove.core.pitr.planning import Timeline, base_of
from mangrove.core.pitr.timeline import timeline_of
from mangrove.core.ports.catalog import SliceCatalog
from mangrove.core.ports.report import ReportPrinter
from mangrove.core.ports.vault import Vault
from mangrove.core.profile import Profile
from mangrove.core.reports.backup import backup_report
from mangrove.core.reports.period import Covered, month_of, period_report
from mangrove.core.reports.report import Report, ReportKind, ReportSigner
from mangrove.core.reports.retention import retention_section
from mangrove.core.reports.shortfalls import Shortfalls
from mangrove.core.retention.marks import Statement
from mangrove.core.vaults.vault import VaultId
from mangrove.core.verification import Evidence
from mangrove.services.backups import Backups, BackupTools
from mangrove.services.kit_files import refuse_existing, write_all
from mangrove.services.noted_shortfalls import NotedShortfalls
from mangrove.services.points import Points

SIGNATURE_SUFFIX = ".minisig"


class ReportForm(StrEnum):
    """What a report is written as."""

    HTML = "html"
    PDF = "pdf"


@dataclass(frozen=True, slots=True)
class SignedReport:
    """A report, and the vault whose key signs it."""

    report: Report
    vault_id: VaultId


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """Where a report was written, and how its signature is checked.

    Attributes:
        files: Each with its signature beside it.
        vault: Whose key signed.
    """

    report: Report
    files: tuple[Path, ...]
    vault: str
    public_key: str

    @property
    def commands(self) -> tuple[str, ...]:
        """What checks each file with the program minisign."""
        return tuple(
            typed("minisign", "-V", "-P", self.public_key, "-m", str(path)) for path in self.files
        )


class EvidenceReports:
    """Reports for one backup, one profile, one month. Calls read the vaults and block."""

    def __init__(
        self,
        tools: BackupTools,
        backups: Backups,
        points: Points,
        slices: SliceCatalog,
        printer: ReportPrinter,
        shortfalls: NotedShortfalls,
    ) -> None:
        self._tools = tools
        self._backups = backups
        self._points = points
        self._slices = slices
        self._printer = printer
        self._shortfalls = shortfalls

    def of_backup(self, backup: str) -> SignedReport:
        """Return the report about one backup.

        Raises:
            BackupNotFoundError, VaultError: If it cannot be read.
        """
        record = self._backups.find(backup)
        vault = self._open(record.vault_id)
        manifest, evidence = vault.manifest(record.backup), vault.evidence(record.backup)
        statements = vault.journal.read().statements
        said = [s.at for s in statements if record.backup in s.backups]
        until = max([manifest.finished_at, *(e.finished_at for e in evidence), *said])
        retention = retention_section(statements, [record.backup], manifest.finished_at, until)
        report = backup_report(manifest, evidence, vault.spec.name, retention, until)
        return SignedReport(report, record.vault_id)

    def of_profile(self, profile: str, as_of: datetime | None = None) -> SignedReport:
        """Return the report about a profile from its first backup on.

        Args:
            profile: Its name; also one that only vaults still know.
            as_of: What came later is left out; now unless given.

        Raises:
            ProfileNotFoundError, BackupNotFoundError, VaultError: If there is nothing to tell of.
        """
        end = self._end(as_of)
        covered = self._covered(profile, None, end)
        report = period_report(
            ReportKind.PROFILE,
            f"Evidence for {covered.name}",
            f"evidence-{self._points.slug_of(profile)}",
            [covered],
        )
        return self._signed(report, covered.records)

    def of_month(
        self, month: str, profile: str = "", as_of: datetime | None = None
    ) -> SignedReport:
        """Return the report about a calendar month, in UTC, of one profile or of all.

        Args:
            month: As ``YYYY-MM``.
            profile: "" for every profile that has backups.
            as_of: What came later is left out; the month's end, or now if that is earlier.

        Raises:
            InvalidSelectionError: If it is no month, or one that has not begun.
            ProfileNotFoundError, BackupNotFoundError, VaultError: As ``of_profile``.
        """
        try:
            start, following = month_of(month)
        except ValueError:
            raise InvalidSelectionError(
                f"'{month}' is no month", hint="write it as 2026-11"
            ) from None
        end = min(following - timedelta(microseconds=1), self._end(as_of))
        if end <= start:
            raise InvalidSelectionError(f"{month} has not begun; there is nothing to report")
        names = [profile] if profile else [n for n in self._profiles() if self._known(n, end)]
        if not names:
            raise BackupNotFoundError(
                f"no backup of any profile was made by the end of {month}; there is nothing to"
                " report, and nothing was written",
                hint="choose a later month; mangrove backups lists what there is",
            )
        covered = [self._covered(name, start, end) for name in names]
        whose = f" for {covered[0].name}" if profile else ""
        stem = f"evidence-{self._points.slug_of(profile)}-" if profile else "evidence-"
        title = f"Evidence of {start:%B %Y}{whose}"
        report = period_report(ReportKind.MONTH, title, f"{stem}{start:%Y-%m}", covered)
        return self._signed(report, [r for one in covered for r in one.records])

    def write(
        self, signed: SignedReport, folder: str, forms: Sequence[ReportForm] = tuple(ReportForm)
    ) -> WrittenReport:
        """Print a report into a folder, each file with its signature; all of them or none.

        Raises:
            NameTakenError, ConfigurationError: If a file is there already, or cannot be written.
            SecretNotFoundError: If the vault's signing key is not in the keyring.
        """
        vault, report = self._open(signed.vault_id), signed.report
        place = Path(folder).expanduser().absolute()
        signer = ReportSigner(vault.spec.name, vault.spec.public_key, self._tools.tool_version)
        contents: dict[Path, bytes] = {}
        for form in forms:
            path = place / f"{report.stem}.{form}"
            show = self._printer.page if form is ReportForm.HTML else self._printer.paper
            contents[path] = show(report, signer, path.name)
            comment = self._comment(report, path.name, signed.vault_id)
            signature = vault.sign(contents[path], comment)
            contents[path.with_name(path.name + SIGNATURE_SUFFIX)] = signature
        for path in contents:
            refuse_existing(path)
        write_all(contents)
        files = tuple(p for p in contents if p.suffix != SIGNATURE_SUFFIX)
        return WrittenReport(report, files, vault.spec.name, vault.spec.public_key)

    def check(self, file: str) -> str:
        """Say who signed a report, once its signature is proven to hold.

        Raises:
            ConfigurationError: If the file or its signature cannot be read.
            SignatureInvalidError: If no vault known here signed exactly this.
        """
        path = Path(file).expanduser()
        try:
            data = path.read_bytes()
            signature = path.with_name(path.name + SIGNATURE_SUFFIX).read_bytes()
        except OSError as error:
            raise ConfigurationError(
                f"'{error.filename}' cannot be read: {error.strerror}",
                hint="the signature lies beside the report, with .minisig at the end of its name",
            ) from error
        for spec in self._tools.vaults.all():
            try:
                comment = self._tools.keeper.open(spec).signed_comment(data, signature)
            except SignatureInvalidError:
                continue
            return f"signed with the key of the vault {spec.name}: {comment}"
        raise SignatureInvalidError(
            f"no vault known here signed '{path.name}' as it is now",
            hint="it was changed, or is of another vault: ask for it anew",
        )

    # --- inside --------------------------------------------------------------------------

    def _end(self, as_of: datetime | None) -> datetime:
        return min(as_of or self._tools.clock.now(), self._tools.clock.now()).replace(microsecond=0)

    def _open(self, vault_id: VaultId) -> Vault:
        return self._tools.keeper.open(self._tools.vaults.by_id(vault_id))

    def _profiles(self) -> list[str]:
        """Return every profile with backups by the name it has now, or had last."""
        known = {p.slug: p.name for p in self._tools.profiles.all() if isinstance(p, Profile)}
        found = {
            r.profile_slug: r.profile_name.removesuffix(SAFETY_MARK)
            for r in reversed(self._tools.catalog.all())
        }
        return sorted((known.get(slug, name) for slug, name in found.items()), key=str.casefold)

    def _known(self, profile: str, end: datetime) -> tuple[BackupRecord, ...]:
        """Return the backups of a profile that were there at a moment."""
        known = self._tools.catalog.of_profile(self._points.slug_of(profile))
        return tuple(r for r in known if r.finished_at <= end)

    def _covered(self, profile: str, start: datetime | None, end: datetime) -> Covered:
        slug, records = self._points.slug_of(profile), self._known(profile, end)
        if not records:
            raise BackupNotFoundError(
                f"there is no backup of {profile} from that time", hint="see: mangrove backups"
            )
        evidence = self._evidence(records)
        since = start or min(r.started_at for r in records)
        return Covered(
            name=profile,
            start=start,
            end=end,
            records=tuple(_as_of(record, end) for record in records),
            evidence=evidence,
            timeline=self._timeline(slug, records, end),
            statements=self._statements(records),
            shortfalls=self._shortfalls_of(profile, since, end),
        )

    def _shortfalls_of(self, name: str, start: datetime, end: datetime) -> Shortfalls:
        """Look a profile up by its name; one that only vaults know has no jobs here."""
        known = (p for p in self._tools.profiles.all() if isinstance(p, Profile))
        found = next((p for p in known if p.name.casefold() == name.casefold()), None)
        own = found.profile_id if found is not None else None
        return self._shortfalls.of(found.name if found is not None else name, own, start, end)

    def _evidence(self, records: Iterable[BackupRecord]) -> dict[BackupId, tuple[Evidence, ...]]:
        opened = {vault_id: self._open(vault_id) for vault_id in {r.vault_id for r in records}}
        return {r.backup: opened[r.vault_id].evidence(r.backup) for r in records if r.evidence}

    def _timeline(self, slug: str, records: Iterable[BackupRecord], end: datetime) -> Timeline:
        slices = [piece for piece in self._slices.slices(slug) if piece.captured_at <= end]
        breaks = [cut for cut in self._slices.breaks(slug) if cut.noted_at <= end]
        return timeline_of(map(base_of, records), slices, breaks, end)

    def _statements(self, records: Iterable[BackupRecord]) -> tuple[Statement, ...]:
        found = (self._open(v).journal.read().statements for v in {r.vault_id for r in records})
        return tuple(statement for statements in found for statement in statements)

    def _signed(self, report: Report, records: Sequence[BackupRecord]) -> SignedReport:
        newest = max(records, key=lambda r: (r.finished_at, r.backup))
        return SignedReport(report, newest.vault_id)

    def _comment(self, report: Report, file_name: str, vault_id: VaultId) -> str:
        at = self._tools.clock.now().replace(tzinfo=None).isoformat(timespec="microseconds")
        return f"mangrove evidence report {file_name} of {report.kind} at {at}Z vault {vault_id}"


def _as_of(record: BackupRecord, end: datetime) -> BackupRecord:
    """Return a backup with the evidence there was at a moment."""
    kept = tuple(e for e in record.evidence if e.finished_at <= end)
    return replace(record, evidence=kept)
