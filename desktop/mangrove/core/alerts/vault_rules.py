"""The rule about room that runs out in a vault's storage."""

from datetime import datetime, timedelta

from mangrove.core.alerts.alert import Action, AlertKind, Severity, Trouble, key_of
from mangrove.core.alerts.facts import WatchedVault
from mangrove.core.explain import duration_text, size_text

NEARLY_FULL = timedelta(days=14)
BACKUPS_LEFT = 3
"""Room for fewer backups than that, each as large as the largest, is little."""


def room_trouble(vault: WatchedVault, now: datetime) -> Trouble | None:
    """Say that a vault's storage is about to be full, or that the next backup does not fit."""
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
