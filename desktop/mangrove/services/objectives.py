"""Objectives: what a profile and its databases are held to."""

from collections.abc import Mapping

from mangrove.core.errors import InvalidObjectiveError
from mangrove.core.figures.objectives import Objectives
from mangrove.core.figures.profile_facts import WHOLE
from mangrove.core.ports.figures import ObjectiveStore
from mangrove.services.profiles import Profiles


class ObjectiveBook:
    """The objectives of every profile; what is not set follows from its schedule."""

    def __init__(self, profiles: Profiles, store: ObjectiveStore) -> None:
        self._profiles = profiles
        self._store = store

    def of(self, profile: str) -> Mapping[str, Objectives]:
        """Return what is set for a profile, by database; that of "" is for all of them.

        Raises:
            ProfileNotFoundError: If there is none.
        """
        return self._store.all().get(self._profiles.find(profile).profile_id, {})

    def set(self, profile: str, objectives: Objectives, database: str = WHOLE) -> None:
        """Set the objectives of a profile or of one of its databases; empty ones are taken away.

        Raises:
            ProfileNotFoundError: If there is no such profile; nothing was changed.
            InvalidObjectiveError: If that is no name of a database; nothing was changed.
        """
        if "." in database:
            raise InvalidObjectiveError(
                f"'{database}' is not a database name",
                hint="name a whole database",
            )
        self._store.save(self._profiles.find(profile).profile_id, database, objectives)
