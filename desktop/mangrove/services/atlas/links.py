"""Profiles that are Atlas clusters: link them, look what is there, keep what was seen."""

from dataclasses import replace

from mangrove.core.atlas.cluster import Tier, Wish
from mangrove.core.atlas.link import AtlasLink, AtlasView, Located, leads_to
from mangrove.core.atlas.restore import AtlasRestoreJob
from mangrove.core.command_line import command_line
from mangrove.core.errors import AtlasNotFoundError, MangroveError
from mangrove.core.ports.atlas import AtlasApi
from mangrove.core.profile import Profile, ProfileId, UnreadableProfile
from mangrove.services.atlas.clusters import AtlasClusters
from mangrove.services.atlas.tools import AtlasTools


class AtlasLinks:
    """Links are local; ``propose`` and ``look`` go to Atlas and block."""

    def __init__(self, tools: AtlasTools, clusters: AtlasClusters) -> None:
        self._tools = tools
        self._clusters = clusters

    def all(self) -> tuple[tuple[Profile, AtlasLink], ...]:
        """Return every linked profile with its link, by name."""
        links = {link.profile_id: link for link in self._tools.links.links()}
        profiles = (p for p in self._tools.profiles.all() if not isinstance(p, UnreadableProfile))
        return tuple((p, links[p.profile_id]) for p in profiles if p.profile_id in links)

    def is_any(self) -> bool:
        """Whether any profile is linked. Local."""
        return bool(self._tools.links.links())

    def of(self, profile: str) -> AtlasLink | None:
        """Return the link of a profile.

        Raises:
            ProfileNotFoundError: If there is no such profile.
        """
        found = self._tools.profiles.find(profile)
        return next((x for p, x in self.all() if p.profile_id == found.profile_id), None)

    def propose(self, profile: str) -> tuple[Located, ...]:
        """Return the clusters that a profile's connection string names.

        Raises:
            ProfileNotFoundError, AtlasNotFoundError: If there is no such profile, or no account.
        """
        found = self._tools.profiles.find(profile)
        return tuple(p for p in self._clusters.all() if leads_to(found, p.cluster))

    def link(self, profile: str, place: Located) -> AtlasView:
        """Link a profile with a cluster, and look what is there.

        Raises:
            ProfileNotFoundError: If there is no such profile.
        """
        found = self._tools.profiles.find(profile)
        link = AtlasLink(
            found.profile_id,
            place.account.account_id,
            place.project.project_id,
            place.project.name,
            place.cluster.name,
        )
        view = self._seen(link, place)
        self._tools.links.save_link(link)
        self._tools.links.save_view(view)
        return view

    def unlink(self, profile: str) -> None:
        """Forget the link of a profile; nothing at Atlas changes.

        Raises:
            ProfileNotFoundError, AtlasNotFoundError: If there is no such profile, or no link.
        """
        link = self.of(profile)
        if link is None:
            raise AtlasNotFoundError(
                f"the profile '{profile}' is not linked with an Atlas cluster",
                hint="nothing was changed",
            )
        self._tools.links.remove_link(link.profile_id)

    def view(self, profile_id: ProfileId) -> AtlasView | None:
        """Return what was last seen of a linked profile's cluster; None for none. Local."""
        return self._tools.links.view(profile_id)

    def look(self, profile: str) -> AtlasView:
        """Look anew at a linked profile's cluster, and keep what is seen.

        Raises:
            AtlasNotFoundError: If it is not linked.
            MangroveError: If Atlas does not tell; what was seen before stays, with the reason.
        """
        link = self.of(profile)
        if link is None:
            raise AtlasNotFoundError(
                f"the profile '{profile}' is not linked with an Atlas cluster",
                hint=f"link it: {command_line('atlas', 'link', profile, 'CLUSTER')}",
            )
        return self._looked(link)

    def look_at_all(self) -> tuple[AtlasView, ...]:
        """Look anew at every linked cluster; one that does not answer keeps what was seen."""
        found = []
        for profile, link in self.all():
            try:
                found.append(self._looked(link))
            except MangroveError:
                before = self.view(profile.profile_id)
                found += [before] if before else []
        return tuple(found)

    def _looked(self, link: AtlasLink) -> AtlasView:
        try:
            view = self._seen(link, self._clusters.of_link(link))
        except MangroveError as error:
            before = self._tools.links.view(link.profile_id)
            if before is not None:
                self._tools.links.save_view(replace(before, problem=error.message))
            raise
        self._tools.links.save_view(view)
        return view

    def _seen(self, link: AtlasLink, place: Located) -> AtlasView:
        cluster = place.cluster
        with self._tools.opened(place) as api:
            has_schedule = not cluster.why_not(Wish.SCHEDULE)
            return AtlasView(
                link=link,
                cluster=cluster,
                schedule=api.schedule(cluster) if has_schedule else None,
                snapshots=api.snapshots(cluster),
                restores=_restores_around(api, place),
                seen_at=self._tools.clock.now(),
            )


def _restores_around(api: AtlasApi, place: Located) -> tuple[AtlasRestoreJob, ...]:
    """Return restores from a cluster, and those into it that Atlas lists under another."""
    own = api.restores(place.cluster)
    if not place.cluster.has_continuous:
        return own
    others = [
        job
        for cluster in api.clusters(place.project.project_id)
        if cluster.name != place.cluster.name and cluster.tier is Tier.DEDICATED
        for job in api.restores(cluster)
        if job.target_cluster == place.cluster.name
        and job.target_project == place.project.project_id
    ]
    return tuple(sorted((*own, *others), key=lambda j: j.created_at, reverse=True))
