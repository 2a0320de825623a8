"""Tells timeline and figures what Atlas keeps, from what was last seen; Atlas is not asked."""

from typing_extensions import override

from mangrove.core.atlas.kept import kept_of
from mangrove.core.elsewhere import Elsewhere, ElsewhereSource
from mangrove.core.errors import ProfileNotFoundError
from mangrove.core.profile import ProfileId
from mangrove.services.atlas.links import AtlasLinks
from mangrove.services.profiles import Profiles


class KeptAtAtlas(ElsewhereSource):
    """Fulfils the port for linked profiles; a link that is gone tells nothing."""

    def __init__(self, links: AtlasLinks, profiles: Profiles) -> None:
        self._links, self._profiles = links, profiles

    @override
    def kept(self, profile_id: ProfileId) -> tuple[Elsewhere, ...]:
        view = self._links.view(profile_id)
        if view is None:
            return ()
        try:
            profile = self._profiles.by_id(profile_id)
        except ProfileNotFoundError:
            return ()
        return (kept_of(view, profile.name),)
