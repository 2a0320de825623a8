"""The oplog slices of a vault: stored, compared, signed last; listed by their signatures."""

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from mangrove.core.blobs import BlobInfo, BlobName
from mangrove.core.errors import (
    BlobExistsError,
    BlobMismatchError,
    BlobNotFoundError,
    ChainTakenError,
    SignatureInvalidError,
)
from mangrove.core.manifest import StoredBlob
from mangrove.core.oplog import OplogPosition, OplogTimestamp
from mangrove.core.pitr.slices import ChainBreak, NewSlice, OplogSlice
from mangrove.core.ports.storage import Passing, Storage
from mangrove.core.vaults.object_lock import Hidden
from mangrove.core.vaults.vault import VaultSpec
from mangrove.vault.crypto.age import rewrap_stream
from mangrove.vault.keeping import hidden_in
from mangrove.vault.layout import signature_of
from mangrove.vault.sealing import Sealer
from mangrove.vault.signatures import LIMIT_BYTES
from mangrove.vault.slices.comment import (
    break_comment,
    parse_break_comment,
    parse_slice_comment,
    sealed_to,
    slice_comment,
)
from mangrove.vault.slices.layout import (
    SliceName,
    break_name,
    chain_folder,
    is_break,
    is_signature,
    oplog_folder,
    slice_in,
)
from mangrove.vault.transfer import Meter, compare_blob, fetch_whole, open_blob, store_compared

log = logging.getLogger(__name__)
_UNKNOWN_AT = datetime(1970, 1, 1, tzinfo=UTC)
_UNSIGNABLE = (SignatureInvalidError, BlobMismatchError, BlobNotFoundError)


class StoredSlices:
    """The slices and breaks in one storage. Safe for several threads.

    Two captures of one chain meet here at the latest: whoever comes second is refused.
    """

    def __init__(self, spec: VaultSpec, storage: Storage, sealer: Sealer) -> None:
        self._spec = spec
        self._storage = storage
        self._sealer = sealer

    def keep(self, piece: NewSlice, packed: Iterable[bytes]) -> OplogSlice:
        """Encrypt and store a slice, read it back, compare it, and sign it last."""
        name = self._name_of(piece)
        self._sealer.require_signing_key()
        done = self._refuse_second(piece)
        if done is not None:
            return done
        sealed = b"".join(self._sealer.seal(packed))
        blob = replace(self._stored(name.blob, sealed), plain_bytes=piece.plain_bytes)
        kept = OplogSlice(
            vault_id=self._spec.vault_id,
            profile_slug=piece.profile_slug,
            chain=piece.chain,
            first=piece.first,
            last=piece.last,
            entries=piece.entries,
            blob=blob,
            compression=piece.compression,
            previous=piece.previous,
            captured_at=piece.captured_at,
            headroom=piece.headroom,
        )
        signature = self._sealer.sign(sealed, slice_comment(kept))
        store_compared(self._storage, signature_of(name.blob), signature)
        return kept

    def all(self, profile_slug: str = "") -> Iterator[OplogSlice]:
        """Yield every slice of a profile, or of all, by its signature; unusable ones as such."""
        return self._surveyed(profile_slug, {})

    def survey(self, known: Iterable[OplogSlice]) -> Iterator[OplogSlice]:
        """Yield every slice; what is known is not read where the listing bears it out."""
        return self._surveyed("", {piece.blob.name: piece for piece in known if piece.is_usable})

    def remove(self, name: str) -> Hidden:
        """Remove a slice, its signature first: half of one is debris."""
        if slice_in(name) is None or is_signature(name):
            raise AssertionError(f"not a slice: {name}")
        self._storage.delete(signature_of(BlobName(name)))
        self._storage.delete(BlobName(name))
        return hidden_in(self._storage, name)

    def rewrap(self, piece: OplogSlice, passing: Passing) -> OplogSlice | None:
        """Give a slice to the present recipients and sign it with the present key.

        As with backups the new objects lie beside the old ones until they are whole, and the old
        signature is the first thing that goes: wherever this is cut off, one whole slice is left.
        """
        name = slice_in(piece.blob.name)
        if name is None or not name.sealed:
            raise AssertionError(f"not an encrypted slice: {piece.blob.name}")
        signature = fetch_whole(self._storage, signature_of(name.blob), LIMIT_BYTES)
        former, mark = self._sealer.verified_comment(signature), self._sealer.recipients_mark
        if sealed_to(former) == mark and self._sealer.is_by_present_key(signature):
            return None
        later = replace(name, generation=name.generation + 1)
        self.remove(later.blob)  # what an earlier run left
        meter = Meter(limit_bytes=piece.blob.size_bytes)
        old = passing(meter.through(open_blob(self._storage, piece.blob)))
        identities = [self._sealer.require_identity()]
        sealed = b"".join(rewrap_stream(old, identities, self._sealer.recipients))
        meter.check(piece.blob)
        blob = StoredBlob(
            later.blob, len(sealed), hashlib.sha256(sealed).hexdigest(), piece.blob.plain_bytes
        )
        kept = replace(piece, blob=blob)
        store_compared(self._storage, later.blob, sealed)
        signed = self._sealer.sign(sealed, slice_comment(kept, mark))
        store_compared(self._storage, signature_of(later.blob), signed)
        self.remove(piece.blob.name)
        return kept

    def _surveyed(self, profile_slug: str, known: Mapping[str, OplogSlice]) -> Iterator[OplogSlice]:
        listed = {info.name: info for info in self._listed(profile_slug)}
        for name in _counting(listed):
            blob = listed.get(name.blob)
            piece = known.get(blob.name) if blob is not None else None
            is_as_known = piece and blob and piece.blob.size_bytes == blob.size_bytes
            yield piece if piece and is_as_known else self._slice(name, blob)

    def newest(self, profile_slug: str) -> OplogSlice | None:
        """Return the last slice of the youngest chain whose signature holds."""
        names = list(_counting(info.name for info in self._listed(profile_slug)))
        names.sort(key=lambda n: (n.chain, n.last, n.first), reverse=True)
        for name in names:
            with suppress(*_UNSIGNABLE):
                return self._checked(name)
        return None

    def keep_break(self, cut: ChainBreak) -> None:
        """Store a moment that no replay may cross, signed; the same one only once."""
        comment = break_comment(cut)
        name = break_name(cut, sealed=self._spec.is_encrypted)
        sealed = b"".join(self._sealer.seal_description([comment.encode() + b"\n"]))
        if any(info.name == signature_of(name) for info in self._storage.list(signature_of(name))):
            return
        self._stored(name, sealed)
        signature = self._sealer.sign(sealed, comment)
        store_compared(self._storage, signature_of(name), signature)

    def breaks(self, profile_slug: str = "") -> Iterator[ChainBreak]:
        """Yield the breaks of a profile, or of all, whose signature holds."""
        for info in self._listed(profile_slug):
            if not is_break(info.name):
                continue
            try:
                comment = self._comment_beside(info.name)
                cut = parse_break_comment(comment)
                self._refuse_foreign(cut.vault_id)
            except BlobNotFoundError:
                continue  # an unsigned one is debris
            except (SignatureInvalidError, BlobMismatchError) as error:
                log.warning("break ignored blob=%s reason=%s", info.name, error)
                continue
            yield cut

    def _listed(self, profile_slug: str) -> Iterator[BlobInfo]:
        return self._storage.list(oplog_folder(profile_slug) if profile_slug else "")

    def _name_of(self, piece: NewSlice) -> SliceName:
        return SliceName(
            piece.profile_slug,
            piece.chain,
            piece.first.ts,
            piece.last.ts,
            piece.compression,
            self._spec.is_encrypted,
        )

    def _refuse_second(self, piece: NewSlice) -> OplogSlice | None:
        """Refuse to go on where somebody else went on already.

        Returns:
            The very slice, if it was stored before and only the answer was lost.
        """
        folder = chain_folder(piece.profile_slug, piece.chain)
        for info in self._storage.list(folder):
            name = slice_in(info.name)
            if not is_signature(info.name) or name is None or name.last <= piece.first.ts:
                continue
            with suppress(*_UNSIGNABLE):
                found = self._checked(name)
                if _is_same(found, piece):
                    compare_blob(self._storage, found.blob)
                    return found
                raise ChainTakenError(
                    f"another capture of '{piece.profile_slug}' went on with the chain"
                    f" {piece.chain} in the vault '{self._spec.name}'; this one stored nothing",
                    hint="let only one machine capture into a vault",
                )
        return None

    def _stored(self, name: BlobName, data: bytes) -> StoredBlob:
        """Store a blob in the place of one that a killed process left there unsigned."""
        try:
            return store_compared(self._storage, name, data)
        except BlobExistsError:
            if next(self._storage.list(signature_of(name)), None) is not None:
                raise
            log.info("unsigned object replaced blob=%s", name)
            self._storage.delete(name)
            return store_compared(self._storage, name, data)

    def _slice(self, name: SliceName, blob: BlobInfo | None) -> OplogSlice:
        try:
            piece = self._checked(name)
        except _UNSIGNABLE as error:
            return self._unusable(name, blob, str(error))
        if blob is None:
            return replace(piece, problem="it is missing beside its signature")
        if blob.size_bytes != piece.blob.size_bytes:
            return replace(piece, problem="it has another size than was signed")
        return piece

    def _checked(self, name: SliceName) -> OplogSlice:
        piece = parse_slice_comment(self._comment_beside(name.blob), name)
        self._refuse_foreign(piece.vault_id)
        if name.sealed != self._spec.is_encrypted:
            raise SignatureInvalidError("the slice is not encrypted as this vault's slices are")
        return piece

    def _comment_beside(self, blob: BlobName) -> str:
        return self._sealer.verified_comment(
            fetch_whole(self._storage, signature_of(blob), LIMIT_BYTES)
        )

    def _refuse_foreign(self, vault_id: str) -> None:
        if vault_id != self._spec.vault_id:
            raise SignatureInvalidError("it was signed for another vault")

    def _unusable(self, name: SliceName, blob: BlobInfo | None, problem: str) -> OplogSlice:
        return OplogSlice(
            vault_id=self._spec.vault_id,
            profile_slug=name.profile_slug,
            chain=name.chain,
            first=_somewhere(name.first),
            last=_somewhere(name.last),
            entries=0,
            blob=StoredBlob(name.blob, blob.size_bytes if blob else 0, "", 0),
            compression=name.compression,
            previous="",
            captured_at=_UNKNOWN_AT,
            problem=problem,
        )


def _counting(listed: Iterable[str]) -> Iterator[SliceName]:
    """Yield the signed slices: of several generations the oldest counts, as with backups."""
    found: dict[object, SliceName] = {}
    for name in listed:
        own = slice_in(name) if is_signature(name) else None
        if own is not None:
            held = found.setdefault(own.place, own)
            if own.generation < held.generation:
                found[own.place] = own
    return iter(found.values())


def _somewhere(ts: OplogTimestamp) -> OplogPosition:
    """Return a position of which only the place is known, by a name that nobody vouches for."""
    return OplogPosition(ts, -1)


def _is_same(found: OplogSlice, piece: NewSlice) -> bool:
    own = (piece.first, piece.last, piece.entries, piece.plain_bytes, piece.previous)
    blob = found.blob
    return own == (found.first, found.last, found.entries, blob.plain_bytes, found.previous)
