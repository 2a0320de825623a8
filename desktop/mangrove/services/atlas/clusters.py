"""Projects and clusters to pick from, and how a person names one."""

from collections.abc import Iterator

from mangrove.core.atlas.account import AtlasAccount
from mangrove.core.atlas.cluster import AtlasProject
from mangrove.core.atlas.compliance import CompliancePolicy
from mangrove.core.atlas.link import AtlasLink, Located
from mangrove.core.errors import AtlasNotFoundError, ProfileNotFoundError
from mangrove.services.atlas.tools import AtlasTools


def no_account() -> AtlasNotFoundError:
    """Return the error for a workstation that knows no account."""
    return AtlasNotFoundError(
        "there is no Atlas account yet",
        hint="add one: mangrove atlas account add NAME --client-id ID --secret-stdin",
    )


class AtlasClusters:
    """What the accounts see. Every call goes to Atlas and blocks for as long as that takes."""

    def __init__(self, tools: AtlasTools) -> None:
        self._tools = tools

    def projects(self, account: str = "") -> tuple[tuple[AtlasAccount, AtlasProject], ...]:
        """Return the projects of one account, or of all."""
        found = []
        for known in self._accounts(account):
            with self._tools.gate.open(known) as api:
                found += [(known, project) for project in api.projects()]
        return tuple(found)

    def all(self, account: str = "", project: str = "") -> tuple[Located, ...]:
        """Return the clusters of one account or all, of one project or all.

        Raises:
            AtlasNotFoundError: If there is no such account or project.
        """
        found, is_known = [], False
        for known in self._accounts(account):
            with self._tools.gate.open(known) as api:
                for one in api.projects():
                    if project and not _is_called(one, project):
                        continue
                    is_known = True
                    found += [Located(known, one, c) for c in api.clusters(one.project_id)]
        if project and not is_known:
            raise AtlasNotFoundError(
                f"no account sees a project '{project}'",
                hint="list them: mangrove atlas projects",
            )
        return tuple(found)

    def find(self, text: str, account: str = "") -> Located:
        """Return a cluster: a linked profile's, ``PROJECT/CLUSTER``, or one of that name.

        Raises:
            AtlasNotFoundError: If there is none, or more than one.
        """
        link = None if account else self._link_of(text)
        if link is not None:
            return self.of_link(link)
        project, slash, name = text.strip().rpartition("/")
        wanted = (name if slash else text.strip()).casefold()
        found = [p for p in self.all(account, project) if p.cluster.name.casefold() == wanted]
        if not found:
            raise AtlasNotFoundError(
                f"no account sees a cluster '{text}'", hint="list them: mangrove atlas clusters"
            )
        if len(found) > 1:
            names = ", ".join(f"{p.text} ({p.account.name})" for p in found)
            raise AtlasNotFoundError(
                f"'{text}' may be more than one cluster: {names}",
                hint="name the project too, or the account: PROJECT/CLUSTER, --account NAME",
            )
        return found[0]

    def of_link(self, link: AtlasLink) -> Located:
        """Return the cluster of a link.

        Raises:
            AtlasNotFoundError: If account or cluster are gone.
        """
        known = (a for a in self._tools.accounts.all() if a.account_id == link.account_id)
        account = next(known, None)
        if account is None:
            raise AtlasNotFoundError(
                f"the account that {link.text} was linked through is gone",
                hint="link the profile again: mangrove atlas link PROFILE CLUSTER",
            )
        project = AtlasProject(link.project_id, link.project_name)
        with self._tools.gate.open(account) as api:
            clusters = api.clusters(link.project_id)
        found = next((c for c in clusters if c.name == link.cluster), None)
        if found is None:
            raise AtlasNotFoundError(
                f"the cluster {link.text} is gone, or the account may not see it any more",
                hint="list what there is: mangrove atlas clusters",
            )
        return Located(account, project, found)

    def compliance(self, place: Located) -> CompliancePolicy | None:
        """Return the compliance policy that a cluster is under; None without one."""
        with self._tools.opened(place) as api:
            return api.compliance(place.project.project_id)

    def _accounts(self, name: str) -> Iterator[AtlasAccount]:
        if name:
            yield self._tools.account(name)
            return
        known = self._tools.accounts.all()
        if not known:
            raise no_account()
        yield from known

    def _link_of(self, text: str) -> AtlasLink | None:
        try:
            profile = self._tools.profiles.find(text)
        except ProfileNotFoundError:
            return None
        links = self._tools.links.links()
        return next((x for x in links if x.profile_id == profile.profile_id), None)


def _is_called(project: AtlasProject, text: str) -> bool:
    return text.casefold() in (project.name.casefold(), project.project_id)
