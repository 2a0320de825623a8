"""Mirrors of vaults: add one, see how each stands, bring them up to date, forget one."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from mangrove.core.command_line import command_line
from mangrove.core.errors import (
    InvalidVaultUrlError,
    MangroveError,
    NameTakenError,
    VaultNotFoundError,
)
from mangrove.core.ports.mirror import Mirror, MirrorKeeper
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.ports.state import VaultStore
from mangrove.core.profile import checked_name
from mangrove.core.run import RunId, RunKind
from mangrove.core.secret import Secret
from mangrove.core.vaults.mirror import MirrorSpec, MirrorState, mirror_key_ref
from mangrove.core.vaults.object_lock import ObjectLock
from mangrove.core.vaults.url import parse_vault_url
from mangrove.core.vaults.vault import VaultId, VaultSpec
from mangrove.jobs.lanes import Claim
from mangrove.jobs.runner import Runner, Ticket
from mangrove.jobs.vaults.mirror import PHASES, MirrorBody
from mangrove.jobs.vaults.mirror_sign import require_sign
from mangrove.services.vaults import Vaults


@dataclass(frozen=True, slots=True)
class MirrorDraft:
    """What a person typed for a mirror; as for a vault's place."""

    name: str
    url: str
    access_key: str = ""
    secret: Secret | None = None
    object_lock: ObjectLock | None = None


Compared = Callable[[VaultId, tuple[MirrorState, ...]], None]


def _nobody(_vault_id: VaultId, _states: tuple[MirrorState, ...]) -> None:
    """Tell nobody."""


class Mirrors:
    """The further copies of vaults. Calls look at storages and block for as long as that takes.

    Args:
        on_compared: Told how the mirrors of a vault stand, whenever they are compared with it.
    """

    def __init__(
        self,
        vaults: Vaults,
        store: VaultStore,
        secret_store: SecretStore,
        keeper: MirrorKeeper,
        runner: Runner,
        on_compared: Compared = _nobody,
    ) -> None:
        self._vaults, self._store, self._secrets = vaults, store, secret_store
        self._keeper, self._runner = keeper, runner
        self._on_compared = on_compared

    def add(self, vault: str, draft: MirrorDraft) -> MirrorSpec:
        """Add an empty place, or a copy that was made before, as a mirror; nothing is copied yet.

        Raises:
            VaultNotFoundError, InvalidVaultUrlError, NameTakenError, BlobExistsError, VaultError:
                Nothing was added, and no secret is kept.
        """
        spec = self._vaults.find(vault)
        name, url = checked_name(draft.name), draft.url.strip()
        parse_vault_url(url)
        self._refuse_twice(spec, name, url)
        has_secret = draft.secret is not None
        made = MirrorSpec(
            secrets.token_hex(4), name, url, draft.access_key, has_secret, draft.object_lock
        )
        ref = mirror_key_ref(spec.vault_id, made.mirror_id)
        try:
            if draft.secret is not None:
                self._secrets.store(ref, draft.secret)
            made = self._keeper.create_mirror(spec, made)
            self._store.save(replace(spec, mirrors=(*spec.mirrors, made)))
        except BaseException:
            self._secrets.forget(ref)
            raise
        return made

    def states(self, vault: str) -> tuple[MirrorState, ...]:
        """Compare every mirror with its vault; one that does not answer says so."""
        spec = self._vaults.find(vault)
        found = tuple(map(_state_of, self._opened(spec)))
        self._on_compared(spec.vault_id, found)
        return found

    def start_sync(self, vault: str) -> RunId:
        """Start to copy what is missing in the mirrors, and return at once.

        Raises:
            VaultNotFoundError: If there is no such vault, or it has no mirror.
        """
        spec = self._vaults.find(vault)
        if not spec.mirrors:
            raise VaultNotFoundError(
                f"the vault '{spec.name}' has no mirror",
                hint="add one: "
                + command_line("vault", "mirror", "add", spec.name, "NAME", "--url", "URL"),
            )
        ticket = Ticket(
            kind=RunKind.MIRROR,
            title=f"Copy {spec.name} to its mirrors",
            phases=PHASES,
            vault=spec.name,
            claims=(Claim(f"vault {spec.name}"),),
        )
        return self._runner.start(ticket, MirrorBody(partial(self._opened, spec)))

    def remove(self, vault: str, name: str) -> None:
        """Forget a mirror and its secret here; what is stored there stays.

        Raises:
            VaultNotFoundError: If there is no such vault or mirror.
        """
        spec = self._vaults.find(vault)
        wanted = name.strip().casefold()
        gone = next((m for m in spec.mirrors if m.name.casefold() == wanted), None)
        if gone is None:
            known = ", ".join(m.name for m in spec.mirrors) or "none"
            raise VaultNotFoundError(
                f"the vault '{spec.name}' has no mirror '{name}'", hint=f"its mirrors: {known}"
            )
        kept = tuple(m for m in spec.mirrors if m is not gone)
        self._store.save(replace(spec, mirrors=kept))
        self._secrets.forget(mirror_key_ref(spec.vault_id, gone.mirror_id))

    def _opened(self, spec: VaultSpec) -> tuple[Mirror, ...]:
        return tuple(self._keeper.open_mirror(spec, mirror) for mirror in spec.mirrors)

    def _refuse_twice(self, spec: VaultSpec, name: str, url: str) -> None:
        if any(m.name.casefold() == name.casefold() for m in spec.mirrors):
            raise NameTakenError(f"there is a mirror '{name}' already", hint="choose another name")
        places = {parse_vault_url(place) for place in (spec.url, *(m.url for m in spec.mirrors))}
        if parse_vault_url(url) in places:
            raise InvalidVaultUrlError(
                "this place holds a copy of the vault already; nothing was added",
                hint="a mirror belongs on another disk, or better in another building",
            )


def _state_of(mirror: Mirror) -> MirrorState:
    try:
        require_sign(mirror)
    except MangroveError as error:
        return MirrorState(mirror.spec.name, mirror.spec.url, problem=error.message)
    return mirror.state()
