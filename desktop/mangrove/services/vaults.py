"""Vaults: create, look at, clean, rebuild the catalog, forget."""

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from mangrove.core.backup import Compression
from mangrove.core.command_line import command_line
from mangrove.core.errors import (
    InvalidKeyError,
    MangroveError,
    NameTakenError,
    VaultLockedError,
    VaultNotFoundError,
)
from mangrove.core.explain import size_text
from mangrove.core.ports.catalog import WholeCatalog
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.keeper import VaultKeeper
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.ports.state import RunHistory, VaultStore
from mangrove.core.ports.steps import StepListener
from mangrove.core.profile import checked_name
from mangrove.core.run import RunKind, RunState
from mangrove.core.secret import Secret
from mangrove.core.vaults.key_changes import Holder, parse_holder
from mangrove.core.vaults.lock import LockMode, VaultLock
from mangrove.core.vaults.object_lock import Keeping, ObjectLock, checked_object_lock
from mangrove.core.vaults.url import parse_vault_url
from mangrove.core.vaults.vault import (
    OPLOG_DEBRIS,
    Debris,
    PlaceReport,
    StorageLogin,
    VaultHealth,
    VaultId,
    VaultSpec,
    description_ref,
    identity_ref,
    signing_key_ref,
    storage_key_ref,
)
from mangrove.core.wording import counted

SESSION_NOTICE = (
    "no usable keyring was found: the vault's keys are kept for this session only, "
    "and after it nothing can open its backups"
)

KILLED_AMONG = 200  # runs back, to look for such whose process died
WRITERS = (RunKind.BACKUP, RunKind.RESTORE, RunKind.IMPORT)
UNENCRYPTED_NOTICE = "this vault is not encrypted: whoever reads its storage reads the data"


@dataclass(frozen=True, slots=True)
class VaultDraft:
    """What a person typed for a vault.

    Attributes:
        extra_recipients: More age recipients that may open what is stored, ``age1…`` or
            ``NAME=age1…``.
        write_only: Make no key that opens documents: only the extra recipients can read.
        access_key: Name of the key of an S3-compatible storage.
        secret_key: What opens the storage, of whatever kind.
        object_lock: What everything that is written is locked for, in a bucket that locks.
    """

    name: str
    url: str
    encrypted: bool = True
    compression: Compression = Compression.ZSTD
    extra_recipients: tuple[str, ...] = ()
    access_key: str = ""
    secret_key: Secret | None = None
    write_only: bool = False
    object_lock: ObjectLock | None = None


@dataclass(frozen=True, slots=True)
class SavedVault:
    """A vault that was made, and a sentence if something needs saying."""

    spec: VaultSpec
    notice: str = ""


def no_step(_step: str, _result: str) -> None:
    """Listen to nothing."""


def _nobody(_vault_id: VaultId, _health: VaultHealth) -> None:
    """Tell nobody."""


class Vaults:
    """The vaults this workstation knows. Calls that touch keys or storage may block.

    Attributes:
        on_looked: Told what each look at a vault's storage found.
    """

    def __init__(
        self,
        store: VaultStore,
        keeper: VaultKeeper,
        catalog: WholeCatalog,
        secret_store: SecretStore,
        history: RunHistory,
        clock: Clock,
    ) -> None:
        self._history = history
        self.on_looked: Callable[[VaultId, VaultHealth], None] = _nobody
        self._store = store
        self._keeper = keeper
        self._catalog = catalog
        self._secrets = secret_store
        self._clock = clock

    def all(self) -> tuple[VaultSpec, ...]:
        """Return every vault by name."""
        return self._store.all()

    def find(self, name: str) -> VaultSpec:
        """Return a vault by its name, without regard to case.

        Raises:
            VaultNotFoundError: If there is none.
        """
        wanted = name.strip().casefold()
        found = next((v for v in self._store.all() if v.name.casefold() == wanted), None)
        if found is None:
            known = ", ".join(v.name for v in self._store.all()) or "none yet"
            raise VaultNotFoundError(f"there is no vault '{name}'", hint=f"known vaults: {known}")
        return found

    def by_id(self, vault_id: VaultId) -> VaultSpec:
        """Return a vault by its id.

        Raises:
            VaultNotFoundError: If this workstation does not know it.
        """
        found = next((v for v in self._store.all() if v.vault_id == vault_id), None)
        if found is None:
            raise VaultNotFoundError("the backup's vault is not known on this workstation")
        return found

    def test(self, draft: VaultDraft, on_step: StepListener = no_step) -> PlaceReport:
        """Try the place: write, read back and remove a small object; no vault is made.

        Raises:
            InvalidVaultUrlError, BlobExistsError, VaultError: Nothing of ours stays there.
        """
        if draft.object_lock is not None:
            checked_object_lock(draft.object_lock)
        place = (draft.url.strip(), draft.access_key, draft.secret_key)
        return self._keeper.try_place(StorageLogin(*place, draft.object_lock), on_step)

    def add(self, draft: VaultDraft) -> SavedVault:
        """Make a vault: fresh keys into the keyring, ``vault.json`` into the storage.

        Raises:
            InvalidVaultUrlError, NameTakenError, BlobExistsError, VaultError: Nothing is left,
                neither keys nor the vault.
        """
        name = checked_name(draft.name)
        parse_vault_url(draft.url)
        if any(v.name.casefold() == name.casefold() for v in self._store.all()):
            raise NameTakenError(f"there is a vault '{name}' already", hint="choose another name")
        vault_id = VaultId(secrets.token_hex(8))
        try:
            spec = self._with_fresh_keys(vault_id, name, draft)
            self._store.save(spec)  # first: it is taken back more surely than what is stored far
            spec = with_keeping(spec, self.test(draft).keeping)
            self._keeper.create(spec)
            self._store.save(spec)
        except BaseException:
            self._take_back(vault_id)
            raise
        return SavedVault(spec, self._notice(spec))

    def remove(self, name: str) -> None:
        """Forget a vault here; its storage and its keys in the keyring stay."""
        spec = self.find(name)
        self._store.remove(spec.vault_id)
        self._catalog.remove_vault(spec.vault_id)

    def check(self, name: str) -> VaultHealth:
        """Look at storage, keys and debris."""
        spec = self.find(name)
        health = self._keeper.open(spec).health()
        if health.reachable and with_keeping(spec, health.keeping) != spec:
            self._store.save(with_keeping(spec, health.keeping))
        self.on_looked(spec.vault_id, health)
        return health

    def left_by_killed(self, name: str) -> tuple[Debris, ...]:
        """Return what runs left there whose process died; only the folders of those are looked at.

        Raises:
            VaultNotFoundError, VaultError: As looking turns out.
        """
        spec = self.find(name)
        dead = {
            run.backup
            for run in self._history.recent(KILLED_AMONG)
            if run.kind in (RunKind.BACKUP, RunKind.IMPORT)
            and run.state is RunState.INTERRUPTED
            and run.vault == spec.name
            and run.backup is not None
        }
        if not dead:
            return ()
        vault = self._keeper.open(spec)
        found = (vault.left_of(backup) for backup in sorted(dead))
        return tuple(debris for debris in found if debris is not None)

    def rebuild_catalog(self, name: str) -> int:
        """Read the whole vault anew; returns how many backups it holds."""
        spec = self.find(name)
        vault = self._keeper.open(spec)
        shelf = vault.slices()
        self._catalog.replace_slices(spec.vault_id, shelf.all(), shelf.breaks())
        return self._catalog.replace_vault(spec.vault_id, vault.records())

    def locks(self, name: str) -> tuple[VaultLock, ...]:
        """Return who works with a vault, as its storage says; stale locks too."""
        return self._keeper.open(self.find(name)).locks.all()

    def break_stale_locks(self, name: str) -> tuple[VaultLock, ...]:
        """Remove the locks of Mangroves that have long given no sign of life; returns them."""
        return self._keeper.open(self.find(name)).locks.break_stale()

    def clean(self, name: str) -> int:
        """Remove the debris of runs that did not finish; returns the freed bytes.

        Raises:
            VaultLockedError: While a run of any process writes there: what it stored so far
                looks like debris.
        """
        spec = self.find(name)
        self.refuse_while_writing(spec, "nothing was removed")
        vault = self._keeper.open(spec)
        is_captured = any(
            run.kind is RunKind.CAPTURE and run.vault == spec.name
            for run in self._history.unfinished()
        )
        lease = vault.locks.take(LockMode.EXCLUSIVE, f"clean-up of {spec.name}")
        try:
            return sum(
                vault.clean(debris)
                for debris in vault.health().debris
                if not (is_captured and debris.backup == OPLOG_DEBRIS)
            )
        finally:
            lease.release()

    def refuse_while_writing(
        self, spec: VaultSpec, undone: str, kinds: tuple[RunKind, ...] = WRITERS
    ) -> None:
        """Raise VaultLockedError while a run of any process writes there."""
        for run in self._history.unfinished():
            if run.vault == spec.name and run.kind in kinds:
                raise VaultLockedError(
                    f"'{run.title}' is writing to the vault '{spec.name}'; {undone}",
                    hint="wait until it ends, or cancel it",
                )

    # --- inside --------------------------------------------------------------------------

    def _with_fresh_keys(self, vault_id: VaultId, name: str, draft: VaultDraft) -> VaultSpec:
        keys = self._keeper.new_keys()
        extra = tuple(map(parse_holder, draft.extra_recipients)) if draft.encrypted else ()
        is_read_here = draft.encrypted and not draft.write_only
        _check_write_only(draft)
        self._secrets.store(signing_key_ref(vault_id), keys.signing_key)
        if is_read_here:
            self._secrets.store(identity_ref(vault_id), keys.identity)
        elif draft.write_only:
            self._secrets.store(description_ref(vault_id), keys.identity)
        if draft.secret_key is not None:
            self._secrets.store(storage_key_ref(vault_id), draft.secret_key)
        everybody = (Holder(keys.recipient), *extra) if is_read_here else extra
        return VaultSpec(
            vault_id=vault_id,
            name=name,
            url=draft.url.strip(),
            recipients=tuple(dict.fromkeys(h.recipient for h in everybody)),
            public_key=keys.public_key,
            compression=draft.compression,
            access_key=draft.access_key,
            created_at=self._clock.now(),
            recipient_names=tuple((h.recipient, h.name) for h in extra if h.name),
            description_recipient=keys.recipient if draft.write_only else "",
            kept_in=self._secrets.describe(),
            has_storage_secret=draft.secret_key is not None,
            object_lock=draft.object_lock,
        )

    def _take_back(self, vault_id: VaultId) -> None:
        with suppress(MangroveError):  # a store that takes nothing holds nothing either
            self._store.remove(vault_id)
        for ref in (
            identity_ref(vault_id),
            description_ref(vault_id),
            signing_key_ref(vault_id),
            storage_key_ref(vault_id),
        ):
            self._secrets.forget(ref)

    def _notice(self, spec: VaultSpec) -> str:
        notices = []
        if not self._secrets.is_lasting():
            notices.append(SESSION_NOTICE)
        if not spec.is_encrypted:
            notices.append(UNENCRYPTED_NOTICE)
        return "; ".join(notices)


def with_keeping(spec: VaultSpec, found: Keeping) -> VaultSpec:
    """Note what a storage said of versions and locks; one that would not say changes nothing."""
    if found.problem:
        return spec
    return replace(spec, keeping=found if found.has_versions else None)


def _check_write_only(draft: VaultDraft) -> None:
    if draft.write_only and not (draft.encrypted and draft.extra_recipients):
        raise InvalidKeyError(
            "a vault that is not read here needs a recipient who can read it; nothing was made",
            hint="give the public key of whoever shall open it: --recipient age1...",
        )


def killed_words(left: Sequence[Debris], vault: str) -> str:
    """Say what killed runs left in a vault, and what removes it."""
    objects = counted(sum(d.blobs for d in left), "object")
    size = size_text(sum(d.size_bytes for d in left))
    killed = counted(len(left), "backup")
    look = command_line("vault", "check", vault, "--remove-debris")
    return (
        f"{killed} that did not finish left {objects} ({size}) in {vault}; "
        f"they are no backup, and can be removed with: {look}"
    )
