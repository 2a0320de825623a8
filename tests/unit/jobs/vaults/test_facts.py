"""What decides about a vault's backups, gathered from a real vault in memory."""

from dataclasses import replace
from datetime import timedelta

from fakes.memory_state import MemoryCatalog
from fakes.vaults import (
    ORDERS,
    SLUG,
    STARTED_AT,
    USERS,
    TestVault,
    entry,
    evidence_for,
    manifest_for,
    new_id,
    new_vault,
    put,
)
from mangrove.core.backup import BackupId, Selection
from mangrove.core.blobs import BlobRole
from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.pitr.slices import OplogSlice
from mangrove.jobs.vaults.facts import gather


class Listed(MemoryCatalog):
    """A catalog that knows of no slices."""

    def slices(self, _slug: str) -> tuple[OplogSlice, ...]:
        return ()


def store(vault: TestVault, selection: Selection, days: int, *held: Namespace) -> BackupId:
    """Store a backup with these collections, taken so many days after the first."""
    name, at = new_id(hour=days % 24), STARTED_AT + timedelta(days=days)
    with vault.open().begin(SLUG, name) as draft:
        described = []
        for namespace in held:
            metadata = put(draft, namespace, [b'{"indexes":[]}'], BlobRole.METADATA)
            described.append(entry(metadata, (put(draft, namespace, [b"x"]),), namespace))
        manifest = manifest_for(
            name, draft.sequence, tuple(described), vault_id=vault.spec.vault_id
        )
        draft.publish(
            replace(
                manifest,
                selection=selection,
                started_at=at,
                finished_at=at,
                consistent_at=OplogTimestamp(int(at.timestamp()), 1),
            )
        )
    return name


def test_what_a_part_and_a_backup_of_everything_hold_is_read_from_their_manifests() -> None:
    vault = new_vault()
    part = store(vault, Selection(collections=(USERS,)), 0, USERS)
    dropped = store(vault, Selection(collections=(ORDERS,)), 1, ORDERS)
    whole = store(vault, Selection(), 40, USERS)
    vault.open().keep_evidence(evidence_for(whole))

    facts = gather(vault.open(), Listed(), {}, STARTED_AT + timedelta(days=90))

    found = {e.backup: e.surpassed_by for e in facts.entries}
    assert found == {part: whole, dropped: None, whole: None}
