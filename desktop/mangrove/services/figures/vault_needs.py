"""Says what vaults and their keys need from somebody, with the action that mends it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from mangrove.core.command_line import command_line
from mangrove.core.figures.answer import VaultFigures, VaultReaders
from mangrove.core.figures.needs import Need, NeedKind, Remedy, Urgency
from mangrove.core.run import RunState, RunStatus
from mangrove.core.vaults.keys import KitState
from mangrove.core.wording import counted

NOW, SOON = Urgency.NOW, Urgency.SOON
FULL_WITHIN_DAYS = 30


def key_needs(readers: Iterable[VaultReaders], used: frozenset[str]) -> Iterator[Need]:
    """Yield what the keys of vaults with backups in them need."""
    words = {
        KitState.MISSING: (
            NeedKind.KIT_MISSING,
            "Without this computer nobody can open the vault {vault}: it has no recovery kit.",
            Remedy.MAKE_KIT,
        ),
        KitState.OUTDATED: (
            NeedKind.KIT_OUTDATED,
            "The recovery kit of the vault {vault} is older than its keys.",
            Remedy.MAKE_KIT,
        ),
        KitState.UNCONFIRMED: (
            NeedKind.KIT_UNCONFIRMED,
            "Nobody confirmed that the recovery kit of the vault {vault} is stored.",
            Remedy.CONFIRM_KIT,
        ),
    }
    for item in readers:
        if item.vault not in used or item.is_escrowed:
            continue
        kind, sentence, action = words[item.kit]
        verb = ("--confirm", "CODE") if action is Remedy.CONFIRM_KIT else ("--out", "FILE")
        yield Need(
            kind,
            SOON,
            sentence.format(vault=item.vault),
            action,
            item.vault,
            vault=item.vault,
            command=command_line("vault", "kit", item.vault, *verb),
        )


def vault_needs(vaults: Sequence[VaultFigures], now: datetime) -> Iterator[Need]:
    """Yield what the storages need, as far as they were looked at."""
    for item in vaults:
        if not item.is_reachable:
            sentence = f"The vault {item.name} could not be reached at the last attempt."
            yield _to_be_checked(NeedKind.VAULT_UNREACHABLE, NOW, sentence, item.name)
        full_on = item.sizes.full_on
        if full_on is not None and (full_on - now.date()).days <= FULL_WITHIN_DAYS:
            yield Need(
                NeedKind.VAULT_NEARLY_FULL,
                SOON,
                f"The storage of the vault {item.name} will be full on {full_on:%Y-%m-%d} at this"
                " pace.",
                Remedy.OPEN_VAULTS,
                item.name,
                vault=item.name,
                command=command_line("prune", item.name),
            )
        if item.vanished:
            gone = counted(item.vanished, "backup is", "backups are")
            sentence = f"In the vault {item.name} {gone} gone, and nobody here removed them."
            yield _to_be_checked(NeedKind.BACKUP_VANISHED, NOW, sentence, item.name)
        if item.unreadable:
            bad = counted(item.unreadable, "backup")
            sentence = f"In the vault {item.name} {bad} cannot be read."
            yield _to_be_checked(NeedKind.BACKUP_UNREADABLE, SOON, sentence, item.name)
        for mirror in item.late_mirrors:
            yield Need(
                NeedKind.MIRROR_LATE,
                SOON,
                f"The mirror {mirror} of the vault {item.name} lacks backups.",
                Remedy.SYNC_MIRROR,
                item.name,
                vault=item.name,
                command=command_line("vault", "mirror", "sync", item.name),
            )


def _to_be_checked(kind: NeedKind, urgency: Urgency, sentence: str, vault: str) -> Need:
    """Return what a vault needs that should be looked at, and checked."""
    command = command_line("vault", "check", vault)
    return Need(kind, urgency, sentence, Remedy.OPEN_VAULTS, vault, vault=vault, command=command)


def check_needs(checks: Iterable[RunStatus], known: frozenset[str]) -> Iterator[Need]:
    """Yield what the newest check of each vault found."""
    for run in checks:
        harm = run.result.losses if run.result else ()
        if run.vault not in known or not (harm or run.state is RunState.FAILED):
            continue
        why = run.problem.message if run.problem else ""
        found = f"found {counted(len(harm), 'thing')} wrong" if harm else f"failed: {why}"
        yield Need(
            NeedKind.CHECK_FAILED,
            NOW,
            f"The last check of the vault {run.vault} {found}.",
            Remedy.OPEN_VAULTS,
            run.vault,
            vault=run.vault,
            command=command_line("vault", "check", run.vault),
        )
