"""The tables of the Atlas page: clusters, snapshots, restores."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from PySide6.QtCore import QSortFilterProxyModel, Qt
from PySide6.QtWidgets import QWidget

from mangrove.core.atlas.restore import AtlasRestoreJob
from mangrove.core.atlas.snapshot import AtlasSnapshot
from mangrove.core.ports.clock import Clock
from mangrove.ui import text
from mangrove.ui.atlas_words import (
    cluster_word,
    job_tone,
    job_word,
    origin_word,
    snapshot_tone,
    snapshot_word,
    target_word,
)
from mangrove.ui.models.records_model import Column, RecordsModel
from mangrove.ui.models.table_model import RECORD_ROLE, SORT_ROLE
from mangrove.ui.pages.atlas.gathered import ClusterRow
from mangrove.ui.theme.tokens import Tone
from mangrove.ui.widgets.tables.row_table import RowTable

R = TypeVar("R")


class RecordTable(RowTable, Generic[R]):
    """A table of records of which one is chosen.

    Attributes:
        records: The model behind it.
    """

    def __init__(
        self,
        columns: Sequence[Column[R]],
        name: str,
        title: str,
        parent: QWidget | None = None,
    ) -> None:
        self.records: RecordsModel[R] = RecordsModel(columns)
        proxy = QSortFilterProxyModel()
        proxy.setSourceModel(self.records)
        proxy.setSortRole(SORT_ROLE)
        super().__init__(proxy, name, title, parent)
        self.records.setParent(self)
        proxy.setParent(self)
        header = self.horizontalHeader()
        header.resizeSection(len(columns) - 1, header.minimumSectionSize())  # it stretches

    def set_rows(self, rows: Sequence[R]) -> None:
        """Show these records; the first one is chosen."""
        self.records.set_rows(rows)
        self.choose(0)

    def choose(self, row: int) -> None:
        """Choose a row as it is shown."""
        if self.model().rowCount() > row:
            self.setCurrentIndex(self.model().index(row, 0))

    @property
    def chosen(self) -> R | None:
        """The chosen record."""
        found: R | None = self.currentIndex().data(RECORD_ROLE)
        return found


def clusters_table(words: "Words") -> RecordTable[ClusterRow]:
    """Return the list of clusters."""
    columns: tuple[Column[ClusterRow], ...] = (
        Column(words.tr_cluster, lambda r: r.place.text, tone=_protection),
        Column(words.tr_kind, lambda r: cluster_word(r.place.cluster)),
        Column(words.tr_linked, lambda r: r.profile),
    )
    table = RecordTable(columns, "atlas-clusters", words.tr_clusters)
    table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    table.fit(("Shop/production", "M30, replica set"), with_icon=0)
    return table


def snapshots_table(words: "Words", clock: Clock) -> RecordTable[AtlasSnapshot]:
    """Return the list of snapshots, newest first."""

    def taken(snapshot: AtlasSnapshot) -> str:
        at = snapshot.created_at
        return text.moment(at, clock.now()).text if at else words.tr_not_yet

    def stays(snapshot: AtlasSnapshot) -> str:
        left = snapshot.keeps_for(clock.now())
        return text.rough_duration(left) if left is not None else ""

    columns: tuple[Column[AtlasSnapshot], ...] = (
        Column(words.tr_state, snapshot_word, tone=snapshot_tone, tip=lambda s: s.snapshot_id),
        Column(words.tr_taken, taken, _taken_at),
        Column(words.tr_from, origin_word),
        Column(words.tr_size, lambda s: text.size(s.size_bytes) if s.size_bytes else "", _size),
        Column(words.tr_stays, stays, _expires),
        Column(words.tr_description, lambda s: s.description),
    )
    table = RecordTable(columns, "atlas-snapshots", words.tr_snapshots)
    table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    widest = ("being taken", "yesterday 23:59", "on demand", "999 GB", "365 days")
    table.fit(widest, with_icon=0)
    return table


def restores_table(words: "Words", clock: Clock) -> RecordTable[AtlasRestoreJob]:
    """Return the list of restores, newest first."""
    columns: tuple[Column[AtlasRestoreJob], ...] = (
        Column(words.tr_state, job_word, tone=job_tone, tip=lambda j: j.problem or j.job_id),
        Column(
            words.tr_begun,
            lambda j: text.moment(j.created_at, clock.now()).text,
            lambda j: j.created_at.timestamp(),
        ),
        Column(words.tr_what, lambda j: ", ".join(j.parts) or words.tr_whole_cluster),
        Column(words.tr_to, target_word),
        Column(words.tr_from, lambda j: text.sentence(j.origin).rstrip(".")),
    )
    table = RecordTable(columns, "atlas-restores", words.tr_restores)
    table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    table.fit(("ready to fetch", "yesterday 23:59", "whole cluster", "production"), with_icon=0)
    return table


class Words:
    """The headings of the tables, translated once."""

    def __init__(self, owner: QWidget) -> None:
        self.tr_cluster = owner.tr("Cluster")
        self.tr_clusters = owner.tr("Clusters")
        self.tr_kind = owner.tr("Kind")
        self.tr_linked = owner.tr("Profile")
        self.tr_state = owner.tr("State")
        self.tr_taken = owner.tr("Taken")
        self.tr_not_yet = owner.tr("not yet")
        self.tr_from = owner.tr("From")
        self.tr_size = owner.tr("Size")
        self.tr_stays = owner.tr("Stays")
        self.tr_description = owner.tr("Description")
        self.tr_snapshots = owner.tr("Snapshots")
        self.tr_begun = owner.tr("Begun")
        self.tr_what = owner.tr("What")
        self.tr_to = owner.tr("To")
        self.tr_restores = owner.tr("Restores")
        self.tr_whole_cluster = owner.tr("whole cluster")


def _protection(row: ClusterRow) -> Tone:
    cluster = row.place.cluster
    if not cluster.has_backups:
        return Tone.EXPOSED
    return Tone.PROVEN if cluster.has_continuous else Tone.UNPROVEN


def _taken_at(snapshot: AtlasSnapshot) -> float:
    return snapshot.created_at.timestamp() if snapshot.created_at else float("inf")


def _size(snapshot: AtlasSnapshot) -> float:
    return float(snapshot.size_bytes)


def _expires(snapshot: AtlasSnapshot) -> float:
    return snapshot.expires_at.timestamp() if snapshot.expires_at else float("inf")
