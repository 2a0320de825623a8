"""What becomes of many backups, over all their vaults."""

from collections.abc import Sequence
from contextlib import suppress

from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupRecord
from mangrove.core.errors import MangroveError
from mangrove.services.retention import Fate, Retention
from mangrove.services.vaults import Vaults


def fates_of(
    retention: Retention, vaults: Vaults, records: Sequence[BackupRecord]
) -> dict[BackupId, Fate]:
    """Return what becomes of each backup; of a vault that does not answer nothing is known."""
    found: dict[BackupId, Fate] = {}
    for vault_id in dict.fromkeys(record.vault_id for record in records):
        with suppress(MangroveError):
            view = retention.preview(vaults.by_id(vault_id).name)
            found.update((fate.record.backup, fate) for fate in view.fates)
    return found
