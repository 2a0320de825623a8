"""The pane beside the list of clusters: what one is, and its snapshots, schedule and restores."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from mangrove.core.atlas.cluster import Wish
from mangrove.core.atlas.restore import JobState
from mangrove.core.atlas.windows import Continuous
from mangrove.core.ports.clock import Clock
from mangrove.ui import text
from mangrove.ui.atlas_words import item_words
from mangrove.ui.models.table_model import RECORD_ROLE
from mangrove.ui.pages.atlas.gathered import ClusterRow, ClusterView
from mangrove.ui.pages.atlas.tables import Words, restores_table, snapshots_table
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.card import ScrolledColumn
from mangrove.ui.widgets.key_value_grid import KeyValueGrid
from mangrove.ui.widgets.labels import ElidedLabel, SectionTitle, TextLabel
from mangrove.ui.wording import counted


class ClusterPane(QWidget):
    """Shows one cluster, and offers what its tier allows; what it does not allow is said.

    Signals:
        take_wanted, schedule_wanted, link_wanted: For the cluster that is shown.
        restore_wanted, download_wanted, keep_wanted, delete_wanted: The chosen snapshot is meant.
        watch_wanted, cancel_wanted, fetch_wanted: The chosen restore is meant.
    """

    take_wanted = Signal()
    schedule_wanted = Signal()
    link_wanted = Signal()
    restore_wanted = Signal()
    download_wanted = Signal()
    keep_wanted = Signal()
    delete_wanted = Signal()
    watch_wanted = Signal()
    cancel_wanted = Signal()
    fetch_wanted = Signal()

    def __init__(self, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self.view: ClusterView | None = None
        self.title = ElidedLabel("", "section")
        self.about = TextLabel("", "muted").wrapping()
        self.limits = TextLabel("", "small").wrapping()
        self.link = QPushButton(self.tr("&Link with a profile…"))
        self.snapshots = snapshots_table(Words(self), clock)
        self.restores = restores_table(Words(self), clock)
        self.lines, self.facts = KeyValueGrid(), KeyValueGrid()
        self.no_schedule = TextLabel("", "muted").wrapping()
        self._make_buttons()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self._snapshots_tab(), self.tr("Snapshots"))
        self.tabs.addTab(self._schedule_tab(), self.tr("Schedule"))
        self.tabs.addTab(self._restores_tab(), self.tr("Restores"))
        self._lay_out()
        self._connect()

    def show_row(self, row: ClusterRow) -> None:
        """Show what the list knows already, while the rest is fetched."""
        if self.view is not None and self.view.row.place == row.place:
            return
        self.view = None
        self._show_head(row, self.tr("Asking Atlas…"))
        self.snapshots.set_rows(())
        self.restores.set_rows(())
        self._show_schedule(None)
        self._on_changed()

    def show_view(self, view: ClusterView) -> None:
        """Show everything about a cluster."""
        chosen = self.snapshots.chosen
        self.view = view
        self._show_head(view.row, self._reach_words(view.reach))
        self.snapshots.set_rows(view.snapshots)
        self.restores.set_rows(view.restores)
        self._choose_again(chosen.snapshot_id if chosen else "")
        self._show_schedule(view)
        self._on_changed()

    # --- inside --------------------------------------------------------------------------

    def _show_head(self, row: ClusterRow, more: str) -> None:
        cluster = row.place.cluster
        self.title.setText(row.place.text)
        version = f"MongoDB {cluster.version}" if cluster.version else ""
        parts = (cluster.describe, version, cluster.state.lower())
        about = ", ".join(part for part in parts if part)
        self.about.setText(f"{text.sentence(about)} {more}".strip())
        self.limits.setText(" ".join(text.sentence(line) for line in cluster.limits))
        self.limits.setVisible(bool(cluster.limits))
        linked = self.tr("&Linked with {profile}…").format(profile=row.profile)
        self.link.setText(linked if row.profile else self.tr("&Link with a profile…"))

    def _reach_words(self, reach: Continuous) -> str:
        if not reach.windows:
            return self.tr("Only snapshots can be restored.")
        now = self._clock.now()
        first, last = reach.windows[0], reach.windows[-1]
        words = self.tr("Any second from {start} to {end} can be restored.")
        shown = words.format(
            start=text.moment(first.start, now).text, end=text.moment(last.end, now).text
        )
        if not reach.gaps:
            return shown
        holes = counted(len(reach.gaps), self.tr("gap"), self.tr("gaps"))
        why = text.sentence(reach.gaps[-1].reason)
        return self.tr("{shown} With {holes}: {why}").format(shown=shown, holes=holes, why=why)

    def _show_schedule(self, view: ClusterView | None) -> None:
        found = view.schedule if view else None
        self.no_schedule.setVisible(found is None)
        self.no_schedule.setText(
            text.sentence(view.row.place.cluster.why_not(Wish.SCHEDULE)) if view else ""
        )
        for part in (self.lines, self.facts):
            part.setVisible(found is not None)
        if found is None:
            return
        counts = zip(found.schedule.items, found.estimate.by_item, strict=True)
        words = [(item_words(i), _snapshots(self, n)) for i, n in counts]
        self.lines.set_rows(words)
        schedule, now = found.schedule, self._clock.now()
        days = schedule.restore_window_days
        copies = [c.describe for c in schedule.copies] or [self.tr("nowhere else")]
        self.facts.set_rows(
            [
                (self.tr("In all"), _snapshots(self, found.estimate.total)),
                (self.tr("Time of the day"), schedule.time_text),
                (
                    self.tr("Next"),
                    text.moment(schedule.next_at, now).text if schedule.next_at else "",
                ),
                (
                    self.tr("Any second"),
                    self.tr("of the last {days}").format(
                        days=counted(days, self.tr("day"), self.tr("days"))
                    )
                    if days
                    else self.tr("no"),
                ),
                (self.tr("Copied to"), "\n".join(copies)),
                (
                    self.tr("Compliance"),
                    self.tr("a policy binds this project")
                    if found.compliance
                    else self.tr("no policy"),
                ),
            ]
        )

    def _choose_again(self, wanted: str) -> None:
        """Choose what was chosen before, else the newest one that can be restored."""
        model = self.snapshots.model()
        found = [model.index(row, 0).data(RECORD_ROLE) for row in range(model.rowCount())]
        again = [n for n, s in enumerate(found) if s.snapshot_id == wanted]
        usable = [n for n, s in enumerate(found) if s.is_usable]
        self.snapshots.choose(next(iter([*again, *usable]), 0))

    @Slot()
    def _on_changed(self) -> None:
        """Offer what the cluster, the chosen snapshot and the chosen restore allow."""
        view, snapshot, job = self.view, self.snapshots.chosen, self.restores.chosen
        cluster = view.row.place.cluster if view else None
        is_ready = snapshot is not None and snapshot.is_usable
        has_moments = view is not None and bool(view.reach.windows)
        for button, wish, is_possible in (
            (self.take, Wish.TAKE, True),
            (self.edit, Wish.SCHEDULE, True),
            (self.restore, Wish.RESTORE, is_ready or has_moments),
            (self.download, Wish.DOWNLOAD, is_ready),
            (self.keep, Wish.CHANGE_RETENTION, is_ready),
            (self.delete, Wish.DELETE, snapshot is not None),
        ):
            why = cluster.why_not(wish) if cluster else ""
            button.setEnabled(cluster is not None and is_possible and not why)
            button.setToolTip(text.sentence(why) if why else "")
        is_running = job is not None and job.state is JobState.RUNNING
        may_cancel = cluster is not None and not cluster.why_not(Wish.CANCEL)
        self.watch.setEnabled(is_running)
        self.cancel.setEnabled(is_running and may_cancel and not (job and job.parts))
        self.fetch.setEnabled(job is not None and job.is_ready_download)

    # --- building ------------------------------------------------------------------------

    def _make_buttons(self) -> None:
        self.take = QPushButton(self.tr("&Take snapshot…"))
        self.restore = QPushButton(self.tr("&Restore…"))
        self.download = QPushButton(self.tr("&Download…"))
        self.keep = QPushButton(self.tr("&Keep longer…"))
        self.delete = QPushButton(self.tr("D&elete…"))
        self.edit = QPushButton(self.tr("&Edit schedule…"))
        self.watch = QPushButton(self.tr("&Watch"))
        self.cancel = QPushButton(self.tr("&Cancel it"))
        self.fetch = QPushButton(self.tr("&Fetch files…"))

    def _snapshots_tab(self) -> QWidget:
        buttons = (self.take, self.restore, self.download, self.keep, self.delete)
        return _tab(self.snapshots, buttons)

    def _restores_tab(self) -> QWidget:
        return _tab(self.restores, (self.watch, self.fetch, self.cancel))

    def _schedule_tab(self) -> QWidget:
        shelf = ScrolledColumn()
        shelf.column.setContentsMargins(0, Space.S, Space.S, 0)
        shelf.column.addWidget(self.no_schedule)
        shelf.column.addWidget(self.lines)
        shelf.column.addWidget(SectionTitle(self.tr("What that means")))
        shelf.column.addWidget(self.facts)
        shelf.column.addStretch()
        return _tab(shelf, (self.edit,))

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(Space.S)
        head.addWidget(self.title, 1)
        head.addWidget(self.link)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.M, 0, 0, 0)
        column.setSpacing(Space.S)
        column.addLayout(head)
        column.addWidget(self.about)
        column.addWidget(self.limits)
        column.addWidget(self.tabs, 1)

    def _connect(self) -> None:
        for button, signal in (
            (self.take, self.take_wanted),
            (self.restore, self.restore_wanted),
            (self.download, self.download_wanted),
            (self.keep, self.keep_wanted),
            (self.delete, self.delete_wanted),
            (self.edit, self.schedule_wanted),
            (self.link, self.link_wanted),
            (self.watch, self.watch_wanted),
            (self.cancel, self.cancel_wanted),
            (self.fetch, self.fetch_wanted),
        ):
            button.clicked.connect(signal)
        for table in (self.snapshots, self.restores):
            table.selectionModel().selectionChanged.connect(self._on_changed)


def _tab(content: QWidget, buttons: tuple[QPushButton, ...]) -> QWidget:
    tab, row = QWidget(), QHBoxLayout()
    row.setSpacing(Space.S)
    for button in buttons:
        row.addWidget(button)
    row.addStretch()
    column = QVBoxLayout(tab)
    column.setContentsMargins(0, Space.S, 0, 0)
    column.setSpacing(Space.S)
    column.addLayout(row)
    column.addWidget(content, 1)
    return tab


def _snapshots(owner: QWidget, number: int) -> str:
    words = counted(number, owner.tr("snapshot"), owner.tr("snapshots"))
    return owner.tr("about {snapshots}").format(snapshots=words)
