"""Changes to a vault's keys as pure functions: recipients come and go, signing keys retire."""

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import datetime

from mangrove.core.errors import InvalidKeyError
from mangrove.core.vaults.keys import KitRecord, KitState, RetiredKey
from mangrove.core.vaults.vault import VaultSpec

CODE_LENGTH = 12
_NAMED = re.compile(r"(?:(?P<name>[^=]*)=)?(?P<key>[^\s=]+)")
_SEQUENCE = re.compile(r"\bsequence (?P<number>[0-9]+)\b")
_MOMENT = re.compile(r"\bat (?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6})Z(?:\s|$)")
_NOT_IN_CODE = re.compile(r"[^A-Z0-9]")
MAX_HOLDER = 60


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who can open a vault: an age recipient, and whose it is ("" when not told)."""

    recipient: str
    name: str = ""

    @property
    def shown(self) -> str:
        """The name with the beginning of the key, fit for a table."""
        short = f"{self.recipient[:14]}\N{HORIZONTAL ELLIPSIS}"
        return f"{self.name} ({short})" if self.name else short


def parse_holder(text: str) -> Holder:
    """Read ``age1…`` or ``NAME=age1…``; the key itself is checked where it is used.

    Raises:
        InvalidKeyError: If it is neither.
    """
    match = _NAMED.fullmatch(text.strip())
    name = (match["name"] or "").strip() if match else ""
    if match is None or len(name) > MAX_HOLDER or not name.isprintable():
        raise InvalidKeyError(
            "this is not a recipient; nothing was changed", hint="write age1... or NAME=age1..."
        )
    return Holder(match["key"], name)


def holders(spec: VaultSpec) -> tuple[Holder, ...]:
    """Return everybody who can open what is stored from now on."""
    names = dict(spec.recipient_names)
    return tuple(Holder(key, names.get(key, "")) for key in spec.recipients)


def with_holder(spec: VaultSpec, holder: Holder) -> VaultSpec:
    """Add a recipient, or give one another name.

    Raises:
        InvalidKeyError: If the vault is not encrypted.
    """
    if not spec.is_encrypted:
        raise InvalidKeyError(
            "the vault is not encrypted, so it has no recipients; nothing was changed",
            hint="make an encrypted vault and copy the backups you need",
        )
    key = holder.recipient
    names = tuple(pair for pair in spec.recipient_names if pair[0] != key)
    return replace(
        spec,
        recipients=spec.recipients if key in spec.recipients else (*spec.recipients, key),
        recipient_names=(*names, (key, holder.name)) if holder.name else names,
        former_recipients=tuple(k for k in spec.former_recipients if k != key),
    )


def without_holder(spec: VaultSpec, wanted: str) -> VaultSpec:
    """Take a recipient away, by its key or by its name.

    What is stored already stays openable by it: whoever has a copy has it.

    Raises:
        InvalidKeyError: If there is no such recipient, or it is the last one.
    """
    key = find_holder(spec, wanted).recipient
    if len(spec.recipients) == 1:
        raise InvalidKeyError(
            "this is the only recipient: without it nobody could open new backups;"
            " nothing was changed",
            hint="add another recipient first",
        )
    return replace(
        spec,
        recipients=tuple(k for k in spec.recipients if k != key),
        recipient_names=tuple(pair for pair in spec.recipient_names if pair[0] != key),
        former_recipients=(*(k for k in spec.former_recipients if k != key), key),
    )


def find_holder(spec: VaultSpec, wanted: str) -> Holder:
    """Return the recipient with this key or name.

    Raises:
        InvalidKeyError: If there is none, or more than one has the name.
    """
    text = wanted.strip()
    found = [h for h in holders(spec) if text == h.recipient or text == h.name != ""]
    if len(found) != 1:
        known = ", ".join(h.shown for h in holders(spec)) or "none"
        problem = "more than one recipient has this name" if found else "there is no such recipient"
        raise InvalidKeyError(f"{problem}; nothing was changed", hint=f"recipients: {known}")
    return found[0]


def with_new_signing_key(spec: VaultSpec, public_key: str, retired: RetiredKey) -> VaultSpec:
    """Retire the signing key; what it signed up to its last number and moment stays trusted."""
    return replace(spec, public_key=public_key, retired_keys=(*spec.retired_keys, retired))


def is_within(retired: RetiredKey, comment: str) -> bool:
    """Whether a trusted comment is from the time in which a retired key was the one.

    A comment carries a sequence number (backups) or a moment (``at …Z``: evidence and the like);
    one with neither says nothing of its age and is not accepted.
    """
    sequence, moment = _SEQUENCE.search(comment), _MOMENT.search(comment)
    if sequence is not None:
        return int(sequence["number"]) <= retired.last_sequence
    if moment is None:
        return False
    try:
        at = datetime.fromisoformat(moment["at"] + "+00:00")
    except ValueError:
        return False
    return at <= retired.retired_at


def keys_fingerprint(spec: VaultSpec) -> str:
    """Return a fingerprint of all that a recovery kit has to hold: keys, and where copies are."""
    parts = [*sorted(spec.recipients), spec.description_recipient, spec.public_key]
    if spec.access_key:
        parts.append(f"access key {spec.access_key}")
    parts += sorted(f"mirror {m.name} {m.url} {m.access_key}" for m in spec.mirrors)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def kit_state(spec: VaultSpec) -> KitState:
    """Say whether the recovery kit is stored, as far as this workstation was told."""
    kit = spec.kit
    if kit is None:
        return KitState.MISSING
    if kit.covers != keys_fingerprint(spec):
        return KitState.OUTDATED
    return KitState.STORED if kit.confirmed_at else KitState.UNCONFIRMED


def code_digest(code: str) -> str:
    """Return what is kept of a kit's code; case, spaces and dashes do not matter."""
    return hashlib.sha256(_NOT_IN_CODE.sub("", code.upper()).encode()).hexdigest()


def with_confirmed_kit(spec: VaultSpec, code: str, at: datetime) -> VaultSpec:
    """Note that the kit is stored, once its code was typed back.

    Raises:
        InvalidKeyError: If no kit was made, the keys have changed since, or the code is wrong.
    """
    state = kit_state(spec)
    kit = spec.kit
    if kit is None or state is KitState.OUTDATED:
        what = "no recovery kit was made yet" if kit is None else "the keys have changed since"
        raise InvalidKeyError(
            f"{what}; nothing was confirmed", hint="make a new recovery kit and store that one"
        )
    if kit.code_digest != code_digest(code):
        raise InvalidKeyError(
            "this is not the code on the newest recovery kit; nothing was confirmed",
            hint="type the code that is printed at the top of its first page",
        )
    return replace(spec, kit=replace(kit, confirmed_at=at))


def with_kit(spec: VaultSpec, code: str, at: datetime) -> VaultSpec:
    """Note that a kit was made; it counts as stored only when its code is typed back."""
    return replace(spec, kit=KitRecord(at, keys_fingerprint(spec), code_digest(code)))
