"""Recovery kits: make one, confirm that it is stored, and open a vault from one."""

import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from mangrove.core.errors import (
    MangroveError,
    NameTakenError,
    SecretNotFoundError,
    StorageUnavailableError,
    VaultNotFoundError,
)
from mangrove.core.ports.catalog import Catalog, VaultMemory
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.keeper import VaultKeeper
from mangrove.core.ports.kit import KitBinder
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.ports.state import ProfileStore, VaultStore
from mangrove.core.profile import Profile, checked_name
from mangrove.core.secret import Secret, SecretRef
from mangrove.core.vaults.key_changes import (
    CODE_LENGTH,
    keys_fingerprint,
    kit_state,
    with_confirmed_kit,
    with_kit,
)
from mangrove.core.vaults.keys import KitRecord, KitState
from mangrove.core.vaults.kit import CODE_LETTERS, RecoveryKit, check_passphrase, grouped_code
from mangrove.core.vaults.mirror import mirror_key_ref
from mangrove.core.vaults.url import parse_vault_url
from mangrove.core.vaults.vault import (
    VaultSpec,
    description_ref,
    identity_ref,
    signing_ref_of,
    storage_key_ref,
)
from mangrove.services.kit_files import (
    KitFiles,
    content_of,
    kit_files,
    refuse_existing,
    remove_all,
    write_all,
)
from mangrove.services.vaults import SESSION_NOTICE, Vaults

_OLDER = (
    "this kit is older than the vault's keys: the signing key was changed after it was made."
    " Backups made since cannot be proven genuine here, and are shown as unreadable; open the"
    " vault from a newer kit to have them"
)


@dataclass(frozen=True, slots=True)
class OpenedKit:
    """What came back from a kit.

    Attributes:
        backups: How many the vault holds; None when its storage could not be read yet.
        profiles, kept_profiles: Names of those that were added, and of those that were there.
        notices: Sentences worth knowing.
    """

    spec: VaultSpec
    backups: int | None
    profiles: tuple[str, ...]
    kept_profiles: tuple[str, ...]
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KitStores:
    """What kits are made of and opened into."""

    vaults: VaultStore
    profiles: ProfileStore
    secrets: SecretStore
    keeper: VaultKeeper
    catalog: Catalog
    binder: KitBinder
    memory: VaultMemory


class Kits:
    """The recovery kits of the vaults. Calls touch keyring, storage and disk; sealing takes 1 s."""

    def __init__(self, vaults: Vaults, stores: KitStores, clock: Clock, tool_version: str) -> None:
        self._vaults = vaults
        self._stores = stores
        self._clock = clock
        self._tool_version = tool_version

    def state(self, name: str) -> KitState:
        """Say whether a vault's kit is stored."""
        return kit_state(self._vaults.find(name))

    def make(
        self, name: str, target: str, passphrase: Secret, *, with_storage_key: bool = False
    ) -> KitFiles:
        """Write the sheet and the sealed file beside each other; nothing is written over.

        The vault counts as safe only when the code on the sheet was typed back.

        Raises:
            InvalidKeyError: The passphrase is too weak; nothing was written.
            NameTakenError: One of the files exists already; nothing was written.
            SecretError: A key is not in the keyring; nothing was written.
        """
        check_passphrase(passphrase)
        spec = self._vaults.find(name)
        files = kit_files(target)
        for path in (files.sheet, files.sealed):
            refuse_existing(path)
        kit = self._kit(spec, with_storage_key=with_storage_key)
        letters = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
        code = grouped_code(letters)
        binder = self._stores.binder
        contents = {
            files.sheet: binder.sheet(kit, code),
            files.sealed: binder.seal(kit, passphrase),
        }
        write_all(contents)
        try:
            self._stores.vaults.save(with_kit(spec, code, kit.made_at))
        except BaseException:
            remove_all(contents)
            raise
        return files

    def confirm(self, name: str, code: str) -> VaultSpec:
        """Note that the kit is stored.

        Raises:
            InvalidKeyError: If it is not the code of the newest kit, or there is none.
        """
        spec = with_confirmed_kit(self._vaults.find(name), code, self._clock.now())
        self._stores.vaults.save(spec)
        return spec

    def read(self, path: str, passphrase: Secret) -> RecoveryKit:
        """Open a kit's file; nothing is changed by that.

        Raises:
            WrongIdentityError: If the passphrase is another one.
            ConfigurationError, UnknownFormatError, CorruptBackupError: If it is no kit.
        """
        return self._stores.binder.open(content_of(Path(path).expanduser()), passphrase)

    def open(
        self, kit: RecoveryKit, *, url: str = "", name: str = "", storage_key: Secret | None = None
    ) -> OpenedKit:
        """Bring back what a kit holds: the vault, its catalog, and profiles without passwords.

        A vault that is known here already gets its keys back, and newer ones from a newer kit.

        Args:
            kit: What ``read`` returned.
            url: Where the vault is now; "" for where it was.
            name: What it shall be called here; "" for its old name.
            storage_key: The storage's secret key; None for the one in the kit, if there is one.

        Raises:
            VaultNotFoundError: If another vault, or none, is at the address; nothing was changed.
            NameTakenError: If another vault has the name; nothing was changed.
        """
        spec = self._spec_here(kit, url, name)
        known = self._known(spec)
        has_secret = bool(storage_key or kit.storage_key)
        has_secret = has_secret or (known is not None and known.has_storage_secret)
        spec = replace(spec, has_storage_secret=has_secret)
        kept = self._store_secrets(spec, kit, storage_key)
        try:
            notices = self._compared(spec)
            self._stores.vaults.save(spec)
            self._stores.memory.note_sequence(spec.vault_id, kit.last_sequence)
        except BaseException:
            if known is None:
                self._take_back(kept)
            raise
        backups, problem = self._catalogued(spec)
        notices += self._rolled_back(spec, kit.last_sequence)
        added, there = self._add_profiles(kit.profiles)
        if not self._stores.secrets.is_lasting():
            notices.append(SESSION_NOTICE)
        return OpenedKit(spec, backups, added, there, (*notices, *problem))

    # --- inside --------------------------------------------------------------------------

    def _kit(self, spec: VaultSpec, *, with_storage_key: bool) -> RecoveryKit:
        is_of_mirrors = any(mirror.has_storage_secret for mirror in spec.mirrors)
        has_one = bool(spec.access_key or spec.has_storage_secret) or not is_of_mirrors
        storage_key = storage_key_ref(spec.vault_id) if with_storage_key and has_one else None
        readable = spec.is_encrypted and not spec.is_write_only
        profiles = (p for p in self._stores.profiles.all() if isinstance(p, Profile))
        return RecoveryKit(
            spec=spec,
            identity=self._fetched(identity_ref(spec.vault_id) if readable else None),
            description_identity=self._fetched(
                description_ref(spec.vault_id) if spec.is_write_only else None
            ),
            signing_key=self._fetched(signing_ref_of(spec)),
            storage_key=self._fetched(storage_key),
            mirror_keys=self._mirror_keys(spec) if with_storage_key else (),
            profiles=tuple(profiles),
            last_sequence=self._last_sequence(spec),
            made_at=self._clock.now(),
            tool_version=self._tool_version,
        )

    def _mirror_keys(self, spec: VaultSpec) -> tuple[tuple[str, Secret], ...]:
        """Return what opens the storages of the mirrors, as far as it is here."""
        found = []
        for mirror in spec.mirrors:
            if mirror.has_storage_secret:
                with suppress(SecretNotFoundError):
                    ref = mirror_key_ref(spec.vault_id, mirror.mirror_id)
                    found.append((mirror.mirror_id, self._stores.secrets.fetch(ref)))
        return tuple(found)

    def _last_sequence(self, spec: VaultSpec) -> int:
        """Return the newest sequence known; a kit is worth having while the storage is away too."""
        try:
            return self._stores.keeper.last_sequence(spec)
        except MangroveError:
            records = self._stores.catalog.of_vault(spec.vault_id)
            return max((record.sequence for record in records), default=0)

    def _fetched(self, ref: SecretRef | None) -> Secret | None:
        if ref is None:
            return None
        try:
            return self._stores.secrets.fetch(ref)
        except SecretNotFoundError as error:
            raise SecretNotFoundError(
                "a key of the vault is not in this computer's keyring, so the kit would be of no"
                " use; nothing was written",
                hint="make the kit on the workstation that has the keys, or open the vault from an"
                " older kit first",
            ) from error

    def _spec_here(self, kit: RecoveryKit, url: str, name: str) -> VaultSpec:
        address = url.strip() or kit.spec.url
        parse_vault_url(address)
        spec = replace(
            kit.spec,
            url=address,
            name=checked_name(name or kit.spec.name),
            kept_in=self._stores.secrets.describe(),
        )
        known = self._known(spec)
        if known is not None:
            spec = _merged(known, spec, keeps_url=not url, keeps_name=not name)
        for other in self._stores.vaults.all():
            is_same = other.vault_id == spec.vault_id
            if other.name.casefold() == spec.name.casefold() and not is_same:
                raise NameTakenError(
                    f"there is another vault '{other.name}' here; nothing was changed",
                    hint="give this one another name with --name",
                )
        is_whole = known is None or len(known.retired_keys) <= len(kit.spec.retired_keys)
        covers = keys_fingerprint(kit.spec)
        record = KitRecord(kit.made_at, covers, "", self._clock.now())
        return replace(spec, kit=record) if is_whole else spec

    def _known(self, spec: VaultSpec) -> VaultSpec | None:
        found = (v for v in self._stores.vaults.all() if v.vault_id == spec.vault_id)
        return next(found, None)

    def _store_secrets(
        self, spec: VaultSpec, kit: RecoveryKit, storage_key: Secret | None
    ) -> list[SecretRef]:
        wanted = {
            identity_ref(spec.vault_id): kit.identity,
            description_ref(spec.vault_id): kit.description_identity,
            signing_ref_of(kit.spec): kit.signing_key,
            storage_key_ref(spec.vault_id): storage_key or kit.storage_key,
            **{mirror_key_ref(spec.vault_id, name): key for name, key in kit.mirror_keys},
        }
        kept = []
        for ref, secret in wanted.items():
            if secret is not None:
                self._stores.secrets.store(ref, secret)
                kept.append(ref)
        return kept

    def _take_back(self, kept: list[SecretRef]) -> None:
        for ref in kept:
            with suppress(MangroveError):
                self._stores.secrets.forget(ref)

    def _compared(self, spec: VaultSpec) -> list[str]:
        """Look at the storage before anything is kept: it must be this vault."""
        try:
            signer = self._stores.keeper.look(spec)
        except (VaultNotFoundError, StorageUnavailableError) as error:
            error.hint = "say where the vault is now: --url file:///path or --url s3://bucket/..."
            raise
        known = (spec.public_key, *(key.public_key for key in spec.retired_keys))
        return [] if signer in known else [_OLDER]

    def _catalogued(self, spec: VaultSpec) -> tuple[int | None, tuple[str, ...]]:
        try:
            records = self._stores.keeper.open(spec).records()
            return self._stores.catalog.replace_vault(spec.vault_id, records), ()
        except MangroveError as error:
            return None, (f"the backups could not be listed yet: {error.message}",)

    def _rolled_back(self, spec: VaultSpec, last_sequence: int) -> list[str]:
        """Say if the storage holds less than when the kit was made, before that goes unnoticed."""
        found = self._stores.catalog.of_vault(spec.vault_id)
        newest = max((record.sequence for record in found), default=0)
        if newest >= last_sequence:
            return []
        notice = (
            f"when this kit was made the vault held backup number {last_sequence}; the newest now"
            f" is number {newest}: newer ones were removed, or the storage was turned back"
        )
        return [notice]

    def _add_profiles(
        self, profiles: tuple[Profile, ...]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        added, there = [], []
        for profile in profiles:
            try:
                self._refuse_known(profile)
                self._stores.profiles.save(profile)
            except NameTakenError:
                there.append(profile.name)
            else:
                added.append(profile.name)
        return tuple(added), tuple(there)

    def _refuse_known(self, profile: Profile) -> None:
        for other in self._stores.profiles.all():
            if isinstance(other, Profile) and other.profile_id == profile.profile_id:
                raise NameTakenError(f"the profile '{profile.name}' is here already")
        if profile.slug in self._stores.profiles.used_slugs():
            raise NameTakenError(f"another profile's backups are filed under '{profile.slug}'")


def _merged(known: VaultSpec, kit: VaultSpec, *, keeps_url: bool, keeps_name: bool) -> VaultSpec:
    """Return the newer keys of the two, and the place and name that count here."""
    newer = kit if len(kit.retired_keys) > len(known.retired_keys) else known
    return replace(
        newer,
        url=known.url if keeps_url else kit.url,
        name=known.name if keeps_name else kit.name,
        access_key=known.access_key,
        has_storage_secret=known.has_storage_secret,
        mirrors=known.mirrors or kit.mirrors,
        object_lock=known.object_lock,
        keeping=known.keeping,
        kept_in=kit.kept_in,
    )
