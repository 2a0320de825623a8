"""What a person chose in the restore dialog, and the request it makes."""

from dataclasses import dataclass
from enum import StrEnum

from mangrove.core.accounts import UsersAndRoles
from mangrove.core.backup import (
    BackupId,
    IndexChoice,
    OnExisting,
    OnRefusal,
    Rename,
    RestoreRequest,
    SafetyBackup,
)
from mangrove.core.errors import InvalidSelectionError
from mangrove.core.globs import literal
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.restores.plan import RestorePlan
from mangrove.core.restores.renaming import parse_rename, rule_of
from mangrove.ui.models.namespace_rows import Chosen


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
        patterns: Further renamings, ``FROM=TO``, which win over ``targets``.
        rewind_to: The moment before which the oplog is replayed; None for the backup as it is.
    """

    backup: BackupId
    profile: str
    chosen: Chosen
    where: Where = Where.COPY
    targets: tuple[tuple[str, str], ...] = ()
    confirmed: tuple[str, ...] = ()
    indexes: IndexChoice = IndexChoice.AFTER
    safety: SafetyBackup = SafetyBackup.TAKE
    patterns: tuple[str, ...] = ()
    on_refusal: OnRefusal = OnRefusal.GO_ON
    on_existing: OnExisting = OnExisting.REPLACE
    users_and_roles: UsersAndRoles = UsersAndRoles.LEAVE_OUT
    limit_bytes_per_s: int | None = None
    rewind_to: OplogTimestamp | None = None

    @property
    def is_complete(self) -> bool:
        """Whether there is enough to plan with."""
        return bool(self.profile) and not self.chosen.is_empty and all(t for _, t in self.targets)

    @property
    def problem(self) -> str:
        """What is wrong with the patterns; "" when nothing is."""
        try:
            for pattern in self.patterns:
                rule_of(parse_rename(pattern))
        except InvalidSelectionError as error:
            return f"{error.message}. {error.hint}" if error.hint else error.message
        return ""

    def request(self) -> RestoreRequest:
        """Return what the service is asked for; every target is named outright.

        Raises:
            InvalidSelectionError: If a pattern is none (see ``problem``).
        """
        named = tuple(Rename(literal(a), literal(b)) for a, b in self.targets)
        fills = self.on_existing is OnExisting.ONLY_MISSING
        include, exclude = chosen_globs(self.chosen)
        return RestoreRequest(
            backup=self.backup,
            profile=self.profile,
            include=include,
            exclude=exclude,
            renames=(*named, *map(parse_rename, self.patterns)),
            replace=() if fills else self.confirmed,
            indexes=self.indexes,
            safety=self.safety,
            on_refusal=self.on_refusal,
            on_existing=self.on_existing,
            users_and_roles=self.users_and_roles,
            limit_bytes_per_s=self.limit_bytes_per_s,
            rewind_to=self.rewind_to,
        )


def chosen_globs(chosen: Chosen) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return globs to include and to exclude that come to exactly what is chosen.

    Nothing for everything; a database of which little is left out is taken without that.
    """
    if chosen.is_all:
        return (), ()
    include = [f"{literal(name)}.*" for name in chosen.databases]
    exclude: list[str] = []
    for database in sorted({n.database for n in chosen.collections}):
        taken = [n for n in chosen.collections if n.database == database]
        left = [n for n in chosen.left_out if n.database == database]
        if 0 < len(left) < len(taken):
            include.append(f"{literal(database)}.*")
            exclude += [literal(str(namespace)) for namespace in left]
        else:
            include += [literal(str(namespace)) for namespace in taken]
    return tuple(include), tuple(exclude)


def sources_of(chosen: Chosen) -> tuple[str, ...]:
    """Return the databases that anything was chosen of."""
    return tuple(sorted({*chosen.databases, *(n.database for n in chosen.collections)}))


def replaced_databases(plan: RestorePlan) -> tuple[str, ...]:
    """Return the target databases in which collections are dropped."""
    return tuple(sorted({namespace.database for namespace in plan.replaced}))
