"""A dump of another tool as something that can be backed up or restored."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mangrove.core.accounts import NOT_ASKED_FOR, AuthPart, UsersAndRoles, auth_namespace
from mangrove.core.backup import Consistency, Selection
from mangrove.core.deployment import ServerFacts, Topology
from mangrove.core.errors import InvalidSelectionError
from mangrove.core.manifest import NotIncluded
from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.ports.dump import CollectionInfo, DumpSource, OpenDump, ReadingPlace
from mangrove.engine.metadata import CollectionMetadata
from mangrove.engine.mongodump.foreign import ForeignCollection, ForeignDump, ForeignSpecial
from mangrove.engine.mongodump.opening import open_dump

REASON = "a dump of another tool: it does not say how its collections relate in time"
WITH_OPLOG = (
    "a dump of another tool with its oplog: replayed on restore, it brings all to one moment"
)
UNKNOWN_VERSION = "unknown"


@contextmanager
def opened_dump(path: Path, database: str) -> Iterator[DumpSource]:
    """Open a dump for as long as the block lasts.

    Raises:
        UnusableDumpError: If there is no dump at the path.
        MalformedDumpError: If it is damaged.
    """
    with open_dump(path, database or None) as dump:
        yield ForeignSource(dump)


@dataclass(frozen=True, slots=True)
class ForeignSource:
    """Fulfils the port ``DumpSource`` for a dump that lies in files."""

    dump: ForeignDump

    def abort(self) -> None:
        """Do nothing: files are not waited for."""

    def mark(self) -> None:
        """Return nothing: files are no deployment."""

    @contextmanager
    def open(
        self,
        selection: Selection,
        consistency: Consistency,
        queries: Mapping[Namespace, bytes] | None = None,
    ) -> Iterator[OpenDump]:
        """List what is selected; the consistency is what the dump has, whatever was asked."""
        del consistency  # a dump in files has the one that its tool gave it
        if queries:
            raise InvalidSelectionError("queries are for deployments; a dump is taken as it is")
        chosen = [c for c in self.dump.collections if selection.matches(c.namespace)]
        if not chosen:
            raise InvalidSelectionError(
                f"nothing in {self.dump.path} can be taken; nothing was written",
                hint="is it the folder or archive that mongodump wrote?",
            )
        is_wanted = selection.users_and_roles is UsersAndRoles.INCLUDE
        specials = self.dump.users_and_roles if is_wanted else ()
        yield ForeignOpenDump(self.dump, tuple(chosen), specials, self._left_out(selection))

    def count(self, namespace: Namespace, query: bytes, limit_ms: int) -> int | None:
        """Refuse: a dump in files cannot be asked."""
        del query, limit_ms
        raise InvalidSelectionError(f"{namespace} lies in files, which take no query")

    def _left_out(self, selection: Selection) -> tuple[NotIncluded, ...]:
        notes = [NotIncluded(n.what, n.reason) for n in self.dump.notes]
        if selection.users_and_roles is UsersAndRoles.LEAVE_OUT:
            named = map(_name_of, self.dump.users_and_roles)
            notes += [NotIncluded(str(name), NOT_ASKED_FOR) for name in named]
        notes += [
            NotIncluded(str(c.namespace), "not selected")
            for c in self.dump.collections
            if not selection.matches(c.namespace)
        ]
        return tuple(notes)


class ForeignOpenDump:
    """Fulfils the port ``OpenDump``; safe for several threads where the dump is."""

    def __init__(
        self,
        dump: ForeignDump,
        chosen: tuple[ForeignCollection, ...],
        specials: tuple[ForeignSpecial, ...],
        not_included: tuple[NotIncluded, ...],
    ) -> None:
        self._dump = dump
        self._by_namespace = {c.namespace: c for c in chosen}
        self.not_included = not_included
        self._specials = {_name_of(special): special for special in specials}
        self.users_and_roles = tuple(_info(name, s) for name, s in self._specials.items())
        self.facts = _facts(dump)
        has_oplog = dump.oplog is not None and dump.oplog.documents != 0
        self.achieved = Consistency.OPLOG if has_oplog else Consistency.NONE
        self.reason = WITH_OPLOG if has_oplog else REASON
        self.consistent_at: OplogTimestamp | None = None
        infos = [c.info() for c in chosen]
        self.collections = tuple(sorted(infos, key=lambda i: (-i.estimated_bytes, i.namespace)))

    def leave_snapshot(self, reason: str) -> None:
        """Do nothing: there is none."""

    def leave_oplog(self, reason: str) -> None:
        """Do without the oplog."""
        self.achieved, self.reason = Consistency.NONE, reason
        self.not_included = (*self.not_included, NotIncluded("oplog", reason))

    def read_oplog(self) -> Iterator[bytes]:
        """Yield the oplog entries that came with the dump; may be called again."""
        return self._dump.read_oplog()

    def reconnect(self) -> str:
        """Do nothing: files do not go away and come back."""
        return ""

    def changed(self, infos: Sequence[CollectionInfo]) -> frozenset[Namespace]:
        """Return nothing: files stay as they are."""
        del infos
        return frozenset()

    def read(
        self,
        info: CollectionInfo,
        place: ReadingPlace | None = None,
        *,
        checks_itself: bool = True,
    ) -> Iterator[bytes]:
        """Yield the documents of a collection, or of a part with users and roles."""
        del place, checks_itself  # files are neither lost on the way nor changed
        special = self._specials.get(info.namespace)
        if special is not None:
            return self._dump.read_special(special)
        return self._dump.read(self._by_namespace[info.namespace])


def _name_of(special: ForeignSpecial) -> Namespace:
    return auth_namespace(AuthPart(special.name), special.database)


def _info(name: Namespace, special: ForeignSpecial) -> CollectionInfo:
    metadata = special.metadata or CollectionMetadata()
    return CollectionInfo(name, "collection", metadata.options, metadata.indexes, metadata.uuid)


def _facts(dump: ForeignDump) -> ServerFacts:
    text = dump.server_version or UNKNOWN_VERSION
    numbers = tuple(int(n) for n in text.split("-")[0].split(".") if n.isdecimal())
    return ServerFacts(
        version_text=text,
        version=numbers,
        feature_version="",
        topology=Topology.STANDALONE,
        replica_set="",
    )
