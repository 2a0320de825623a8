"""Gathers what decides about a vault's backups: the preview and the deletion both start here."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupRecord, SeenBackup
from mangrove.core.errors import InvalidPolicyError, MangroveError, RetentionError
from mangrove.core.pitr.slices import OplogSlice
from mangrove.core.ports.catalog import Catalog, WholeCatalog
from mangrove.core.ports.vault import Vault
from mangrove.core.retention.chains import Chain
from mangrove.core.retention.facts import chains_of, entries_of
from mangrove.core.retention.marks import Journal, Marks
from mangrove.core.retention.parts import Inside
from mangrove.core.retention.policy import RetentionPolicy, former_policies
from mangrove.core.retention.rule import Entry, Judgement, Policies, judge
from mangrove.core.run import RunStatus
from mangrove.core.vaults.vault import VaultSpec
from mangrove.core.wording import counted, is_or_are

Pass = Callable[[SeenBackup], None]


@dataclass(frozen=True, slots=True)
class VaultFacts:
    """Everything the rule takes, of one vault at one moment."""

    now: datetime
    seen: tuple[SeenBackup, ...]
    journal: Journal
    marks: Mapping[BackupId, Marks]
    entries: tuple[Entry, ...]
    chains: tuple[Chain, ...]
    slices: tuple[OplogSlice, ...] = ()

    @property
    def policy(self) -> RetentionPolicy:
        """The policy that is in force; one that keeps everything when none was ever set."""
        held = self.journal.policies()
        return held[-1].policy if held else RetentionPolicy()

    @property
    def policies(self) -> Policies:
        """The policy in force, and those before it that still count."""
        return Policies(self.policy, former_policies(self.journal.policies(), self.now))

    def judged(self, policies: Policies | None = None) -> Judgement:
        """Decide by the vault's own policies, or by others to see what they would do."""
        return judge(self.entries, policies or self.policies, self.chains, self.now, zone_named)

    def without(self, backup: BackupId) -> "VaultFacts":
        """Return the same as if somebody had deleted this backup."""
        changed = (replace(e, is_deleted=True) if e.backup == backup else e for e in self.entries)
        return replace(self, entries=tuple(changed))

    def require_readable(self) -> None:
        """Refuse to go by a journal that may have lost a pin.

        Raises:
            RetentionError: If a statement cannot be believed.
        """
        number = len(self.journal.damaged)
        if number:
            raise RetentionError(
                f"{counted(number, 'statement')} about what stays {is_or_are(number)} damaged, and"
                " one may have been a pin; nothing was deleted",
                hint="look at what is damaged with: mangrove vault check; it can remove that",
            )


def gather(
    vault: Vault,
    catalog: WholeCatalog,
    busy: Mapping[BackupId, str],
    now: datetime,
    each: Pass = lambda _: None,
) -> VaultFacts:
    """List a vault, read what has changed, and bring the catalog up to date with it.

    Args:
        vault: The vault.
        catalog: What is known of its backups; corrected by what is found.
        busy: Backups that a run uses right now, and which.
        now: The moment.
        each: Told of every backup; may raise to end it.
    """
    spec = vault.spec
    seen = refresh_catalog(vault, catalog, each)
    journal = vault.journal.read()
    marks = journal.marks()
    records = [item.record for item in seen]
    slices = tuple(vault.slices().survey(_known_slices(catalog, spec, records)))
    return VaultFacts(
        now=now,
        seen=tuple(seen),
        journal=journal,
        marks=marks,
        entries=tuple(entries_of(seen, marks, busy, _inside(vault))),
        chains=chains_of(records, slices, tuple(vault.slices().breaks())),
        slices=slices,
    )


def _inside(vault: Vault) -> Inside:
    """Return what tells of a backup which collections, users and roles it holds.

    A manifest that cannot be read here, for want of a key too, tells nothing.
    """

    @cache
    def names(backup: BackupId) -> frozenset[str] | None:
        try:
            manifest = vault.manifest(backup)
        except MangroveError:
            return None
        accounts = ("users and roles",) if manifest.users_and_roles else ()
        return frozenset((*(str(e.namespace) for e in manifest.namespaces), *accounts))

    return names


def refresh_catalog(
    vault: Vault, catalog: Catalog, each: Pass = lambda _: None
) -> list[SeenBackup]:
    """List a vault, read what has changed, and correct the catalog; returns what is there."""
    spec = vault.spec
    known = catalog.of_vault(spec.vault_id)
    seen = []
    for item in vault.survey(known):
        each(item)
        seen.append(item)
        if not item.is_known:
            catalog.put(item.record)
    there = {item.record.backup for item in seen}
    for record in known:
        if record.backup not in there:
            catalog.remove(spec.vault_id, record.backup)
    return seen


def _known_slices(
    catalog: WholeCatalog, spec: VaultSpec, records: Iterable[BackupRecord]
) -> Iterable[OplogSlice]:
    profiles = {record.profile_slug for record in records}
    found = (piece for profile in profiles for piece in catalog.slices(profile))
    return (piece for piece in found if piece.vault_id == spec.vault_id)


def busy_backups(runs: Iterable[RunStatus]) -> dict[BackupId, str]:
    """Return the backups that runs of this workstation work with, and what those do."""
    live = (run for run in runs if not run.state.is_over)
    return {run.backup: run.title for run in live if run.backup is not None}


def zone_named(name: str) -> tzinfo:
    """Return a time zone by its IANA name.

    Raises:
        InvalidPolicyError: If this machine knows none of that name.
    """
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidPolicyError(
            f"'{name}' is no time zone this machine knows; nothing was changed",
            hint="write it as in Europe/Berlin, or UTC",
        ) from None
