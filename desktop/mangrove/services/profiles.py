"""Connection profiles: create, test, edit, duplicate, forget."""

import secrets
from dataclasses import dataclass, replace

from mangrove.core.deployment import CollectionSize, DeploymentReport
from mangrove.core.errors import NameTakenError, ProfileNotFoundError
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.gate import Gate
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.ports.state import ProfileStore
from mangrove.core.ports.steps import StepListener
from mangrove.core.profile import (
    Colour,
    Profile,
    ProfileId,
    SecretHome,
    UnreadableProfile,
    certificate_password_ref,
    checked_name,
    password_ref,
    slug_of,
    tunnel_secret_ref,
)
from mangrove.core.secret import Secret, SecretRef
from mangrove.core.tunnel import TunnelAuth, TunnelSpec, check_tunnel
from mangrove.core.uri import ParsedUri, parse_uri

SESSION_NOTICE = (
    "no usable keyring was found: the password is kept for this session only "
    "and is asked for again after a restart"
)


@dataclass(frozen=True, slots=True)
class ProfileDraft:
    """What a person typed for a profile.

    Attributes:
        uri_text: May hold a password, which is taken out of it.
        password: Typed apart; wins over one inside ``uri_text``.
        certificate_password: Of the TLS client key.
        tunnel: The SSH server to go through, without its secret.
        tunnel_secret: Its password, or the passphrase of its key file.
    """

    name: str
    uri_text: str
    password: Secret | None = None
    certificate_password: Secret | None = None
    colour: Colour = Colour.GREY
    tunnel: TunnelSpec | None = None
    tunnel_secret: Secret | None = None


@dataclass(frozen=True, slots=True)
class SavedProfile:
    """A stored profile, where its secrets went, and a sentence if that needs saying."""

    profile: Profile
    secret_home: SecretHome
    notice: str = ""


class Profiles:
    """The profiles of this workstation. Calls that touch secrets or servers may block."""

    def __init__(
        self, store: ProfileStore, secret_store: SecretStore, gate: Gate, clock: Clock
    ) -> None:
        self._store = store
        self._secrets = secret_store
        self._gate = gate
        self._clock = clock

    def all(self) -> tuple[Profile | UnreadableProfile, ...]:
        """Return every profile by name; damaged ones as such."""
        return self._store.all()

    def find(self, name: str) -> Profile:
        """Return a profile by its name, without regard to case.

        Raises:
            ProfileNotFoundError: If there is none, or it is damaged.
        """
        wanted = name.strip().casefold()
        found = next((p for p in self._store.all() if p.name.casefold() == wanted), None)
        match found:
            case Profile():
                return found
            case UnreadableProfile():
                raise ProfileNotFoundError(
                    f"the stored record of profile '{found.name}' is damaged: {found.reason}",
                    hint="remove it and add it again; its backups are not touched",
                )
            case None:
                known = ", ".join(p.name for p in self._store.all()) or "none yet"
                raise ProfileNotFoundError(
                    f"there is no profile '{name}'", hint=f"known profiles: {known}"
                )

    def by_id(self, profile_id: ProfileId) -> Profile:
        """Return a profile by its id.

        Raises:
            ProfileNotFoundError: If it is gone.
        """
        for profile in self._store.all():
            if isinstance(profile, Profile) and profile.profile_id == profile_id:
                return profile
        raise ProfileNotFoundError("the profile is gone; somebody removed it")

    def preview(self, draft: ProfileDraft) -> Profile:
        """Return the profile a draft would make; nothing is stored.

        Raises:
            InvalidUriError, InvalidProfileError: If the draft makes none.
        """
        return self._built(draft, parse_uri(draft.uri_text))

    def add(self, draft: ProfileDraft) -> SavedProfile:
        """Store a new profile, its secrets apart.

        Raises:
            InvalidUriError, InvalidProfileError, NameTakenError: Nothing was stored.
        """
        parsed = parse_uri(draft.uri_text)
        profile = self._built(draft, parsed)
        self._require_free(profile.name, None)
        self._gate.check_options(parsed.uri)
        return self._saved(profile, draft, parsed)

    def update(self, profile_id: ProfileId, draft: ProfileDraft) -> SavedProfile:
        """Change a profile; without a new password the stored one is kept.

        Raises:
            ProfileNotFoundError, InvalidUriError, InvalidProfileError, NameTakenError.
        """
        old = self.by_id(profile_id)
        parsed = parse_uri(draft.uri_text)
        self._require_free(checked_name(draft.name), profile_id)
        self._gate.check_options(parsed.uri)
        same_user = parsed.uri.user == old.uri.user
        profile = replace(
            old,
            name=checked_name(draft.name),
            uri=parsed.uri,
            colour=draft.colour,
            password=old.password if same_user else None,
            tunnel=_with_kept_secret(self._checked_tunnel(draft, parsed), old.tunnel),
        )
        for ref in set(old.secret_refs) - set(profile.secret_refs):
            self._secrets.forget(ref)
        return self._saved(profile, draft, parsed)

    def duplicate(self, name: str, new_name: str) -> SavedProfile:
        """Copy a profile, its secrets too, under another name."""
        old = self.find(name)
        draft = ProfileDraft(
            new_name,
            old.uri.text(),
            self._fetched(old.password),
            self._fetched(old.certificate_password),
            old.colour,
            replace(old.tunnel, secret=None) if old.tunnel else None,
            self._fetched(old.tunnel.secret) if old.tunnel else None,
        )
        return self.add(draft)

    def remove(self, name: str) -> None:
        """Forget a profile and its secrets; backups are not touched.

        Raises:
            ProfileNotFoundError: If there is none.
        """
        wanted = name.strip().casefold()
        damaged = (p for p in self._store.all() if isinstance(p, UnreadableProfile))
        unreadable = next((p for p in damaged if p.name.casefold() == wanted), None)
        if unreadable is not None:
            self._store.remove_unreadable(unreadable.name)
            return
        found = self.find(name)
        for ref in found.secret_refs:
            self._secrets.forget(ref)
        self._store.remove(found.profile_id)

    def test(self, name: str, on_step: StepListener) -> DeploymentReport:
        """Connect and report; raises a ConnectError or SourceError that says what failed."""
        return self._gate.probe(self.find(name), None, on_step)

    def test_draft(
        self, draft: ProfileDraft, on_step: StepListener, profile_id: ProfileId | None = None
    ) -> DeploymentReport:
        """Connect with what is typed, before anything is stored."""
        parsed = parse_uri(draft.uri_text)
        profile = self._built(draft, parsed)
        password = draft.password or parsed.password
        if profile_id is not None:
            old = self.by_id(profile_id)
            same_user = old.uri.user == profile.uri.user
            kept = old.password if same_user else None
            tunnel = _with_kept_secret(profile.tunnel, old.tunnel)
            profile = replace(profile, profile_id=profile_id, password=kept, tunnel=tunnel)
            if password is None and same_user:
                password = self._fetched(old.password)
        return self._gate.probe(profile, password, on_step, draft.tunnel_secret)

    def collections(self, name: str) -> tuple[CollectionSize, ...]:
        """Return the database tree with estimated sizes."""
        return self._gate.collections(self.find(name))

    def sees_everything(self, name: str) -> bool:
        """Whether the tree is whole: a user with few privileges is shown fewer databases."""
        return self._gate.sees_everything(self.find(name))

    def secrets_notice(self) -> str:
        """Say in a sentence if secrets do not last; "" when they do."""
        return "" if self._secrets.is_lasting() else SESSION_NOTICE

    # --- inside --------------------------------------------------------------------------

    def _built(self, draft: ProfileDraft, parsed: ParsedUri) -> Profile:
        name = checked_name(draft.name)
        return Profile(
            profile_id=ProfileId(secrets.token_hex(8)),
            name=name,
            slug=slug_of(name, self._store.used_slugs()),
            uri=parsed.uri,
            password=None,
            certificate_password=None,
            colour=draft.colour,
            created_at=self._clock.now(),
            tunnel=self._checked_tunnel(draft, parsed),
        )

    def _checked_tunnel(self, draft: ProfileDraft, parsed: ParsedUri) -> TunnelSpec | None:
        if draft.tunnel is None:
            return None
        check_tunnel(draft.tunnel, parsed.uri)
        return replace(draft.tunnel, secret=None)

    def _saved(self, profile: Profile, draft: ProfileDraft, parsed: ParsedUri) -> SavedProfile:
        password = draft.password or parsed.password
        certificate = draft.certificate_password or parsed.certificate_password
        stored = replace(
            profile,
            password=self._kept(password_ref(profile.profile_id), password) or profile.password,
            certificate_password=self._kept(
                certificate_password_ref(profile.profile_id), certificate
            )
            or profile.certificate_password,
            tunnel=self._tunnel_with_secret(profile, draft.tunnel_secret),
        )
        self._store.save(stored)
        if not stored.secret_refs:
            return SavedProfile(stored, SecretHome.NONE)
        if self._secrets.is_lasting():
            return SavedProfile(stored, SecretHome.KEYRING)
        return SavedProfile(stored, SecretHome.SESSION, SESSION_NOTICE)

    def _tunnel_with_secret(self, profile: Profile, secret: Secret | None) -> TunnelSpec | None:
        if profile.tunnel is None or profile.tunnel.auth is TunnelAuth.AGENT:
            return profile.tunnel
        ref = self._kept(tunnel_secret_ref(profile.profile_id), secret)
        return replace(profile.tunnel, secret=ref or profile.tunnel.secret)

    def _kept(self, ref: SecretRef, secret: Secret | None) -> SecretRef | None:
        if secret is None or not secret:
            return None
        self._secrets.store(ref, secret)
        return ref

    def _fetched(self, ref: SecretRef | None) -> Secret | None:
        return self._secrets.fetch(ref) if ref else None

    def _require_free(self, name: str, own: ProfileId | None) -> None:
        for other in self._store.all():
            is_own = isinstance(other, Profile) and other.profile_id == own
            if other.name.casefold() == name.casefold() and not is_own:
                raise NameTakenError(
                    f"there is a profile '{other.name}' already", hint="choose another name"
                )


def _with_kept_secret(spec: TunnelSpec | None, old: TunnelSpec | None) -> TunnelSpec | None:
    """Return the tunnel with the old one's secret, if that is the one it takes."""
    if spec is None or old is None or not spec.takes_same_secret(old):
        return spec
    return replace(spec, secret=old.secret)
