"""Looks at a vault as a whole: whether it answers, what it holds, and what is missing."""

import logging
from collections.abc import Callable

from mangrove.core.backup import BackupId
from mangrove.core.errors import MangroveError
from mangrove.core.ports.storage import Storage
from mangrove.core.retention.marks import StatementKind
from mangrove.core.vaults.vault import VaultHealth, VaultSpec
from mangrove.vault.descriptor import descriptor_problem
from mangrove.vault.inventory import take_inventory
from mangrove.vault.keeping import keeping_of
from mangrove.vault.recollection import Recollection
from mangrove.vault.sealing import Sealer
from mangrove.vault.statements import StatementShelf

log = logging.getLogger(__name__)


def look_at(
    open_storage: Callable[[], Storage], spec: VaultSpec, sealer: Sealer, recollection: Recollection
) -> VaultHealth:
    """Look at storage, keys and debris of a vault; a storage that cannot be opened is told too."""
    has_identity, has_key = sealer.has_identity, sealer.has_signing_key
    try:
        storage = open_storage()
        inventory = take_inventory(storage)
        free_bytes = storage.free_bytes()
        keeping = keeping_of(storage)
    except MangroveError as error:
        return VaultHealth(
            reachable=False,
            problem=error.message,
            backups=0,
            stored_bytes=0,
            free_bytes=None,
            has_identity=has_identity,
            has_signing_key=has_key,
            debris=(),
        )
    present = {shelf.backup for shelf in inventory.signed}
    _let_go_of_deleted(present, StatementShelf(storage, sealer, spec), recollection)
    return VaultHealth(
        reachable=True,
        problem=descriptor_problem(storage, spec),
        backups=len(inventory.signed),
        stored_bytes=sum(shelf.size_bytes for shelf in inventory.signed)
        + sum(shelf.signed_bytes for shelf in inventory.oplog),
        free_bytes=free_bytes,
        has_identity=has_identity,
        has_signing_key=has_key,
        debris=inventory.debris,
        slices=sum(shelf.slices for shelf in inventory.oplog),
        missing=tuple(item.backup for item in recollection.missing(present)),
        rolled_back=recollection.rollback(present),
        keeping=keeping,
    )


def _let_go_of_deleted(
    present: set[BackupId], journal: StatementShelf, recollection: Recollection
) -> None:
    """Do not miss what another workstation deleted, and said so in a signed statement."""
    missing = {item.backup for item in recollection.missing(present)}
    if not missing:
        return
    try:
        statements = journal.read().statements
    except MangroveError as error:
        log.info("statements not read reason=%s", error)
        return
    for statement in statements:
        if statement.kind is StatementKind.DELETE:
            for backup in missing.intersection(statement.backups):
                recollection.forget(backup)
