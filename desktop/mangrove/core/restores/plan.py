"""What a restore will do, as somebody confirms it."""

from dataclasses import dataclass

from mangrove.core.accounts import AccountsPlan
from mangrove.core.backup import BackupId
from mangrove.core.command_line import typed
from mangrove.core.errors import TargetNotEmptyError
from mangrove.core.known import Known, together
from mangrove.core.manifest import NamespaceEntry
from mangrove.core.namespace import Namespace
from mangrove.core.restores.forecast import Forecast
from mangrove.core.restores.view_references import notes_on_views
from mangrove.core.wording import buckets_in


@dataclass(frozen=True, slots=True)
class PlannedNamespace:
    """One namespace on its way.

    Attributes:
        replaces: Whether a collection of the target's name exists and will be dropped first.
        fills: Whether it exists and only gets the documents it lacks.
    """

    entry: NamespaceEntry
    target: Namespace
    replaces: bool
    fills: bool = False


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """Exactly what a restore will do.

    Attributes:
        creates: Target databases that do not exist yet.
        occupied: Target databases that hold data already.
        unconfirmed: Those of ``occupied`` that nobody named in ``replace``.
        sentence: What will happen, in one sentence, as the dialog shows it.
        notes: What a careful person should know besides, each a sentence.
        accounts: The users and roles that go along; None unless asked for.
        validated: Target databases where documents meet a validator.
        replaced_bytes: What the existing collections that are dropped take on the disk.
        forecast: What it will need; None before somebody looked.
    """

    backup: BackupId
    profile: str
    namespaces: tuple[PlannedNamespace, ...]
    creates: tuple[str, ...]
    occupied: tuple[str, ...]
    unconfirmed: tuple[str, ...]
    sentence: str
    notes: tuple[str, ...] = ()
    accounts: AccountsPlan | None = None
    validated: tuple[str, ...] = ()
    replaced_bytes: int = 0
    forecast: Forecast | None = None

    @property
    def documents(self) -> int:
        """All documents to be inserted, and buckets of time series."""
        return sum(p.entry.documents for p in self.namespaces)

    @property
    def buckets(self) -> int:
        """Those of the documents that are buckets of time series."""
        return buckets_in((p.entry.kind, p.entry.documents) for p in self.namespaces)

    @property
    def plain_bytes(self) -> int:
        """All BSON to be inserted."""
        return sum(p.entry.plain_bytes for p in self.namespaces)

    @property
    def documents_known(self) -> Known:
        """What the number of documents stands for."""
        return together((p.entry.documents_known for p in self.namespaces), self.documents)

    @property
    def bytes_known(self) -> Known:
        """What the size of the BSON stands for."""
        return together((p.entry.bytes_known for p in self.namespaces), self.plain_bytes)

    @property
    def replaced(self) -> tuple[Namespace, ...]:
        """The existing collections that will be dropped."""
        return tuple(p.target for p in self.namespaces if p.replaces)

    @property
    def filled(self) -> tuple[Namespace, ...]:
        """The existing collections that only get the documents they lack."""
        return tuple(p.target for p in self.namespaces if p.fills)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Those of the notes that still matter once it is done: what views will not find."""
        moved = {p.entry.namespace: p.target for p in self.namespaces}
        made = [p.entry for p in self.namespaces if not p.fills]
        return tuple(notes_on_views(made, moved))

    def require_confirmed(self) -> None:
        """Raise unless every target database with data in it was named by the person.

        Raises:
            TargetNotEmptyError: Naming the databases; nothing was touched.
        """
        if self.unconfirmed:
            names = ", ".join(self.unconfirmed)
            raise TargetNotEmptyError(
                f"{names} on {self.profile} holds data already; nothing was changed",
                hint="restore into a copy, or confirm with "
                + " ".join(typed("--yes-replace", name) for name in self.unconfirmed),
                databases=names,
            )
