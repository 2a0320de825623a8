"""Assertions: what the owner of data expects of them; saved, tried live, asked of every copy."""

import secrets
from dataclasses import replace

from mangrove.core.assertion import (
    EVERYTHING,
    Assertion,
    AssertionId,
    AssertionResult,
    Question,
    checked_question,
    judged,
)
from mangrove.core.errors import AssertionNotFoundError
from mangrove.core.ports.assertion import Asked, AssertionStore
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.gate import Gate
from mangrove.core.profile import Profile, checked_name
from mangrove.engine.extended_json_write import to_canonical
from mangrove.engine.queries import query_bytes
from mangrove.services.profiles import Profiles

TRY_LIMIT_MS = 20_000


class Assertions:
    """The saved questions of every profile."""

    def __init__(self, store: AssertionStore, profiles: Profiles, gate: Gate, clock: Clock) -> None:
        self._store = store
        self._profiles = profiles
        self._gate = gate
        self._clock = clock

    def of(self, profile: str) -> tuple[Assertion, ...]:
        """Return a profile's assertions by name.

        Raises:
            ProfileNotFoundError: If there is no such profile.
        """
        return self._store.of(self._profiles.find(profile).profile_id)

    def of_slug(self, slug: str) -> tuple[Assertion, ...]:
        """Return those of the profile whose backups lie under a folder; none if it is gone."""
        found = next(
            (p for p in self._profiles.all() if isinstance(p, Profile) and p.slug == slug), None
        )
        return self._store.of(found.profile_id) if found is not None else ()

    def add(self, profile: str, name: str, question: Question) -> Assertion:
        """Save an assertion; from now on every trial restore of the profile is asked.

        Raises:
            InvalidAssertionError, InvalidSelectionError, InvalidProfileError: It makes no sense.
            NameTakenError, ProfileNotFoundError: Nothing was saved.
        """
        assertion = Assertion(
            assertion_id=AssertionId(secrets.token_hex(8)),
            profile_id=self._profiles.find(profile).profile_id,
            name=checked_name(name),
            question=self.checked(question),
            created_at=self._clock.now(),
        )
        self._store.save(assertion)
        return assertion

    def find(self, profile: str, name: str) -> Assertion:
        """Return an assertion by its name, without regard to case.

        Raises:
            AssertionNotFoundError, ProfileNotFoundError: If there is none.
        """
        known = self.of(profile)
        wanted = name.strip().casefold()
        found = next((a for a in known if a.name.casefold() == wanted), None)
        if found is None:
            names = ", ".join(a.name for a in known) or "none yet"
            raise AssertionNotFoundError(
                f"{profile} has no assertion '{name}'", hint=f"known assertions: {names}"
            )
        return found

    def remove(self, profile: str, name: str) -> None:
        """Forget an assertion; evidence that names it stays.

        Raises:
            AssertionNotFoundError, ProfileNotFoundError: If there is none.
        """
        self._store.remove(self.find(profile, name).assertion_id)

    def checked(self, question: Question) -> Question:
        """Return a question that makes sense, its query in canonical form.

        Raises:
            InvalidAssertionError, InvalidSelectionError: If it does not.
        """
        query = to_canonical(query_bytes(question.query.strip() or EVERYTHING))
        return checked_question(replace(question, field=question.field.strip(), query=query))

    def try_live(self, profile: str, name: str, question: Question) -> AssertionResult:
        """Ask the live deployment, as of now; nothing is saved and nothing is written.

        Raises:
            InvalidAssertionError, InvalidSelectionError, ProfileNotFoundError: As ``add``.
            ConnectError, MissingPrivilegeError: If it cannot be asked.
        """
        found, asked = self._profiles.find(profile), self.checked(question)
        with self._gate.open_asked(found) as opened:
            return self._asked(opened, name, asked)

    def run_live(self, profile: str) -> tuple[AssertionResult, ...]:
        """Ask the live deployment all of a profile's assertions, as of now.

        Raises:
            ProfileNotFoundError, ConnectError, MissingPrivilegeError: As ``try_live``.
        """
        assertions = self.of(profile)
        if not assertions:
            return ()
        with self._gate.open_asked(self._profiles.find(profile)) as opened:
            return tuple(self._asked(opened, a.name, a.question) for a in assertions)

    def _asked(self, opened: Asked, name: str, question: Question) -> AssertionResult:
        query = query_bytes(question.query)
        answer = opened.ask(question.namespace, question, query, TRY_LIMIT_MS)
        return judged(name, question, answer, self._clock.now())
