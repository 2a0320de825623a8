"""A vault's keys: who can open it, which key signs, and the key of this workstation."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from mangrove.core.backup import BackupId
from mangrove.core.errors import InvalidKeyError, MangroveError, VaultError, WrongIdentityError
from mangrove.core.ports.catalog import VaultMemory, WholeCatalog
from mangrove.core.ports.kit import KitBinder
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.ports.state import VaultStore
from mangrove.core.run import RunId, RunKind
from mangrove.core.secret import Secret
from mangrove.core.vaults.key_changes import (
    Holder,
    holders,
    with_holder,
    with_new_signing_key,
    without_holder,
)
from mangrove.core.vaults.kit import check_passphrase
from mangrove.core.vaults.lock import LockMode
from mangrove.core.vaults.vault import VaultSpec, identity_ref, signing_ref_of
from mangrove.jobs.lanes import Claim
from mangrove.jobs.runner import Ticket
from mangrove.jobs.vaults.mirror_sign import require_sign
from mangrove.jobs.vaults.rewrap import PHASES, RewrapBody
from mangrove.services.backups import BackupTools
from mangrove.services.kit_files import content_of, refuse_existing, write_all
from mangrove.services.vaults import WRITERS

LATER = (
    "the storage could not be told yet: {reason}; vault.json is brought up to date with the next"
    " backup"
)


@dataclass(frozen=True, slots=True)
class ChangedKeys:
    """A vault with other keys, and a sentence if something needs saying."""

    spec: VaultSpec
    notice: str = ""


class Keys:
    """The keys of the vaults this workstation knows. Calls touch keyring and storage."""

    def __init__(
        self,
        tools: BackupTools,
        store: VaultStore,
        secret_store: SecretStore,
        memory: VaultMemory,
        binder: KitBinder,
        catalog: WholeCatalog,
    ) -> None:
        self._binder, self._copy_on = binder, tools.copy_on
        self._mirrors_of = tools.mirrors_of
        self._vaults, self._keeper, self._clock = tools.vaults, tools.keeper, tools.clock
        self._catalog, self._runner = catalog, tools.runner
        self._store = store
        self._secrets = secret_store
        self._memory = memory

    def holders(self, name: str) -> tuple[Holder, ...]:
        """Return who can open what is stored in a vault from now on."""
        return holders(self._vaults.find(name))

    def add_recipient(self, name: str, holder: Holder) -> ChangedKeys:
        """Let somebody open future backups; those that are there wait for a re-wrap.

        Raises:
            InvalidKeyError: Nothing was changed.
        """
        self._keeper.check_recipient(holder.recipient)
        return self._changed(name, lambda spec: with_holder(spec, holder))

    def add_passphrase(self, name: str, label: str, target: str, passphrase: Secret) -> ChangedKeys:
        """Let a passphrase open future backups, together with a small file that it seals.

        Args:
            name: The vault's.
            label: Whose passphrase it is.
            target: Where the sealed key is written; a new file for its owner only.
            passphrase: Seals it, and is kept nowhere.

        Raises:
            InvalidKeyError: The passphrase is too weak; nothing was written.
            NameTakenError, ConfigurationError: The file cannot be written; nothing was changed.
        """
        check_passphrase(passphrase)
        path = Path(target).expanduser().absolute()
        refuse_existing(path)
        recipient, sealed = self._binder.new_sealed_identity(passphrase)
        changed = with_holder(self._vaults.find(name), Holder(recipient, label))
        write_all({path: sealed})
        return self._saved(changed)

    def open_identity(self, path: str, passphrase: Secret) -> Secret:
        """Return the key in a file that a passphrase seals; nothing is changed by that."""
        return self._binder.open_identity(content_of(Path(path).expanduser()), passphrase)

    def remove_recipient(self, name: str, wanted: str) -> ChangedKeys:
        """Keep somebody from opening future backups.

        Raises:
            InvalidKeyError: Nothing was changed.
        """
        return self._changed(name, lambda spec: without_holder(spec, wanted))

    def import_identity(self, name: str, identity: Secret) -> Holder:
        """Put a key that opens the vault into the keyring, so that it can be read here.

        Raises:
            InvalidKeyError: If the text is no age identity.
            WrongIdentityError: If it is none of this vault's; nothing was stored.
        """
        spec = self._vaults.find(name)
        recipient = self._keeper.recipient_of(identity)
        if recipient not in (*spec.recipients, *spec.former_recipients):
            raise WrongIdentityError(
                f"this key opens nothing in the vault '{spec.name}'; it was not stored",
                hint=f"the vault opens with: {', '.join(h.shown for h in holders(spec))}",
            )
        self._secrets.store(identity_ref(spec.vault_id), identity)
        self._store.save(replace(spec, kept_in=self._secrets.describe()))
        found = (h for h in holders(spec) if h.recipient == recipient)
        return next(found, Holder(recipient))

    def rotate_signing_key(self, name: str) -> ChangedKeys:
        """Sign with a new key from now on; what the old one signed so far stays good.

        Each step may be the last: until the vault is saved the old key signs, afterwards the new
        one does, and ``vault.json`` follows with the next backup at the latest.

        Raises:
            VaultLockedError: While a run writes there: its signature would come too late.
            StorageUnavailableError, VaultNotFoundError: Nothing was changed.
        """
        spec = self._vaults.find(name)
        signers = (*WRITERS, RunKind.CAPTURE)
        self._vaults.refuse_while_writing(spec, "the key was not changed", signers)
        lease = self._keeper.open(spec).locks.take(LockMode.EXCLUSIVE, "a change of signing key")
        try:
            last = self._keeper.last_sequence(spec)
            keys = self._keeper.new_keys()
            retired = self._keeper.retire(spec, last, self._clock.now())
            changed = with_new_signing_key(spec, keys.public_key, retired)
            self._secrets.store(signing_ref_of(changed), keys.signing_key)
            saved = self._saved(changed)
        finally:
            lease.release()
        late = self._told_mirrors(changed)
        return replace(saved, notice="; ".join(filter(None, (saved.notice, late))))

    def _told_mirrors(self, spec: VaultSpec) -> str:
        """Bring the record of a retired key to the mirrors; returns which are late."""
        late = []
        for mirror in self._mirrors_of(spec):
            try:
                require_sign(mirror)
                mirror.copy_below("_keys/")
            except MangroveError as error:
                late.append(f"the mirror {mirror.spec.name} was not told yet: {error.message}")
        return "; ".join(late)

    def start_rewrap(self, name: str) -> RunId:
        """Start to give all stored backups to the present recipients, and return at once.

        Nobody who could open them before is shut out of copies made before.

        Raises:
            InvalidKeyError: If the vault is not encrypted; nothing was started.
        """
        spec = self._vaults.find(name)
        if not spec.is_encrypted:
            raise InvalidKeyError(
                "the vault is not encrypted, so there is nothing to re-wrap; nothing was changed"
            )
        vault, copy_on = self._keeper.open(spec), self._copy_on(spec)
        body = RewrapBody(vault, self._catalog, self._clock, copy_on)
        ticket = Ticket(
            kind=RunKind.REWRAP,
            title=f"Re-wrap {spec.name}",
            phases=PHASES,
            vault=spec.name,
            claims=(Claim(f"vault {spec.name}"),),
        )
        return self._runner.start(ticket, body)

    def accept_missing(self, name: str) -> tuple[BackupId, ...]:
        """Stop missing the backups that are gone from a vault; returns them.

        For those that somebody removed on purpose, elsewhere.
        """
        spec = self._vaults.find(name)
        missing = self._vaults.check(name).missing
        self._memory.forget(spec.vault_id, missing)
        return missing

    # --- inside --------------------------------------------------------------------------

    def _changed(self, name: str, change: Callable[[VaultSpec], VaultSpec]) -> ChangedKeys:
        return self._saved(change(self._vaults.find(name)))

    def _saved(self, spec: VaultSpec) -> ChangedKeys:
        self._store.save(spec)  # first: what counts is what this workstation trusts
        try:
            self._keeper.settle(spec)
        except VaultError as error:
            return ChangedKeys(spec, LATER.format(reason=_reason(error)))
        return ChangedKeys(spec)


def _reason(error: MangroveError) -> str:
    return error.message.rstrip(".")
