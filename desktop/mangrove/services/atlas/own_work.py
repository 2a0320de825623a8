"""What Atlas does not let our own backups do, of profiles that are linked."""

from typing_extensions import override

from mangrove.core.atlas.own_work import require
from mangrove.core.own_work import OwnWork, OwnWorkLimits
from mangrove.core.profile import ProfileId
from mangrove.services.atlas.links import AtlasLinks


class LimitsOfAtlas(OwnWorkLimits):
    """Knows the tier of a linked cluster from when it was last seen."""

    def __init__(self, links: AtlasLinks) -> None:
        self._links = links

    @override
    def require(self, profile_id: ProfileId, work: OwnWork) -> None:
        view = self._links.view(profile_id)
        if view is not None:
            require(view.cluster, work)
