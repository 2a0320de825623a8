"""Asks what the Atlas page's buttons need to know, and carries out the answers."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QWidget

from mangrove.core.atlas.link import Located
from mangrove.core.atlas.policy import Retention, Unit
from mangrove.core.atlas.restore import AtlasRestoreJob, Delivery, RestoreOrder
from mangrove.core.atlas.snapshot import AtlasSnapshot
from mangrove.core.errors import MangroveError
from mangrove.core.run import RunId
from mangrove.services.bundle import Services
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.atlas.account_dialog import AccountStart, AtlasAccountDialog
from mangrove.ui.dialogs.atlas.delete_dialog import DeleteSnapshotDialog
from mangrove.ui.dialogs.atlas.link_dialog import LinkDialog
from mangrove.ui.dialogs.atlas.restore_dialog import AtlasRestoreDialog, RestoreStart
from mangrove.ui.dialogs.atlas.schedule_dialog import ScheduleDialog
from mangrove.ui.dialogs.atlas.take_dialog import KeepSnapshotDialog, TakeSnapshotDialog
from mangrove.ui.dialogs.confirm_dialog import Confirmation, ConfirmDialog
from mangrove.ui.pages.atlas.gathered import ClusterRow, ClusterView, linkable

Begin = Callable[[Callable[[], RunId]], None]
Failed = Callable[[MangroveError], None]
Then = Callable[[], None]


class AtlasAsking:
    """One method for each button; work is done off the GUI thread.

    Args:
        page: Over which the dialogs open, and for whom answers are.
        begin: Starts a run and shows its progress.
        failed: Shows why something did not work.
    """

    def __init__(
        self, page: QWidget, services: Services, calls: Calls, begin: Begin, failed: Failed
    ) -> None:
        self._page, self._services, self._calls = page, services, calls
        self._begin, self._failed = begin, failed

    def add_account(self, then: Then, start: AccountStart | None = None) -> None:
        """Ask for an account until it signs in, or the person gives up."""
        draft = AtlasAccountDialog.ask(self._page, start)
        if draft is None:
            return
        accounts = self._services.atlas.accounts
        self._calls.run(
            self._page,
            lambda: accounts.add(draft),
            lambda _: then(),
            lambda error: self.add_account(then, AccountStart(draft, error)),
        )

    def link(self, row: ClusterRow, then: Then) -> None:
        """Ask which profile a cluster is."""
        names, place = linkable(self._services), row.place
        chosen = LinkDialog.ask(self._page, place.text, names, row.profile)
        if chosen is None:
            return
        links = self._services.atlas.links

        def change() -> None:
            if row.profile:
                links.unlink(row.profile)
            if chosen:
                links.link(chosen, place)

        self._do(change, then)

    def take(self, view: ClusterView) -> None:
        """Ask what a new snapshot is for, and take it."""
        place = view.row.place
        answer = TakeSnapshotDialog.ask(self._page, place.text)
        if answer is not None:
            start = self._services.atlas.snapshots.start_take
            self._begin(partial(start, place, answer.description, answer.days))

    def keep(self, view: ClusterView, snapshot: AtlasSnapshot, then: Then) -> None:
        """Ask how long a snapshot shall stay from now on."""
        days = KeepSnapshotDialog.ask(self._page, self._named(snapshot))
        if days is not None:
            keep = self._services.atlas.snapshots.keep
            wanted = Retention(days, Unit.DAYS)
            self._do(lambda: keep(view.row.place, snapshot, wanted), then)

    def delete(self, view: ClusterView, snapshot: AtlasSnapshot, then: Then) -> None:
        """Ask for the cluster's name, and delete a snapshot."""
        place = view.row.place
        typed = DeleteSnapshotDialog.ask(self._page, place.cluster.name, self._named(snapshot))
        if typed is not None:
            delete = self._services.atlas.snapshots.delete
            self._do(lambda: delete(place, snapshot, typed), then)

    def schedule(self, view: ClusterView, then: Then) -> None:
        """Ask for another schedule, and send it."""
        if view.schedule is None:
            return
        schedules, place = self._services.atlas.schedules, view.row.place
        change = ScheduleDialog.ask(self._page, schedules, place, view.schedule)
        if change is not None:
            self._do(lambda: schedules.change(place, change), then)

    def restore(
        self,
        view: ClusterView,
        snapshot: AtlasSnapshot | None,
        targets: Sequence[Located],
        moment: str = "",
    ) -> None:
        """Ask what to restore and where to, and start it."""
        usable = snapshot if snapshot and snapshot.is_usable else None
        start = RestoreStart(view.row.place, usable, view.reach, targets, moment)
        answer = AtlasRestoreDialog.ask(self._page, self._services.points, start)
        if answer is not None:
            begin = self._services.atlas.restores.start
            self._begin(partial(begin, view.row.place, answer.order, answer.target))

    def download(self, view: ClusterView, snapshot: AtlasSnapshot, folder: Path) -> None:
        """Let Atlas pack a snapshot's files, and fetch them."""
        order = RestoreOrder(Delivery.DOWNLOAD, snapshot.snapshot_id)
        start = self._services.atlas.restores.start
        self._begin(lambda: start(view.row.place, order, None, folder))

    def cancel(self, view: ClusterView, job: AtlasRestoreJob, then: Then) -> None:
        """Ask for a plain yes, and let Atlas stop a restore."""
        page = self._page
        wanted = Confirmation(
            title=page.tr("Stop a restore"),
            question=page.tr("Let Atlas stop this restore?"),
            removed=(f"{job.origin} → {job.destination}",),
            kept=page.tr("The target may hold no usable data until another restore has ended."),
            verb=page.tr("Stop it"),
        )
        if ConfirmDialog.ask(page, wanted):
            cancel = self._services.atlas.restores.cancel
            self._do(lambda: cancel(view.row.place, job), then)

    def _do(self, work: Callable[[], object], then: Then) -> None:
        self._calls.run(self._page, work, lambda _: then(), self._failed)

    def _named(self, snapshot: AtlasSnapshot) -> str:
        at = snapshot.created_at
        if at is None:
            return self._page.tr("the snapshot {name}").format(name=snapshot.snapshot_id)
        return self._page.tr("the snapshot of {moment} UTC").format(moment=f"{at:%Y-%m-%d %H:%M}")
