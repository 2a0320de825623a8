"""What a person chose in the restore dialog, and the request it makes."""

import re
from dataclasses import dataclass
from enum import StrEnum

from mangrove.core.backup import (
    BackupId,
    IndexChoice,
    Rename,
    RestoreRequest,
    SafetyBackup,
)
from mangrove.core.restore import RestorePlan
from mangrove.ui.models.namespace_tree_model import Chosen

_GLOB_SIGNS = re.compile(r"([*?\[])")


class Where(StrEnum):
    """Into copies that touch nothing, or into databases that the person names."""

    COPY = "copy"
    NAMED = "named"


@dataclass(frozen=True, slots=True)
class RestoreChoice:
    """The dialog's whole state as a value.

    Attributes:
        targets: Source and target of each database concerned.
        confirmed: Target databases whose names were typed.
    """

    backup: BackupId
    profile: str
    chosen: Chosen
    where: Where = Where.COPY
    targets: tuple[tuple[str, str], ...] = ()
    confirmed: tuple[str, ...] = ()
    indexes: IndexChoice = IndexChoice.AFTER
    safety: SafetyBackup = SafetyBackup.TAKE

    @property
    def is_complete(self) -> bool:
        """Whether there is enough to plan with."""
        return bool(self.profile) and not self.chosen.is_empty and all(t for _, t in self.targets)

    def request(self) -> RestoreRequest:
        """Return what the service is asked for; every target is named outright."""
        return RestoreRequest(
            backup=self.backup,
            profile=self.profile,
            include=include_globs(self.chosen),
            renames=tuple(Rename(source, target) for source, target in self.targets),
            replace=self.confirmed,
            indexes=self.indexes,
            safety=self.safety,
        )


def include_globs(chosen: Chosen) -> tuple[str, ...]:
    """Return globs that match exactly the chosen namespaces; none for everything."""
    if chosen.is_all:
        return ()
    whole = tuple(f"{_literal(name)}.*" for name in chosen.databases)
    return whole + tuple(_literal(str(namespace)) for namespace in chosen.collections)


def sources_of(chosen: Chosen) -> tuple[str, ...]:
    """Return the databases that anything was chosen of."""
    return tuple(sorted({*chosen.databases, *(n.database for n in chosen.collections)}))


def replaced_databases(plan: RestorePlan) -> tuple[str, ...]:
    """Return the target databases in which collections are dropped."""
    return tuple(sorted({namespace.database for namespace in plan.replaced}))


def _literal(text: str) -> str:
    return _GLOB_SIGNS.sub(r"[\1]", text)
