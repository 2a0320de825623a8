"""Item model of the profiles list: each profile with what its last probe found in this window."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

from mangrove.core.deployment import DeploymentReport, Topology
from mangrove.core.errors import MangroveError
from mangrove.core.profile import Profile, UnreadableProfile

AnyIndex = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
ROW_ROLE = int(Qt.ItemDataRole.UserRole)


class Live(StrEnum):
    """What is known of a deployment right now."""

    UNKNOWN = "unknown"
    PROBING = "probing"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Probe:
    """The newest probe of a profile.

    Attributes:
        report: What it found, of this or an earlier probe; None without any.
        problem: Why the newest one failed.
    """

    live: Live = Live.UNKNOWN
    report: DeploymentReport | None = None
    problem: MangroveError | None = None


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """One line of the list."""

    profile: Profile | UnreadableProfile
    probe: Probe = Probe()


class ProfilesModel(QAbstractListModel):
    """Profiles by name; probes survive a reload."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._profiles: tuple[Profile | UnreadableProfile, ...] = ()
        self._probes: dict[str, Probe] = {}

    def set_profiles(self, profiles: Sequence[Profile | UnreadableProfile]) -> None:
        """Show these profiles."""
        self.beginResetModel()
        self._profiles = tuple(sorted(profiles, key=lambda p: p.name.casefold()))
        names = {p.name for p in self._profiles}
        self._probes = {name: probe for name, probe in self._probes.items() if name in names}
        self.endResetModel()

    def set_probe(self, name: str, probe: Probe) -> None:
        """Remember what a probe of this profile found."""
        self._probes[name] = probe
        row = self.row_of(name)
        if row is not None:
            self.dataChanged.emit(self.index(row), self.index(row))

    def probe(self, name: str) -> Probe:
        """Return the newest probe of a profile."""
        return self._probes.get(name, Probe())

    def row_at(self, row: int) -> ProfileRow:
        """Return one line."""
        profile = self._profiles[row]
        return ProfileRow(profile, self.probe(profile.name))

    def row_of(self, name: str) -> int | None:
        """Return where a profile stands."""
        return next((n for n, p in enumerate(self._profiles) if p.name == name), None)

    @override
    def rowCount(self, parent: AnyIndex = ROOT) -> int:
        return 0 if parent.isValid() else len(self._profiles)

    @override
    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row = self.row_at(index.row())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.profile.name
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleDescriptionRole:
                return self._described(row)
            case _ if role == ROW_ROLE:
                return row
            case _:
                return None

    def second_line(self, row: ProfileRow) -> str:
        """Say what stands under the name: what it is once probed, where it is until then."""
        if isinstance(row.profile, UnreadableProfile):
            return self.tr("damaged record")
        match row.probe.live:
            case Live.PROBING:
                return self.tr("looking…")
            case Live.DOWN:
                return self.tr("not reachable")
            case Live.UP if row.probe.report is not None:
                return self._topology(row.profile, row.probe.report)
            case _:
                return row.profile.hosts_text

    def _topology(self, profile: Profile, report: DeploymentReport) -> str:
        if any(host.partition(":")[0].endswith(".mongodb.net") for host in profile.uri.hosts):
            return self.tr("Atlas, {version}").format(version=report.version)
        words = {
            Topology.REPLICA_SET: self.tr("replica set of {count}, {version}"),
            Topology.SHARDED: self.tr("sharded cluster, {version}"),
            Topology.STANDALONE: self.tr("standalone, {version}"),
        }[report.topology]
        return words.format(count=len(report.members), version=report.version)

    def _described(self, row: ProfileRow) -> str:
        if isinstance(row.profile, UnreadableProfile):
            return row.profile.reason
        if row.probe.problem is not None:
            return row.probe.problem.message
        return f"{row.profile.hosts_text} · {self.second_line(row)}"
