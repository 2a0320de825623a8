"""Tells timeline and figures what Atlas keeps, from what was last seen; Atlas is not asked."""

from typing_extensions import override

from mangrove.core.atlas.kept import kept_of
from mangrove.core.elsewhere import Elsewhere, ElsewhereSource
from mangrove.core.profile import Profile
from mangrove.services.atlas.links import AtlasLinks


class KeptAtAtlas(ElsewhereSource):
    """Fulfils the port for linked profiles; a link that is gone tells nothing."""

    def __init__(self, links: AtlasLinks) -> None:
        self._links = links

    @override
    def kept(self, profile: Profile) -> tuple[Elsewhere, ...]:
        view = self._links.view(profile.profile_id)
        return () if view is None else (kept_of(view, profile.name),)
