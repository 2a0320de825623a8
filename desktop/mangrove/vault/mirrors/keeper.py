"""Makes and opens the mirrors of vaults."""

from dataclasses import replace
from functools import partial

from mangrove.core.ports.backup import Contents
from mangrove.core.ports.mirror import Mender, Mirror
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.ports.storage import Storage
from mangrove.core.vaults.mirror import MirrorSpec, mirror_key_ref
from mangrove.core.vaults.url import parse_vault_url
from mangrove.core.vaults.vault import VaultSpec
from mangrove.vault.descriptor import check_descriptor, descriptor_of, encode_descriptor
from mangrove.vault.earlier_versions import EarlierVersions
from mangrove.vault.keeper import OpenStorage, VaultFactory, with_checksum
from mangrove.vault.keeping import KeepingStorage, keeping_of
from mangrove.vault.layout import DESCRIPTOR
from mangrove.vault.mirrors.mending import Mending, SourceCopy
from mangrove.vault.mirrors.mirroring import StoredMirror
from mangrove.vault.mirrors.nearest import NearestCopy, distance
from mangrove.vault.place_test import refuse_occupied
from mangrove.vault.storage.locking import locking
from mangrove.vault.storage.opening import ensure_folder, forget_folder
from mangrove.vault.transfer import store_compared

OWN_NAME = ""
EARLIER = "earlier versions in the bucket"
VERSIONS_BACK = 3
"""Whoever damaged an object may have done so more than once."""


class MirrorFactory:
    """Makes and opens mirrors with the secrets of one store.

    Args:
        vaults: Opens the vaults themselves, and vaults at other places.
        secrets: Where storage keys are.
        open_at: How a storage is opened.
    """

    def __init__(self, vaults: VaultFactory, secrets: SecretStore, open_at: OpenStorage) -> None:
        self._vaults, self._secrets, self._open_at = vaults, secrets, open_at
        self._now = vaults.clock.now

    def create_mirror(self, spec: VaultSpec, mirror: MirrorSpec) -> MirrorSpec:
        """Put ``vault.json`` into an empty storage, or accept a copy of this very vault."""
        address = parse_vault_url(mirror.url)
        is_new = ensure_folder(address)
        try:
            storage = self._storage(spec, mirror)
            self._vaults.prepare(storage)
            keeping = keeping_of(storage)
            mirror = replace(mirror, keeping=keeping if keeping.has_versions else None)
            self._begin(spec, self._storage(spec, mirror) if keeping.has_lock else storage)
        except BaseException:
            if is_new:
                forget_folder(address)
            raise
        return mirror

    def _begin(self, spec: VaultSpec, storage: Storage) -> None:
        if next(storage.list(DESCRIPTOR), None) is not None:
            check_descriptor(storage, spec)
            return
        refuse_occupied(storage)
        store_compared(storage, DESCRIPTOR, encode_descriptor(descriptor_of(spec)))

    def open_mirror(self, spec: VaultSpec, mirror: MirrorSpec) -> Mirror:
        """Open a mirror; secrets are fetched when they are first needed."""
        own = partial(self._vaults.storage, spec)
        copies = (own, partial(self._storage, spec, mirror))
        open_copy = partial(self._vaults.open_in, replace(spec, mirrors=()))
        return StoredMirror(spec, mirror, partial(self._vaults.open, spec), open_copy, copies)

    def open_mender(self, spec: VaultSpec) -> Mender:
        """Open everything that lost objects may come back from: mirrors, earlier versions."""
        storage = self._vaults.storage(spec)
        alone = replace(spec, mirrors=())
        places = [(f"the mirror {m.name}", self._storage(spec, m)) for m in spec.mirrors]
        if isinstance(storage, KeepingStorage) and storage.keeping().has_versions:
            places += [(EARLIER, EarlierVersions(storage, n)) for n in range(VERSIONS_BACK)]
        copies = [
            SourceCopy(name, self._vaults.open_in(alone, partial(_same, place)), place)
            for name, place in places
        ]
        return Mending(self._vaults.open_in(spec, partial(_same, storage)), storage, copies)

    def open_nearest(self, spec: VaultSpec) -> Contents:
        """Open a vault for reading: from whichever copy is nearest and good."""
        if not spec.mirrors:
            return self._vaults.open(spec)
        places = [(distance(spec.url), OWN_NAME, self._vaults.open(spec))]
        for mirror in spec.mirrors:
            there = replace(spec, url=mirror.url, access_key=mirror.access_key, mirrors=())
            opened = self._vaults.open_in(there, partial(self._storage, spec, mirror))
            places.append((distance(mirror.url), mirror.name, opened))
        places.sort(key=lambda place: place[0])  # stable: of two as near, the vault itself
        return NearestCopy([(name, opened) for _, name, opened in places])

    def _storage(self, spec: VaultSpec, mirror: MirrorSpec) -> Storage:
        ref = mirror_key_ref(spec.vault_id, mirror.mirror_id)
        secret = self._secrets.fetch(ref) if mirror.has_storage_secret else None
        address = with_checksum(parse_vault_url(mirror.url), mirror.keeping)
        opened = self._open_at(address, mirror.access_key, secret)
        return locking(opened, mirror.object_lock, self._now)


def _same(storage: Storage) -> Storage:
    return storage
