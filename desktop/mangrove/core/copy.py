"""Copies from one deployment to another, and restores of dumps that other tools made."""

from dataclasses import dataclass, replace

from mangrove.core.backup import Consistency, RestoreRequest, Selection
from mangrove.core.command_line import typed
from mangrove.core.deployment import DeploymentMark
from mangrove.core.errors import SelfCopyError
from mangrove.core.restores.plan import RestorePlan

SHOWN = 3


@dataclass(frozen=True, slots=True)
class CopyRequest:
    """Bring collections of one deployment into another, without a vault between.

    Attributes:
        source: The profile to read.
        selection: What is read of it.
        restore: Where it goes and how, with users and roles or without; its ``backup`` does not
            count.
        safety_vault: Where a safety backup of what is replaced goes; "" for the first vault.
    """

    source: str
    selection: Selection
    restore: RestoreRequest
    consistency: Consistency = Consistency.AUTO
    safety_vault: str = ""

    @property
    def taken(self) -> Selection:
        """What is read, with users and roles if they are to arrive."""
        return replace(self.selection, users_and_roles=self.restore.users_and_roles)


@dataclass(frozen=True, slots=True)
class DumpRestoreRequest:
    """Restore a mongodump directory or archive without importing it first.

    Attributes:
        path: A mongodump directory, one of its database folders, a ``.bson`` file or an archive.
        database: Names the database of a lone folder or file.
        restore: Where it goes and how; its ``backup`` does not count.
        safety_vault: Where a safety backup of what is replaced goes; "" for the first vault.
    """

    path: str
    restore: RestoreRequest
    database: str = ""
    safety_vault: str = ""


@dataclass(frozen=True, slots=True)
class CopySource:
    """The deployment that a copy reads, by its profile's name and by what its servers say."""

    profile: str
    mark: DeploymentMark

    def refuse_itself(self, plan: RestorePlan, target: DeploymentMark) -> None:
        """Refuse to bring collections into themselves: what is written meanwhile would be lost.

        Raises:
            SelfCopyError: Naming them; nothing was changed.
        """
        onto = [
            str(p.target)
            for p in plan.namespaces
            if p.entry.namespace == p.target and (p.replaces or p.fills)
        ]
        if not onto or not (self.profile == plan.profile or self.mark.is_same(target)):
            return
        more = f" and {len(onto) - SHOWN} more" if onto[SHOWN:] else ""
        database = onto[0].partition(".")[0]
        raise SelfCopyError(
            f"{self.profile} and {plan.profile} are the same deployment, and "
            f"{', '.join(onto[:SHOWN])}{more} would become a copy of what it is already; what is "
            "written meanwhile would be lost, so nothing was changed",
            hint=f"copy it under another name, such as "
            f"{typed('--rename', f'{database}={database}_copy')}, or to another deployment",
        )


def copy_plan(plan: RestorePlan) -> RestorePlan:
    """Say of a restore that it is a copy: the same happens, but no backup is restored."""
    return replace(plan, sentence="Copy" + plan.sentence.removeprefix("Restore"))


def is_dump_path(text: str) -> bool:
    """Whether a person means a path, not a backup: the name of a backup holds no slash."""
    return "/" in text or "\\" in text
