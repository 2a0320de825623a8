"""The rules about vaults: room that runs out, and keys that only this workstation has."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from mangrove.core.alert import Action, AlertKind, Severity, Trouble, key_of
from mangrove.core.alert_facts import WatchedVault
from mangrove.core.explain import duration_text, size_text
from mangrove.core.vault_keys import KitState

NEARLY_FULL = timedelta(days=14)
BACKUPS_LEFT = 3
"""Room for fewer backups than that, each as large as the largest, is little."""

_KIT = {
    KitState.MISSING: "no recovery kit was made for the vault {name}",
    KitState.UNCONFIRMED: "nobody confirmed that the recovery kit of the vault {name} is stored",
    KitState.OUTDATED: "the recovery kit of the vault {name} lacks keys that it has by now",
}


def vault_troubles(vault: WatchedVault, now: datetime) -> Iterator[Trouble]:
    """Yield what is wrong with one vault."""
    for found in (_room(vault, now), _kit(vault)):
        if found is not None:
            yield found


def _room(vault: WatchedVault, now: datetime) -> Trouble | None:
    free, largest = vault.free_bytes, vault.largest_bytes
    if free is None or not vault.backups:
        return None
    is_full = free < largest
    lasts = vault.full_at - now if vault.full_at is not None else None
    is_soon = lasts is not None and lasts < NEARLY_FULL
    if not (is_full or is_soon or free < BACKUPS_LEFT * largest):
        return None
    what = f"the storage of the vault {vault.name} has {size_text(free)} left"
    if is_full:
        why = f"less than its largest recent backup takes ({size_text(largest)})"
    elif lasts is not None and is_soon:
        why = f"at its present pace that lasts {duration_text(max(lasts, timedelta()))}"
    else:
        why = f"room for fewer than {BACKUPS_LEFT} backups like its largest ({size_text(largest)})"
    return Trouble(
        key=key_of(AlertKind.VAULT_FULL, vault.name),
        kind=AlertKind.VAULT_FULL,
        severity=Severity.CRITICAL if is_full else Severity.WARNING,
        title=f"{vault.name}: nearly full",
        sentence=f"{what}: {why}",
        hint="make room there, or keep fewer backups by its retention policy",
        action=Action.OPEN_VAULT,
        subject=vault.name,
    )


def _kit(vault: WatchedVault) -> Trouble | None:
    if not vault.is_encrypted or not vault.backups or vault.kit.is_safe:
        return None
    sentence = _KIT[vault.kit].format(name=vault.name)
    return Trouble(
        key=key_of(AlertKind.KIT, vault.name),
        kind=AlertKind.KIT,
        severity=Severity.WARNING,
        title=f"{vault.name}: key only here",
        sentence=f"{sentence}: without this workstation nothing could open its backups",
        hint="make a recovery kit, keep it somewhere else, and type its code back",
        action=Action.MAKE_KIT,
        subject=vault.name,
    )
