#!/usr/bin/env python3
"""Takes screenshots of every page and dialog, light and dark, of sample data or a real home.

``python packaging/shots.py OUT_DIR [--real MANGROVE_HOME | --empty | --lone | --fleet]``; without
a screen it draws offscreen.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPO / "desktop"), str(REPO / "tests")]
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, QSettings, QTimer  # noqa: E402 - the path comes first
from PySide6.QtWidgets import QApplication, QDialog, QWidget  # noqa: E402

from fakes.sample_history import fleet_services, lone_services, rich_services  # noqa: E402
from fakes.services import empty_services  # noqa: E402
from mangrove.app.container import open_services, usual_parts  # noqa: E402
from mangrove.app.paths import app_paths  # noqa: E402
from mangrove.core.run import RunId  # noqa: E402
from mangrove.services.bundle import Services  # noqa: E402
from mangrove.ui.application import build_window  # noqa: E402
from mangrove.ui.bridge import ActivityBridge, Calls  # noqa: E402
from mangrove.ui.dialogs.alerts.channel_dialog import ChannelDialog  # noqa: E402
from mangrove.ui.dialogs.alerts.heartbeat_dialog import HeartbeatDialog  # noqa: E402
from mangrove.ui.dialogs.alerts.mute_dialog import KnowDialog, MuteDialog  # noqa: E402
from mangrove.ui.dialogs.alerts.quiet_dialog import QuietDialog  # noqa: E402
from mangrove.ui.dialogs.alerts.route_dialog import RouteDialog  # noqa: E402
from mangrove.ui.dialogs.atlas.account_dialog import AtlasAccountDialog  # noqa: E402
from mangrove.ui.dialogs.atlas.restore_dialog import AtlasRestoreDialog, RestoreStart  # noqa: E402
from mangrove.ui.dialogs.atlas.schedule_dialog import ScheduleDialog  # noqa: E402
from mangrove.ui.dialogs.atlas.take_dialog import TakeSnapshotDialog  # noqa: E402
from mangrove.ui.dialogs.backup_dialog import BackupDialog, BackupPreset  # noqa: E402
from mangrove.ui.dialogs.capture_dialog import CaptureDialog  # noqa: E402
from mangrove.ui.dialogs.copy_dialog import CopyDialog  # noqa: E402
from mangrove.ui.dialogs.drill_dialog import DrillDialog  # noqa: E402
from mangrove.ui.dialogs.evidence_report_dialog import EvidenceReportDialog  # noqa: E402
from mangrove.ui.dialogs.export_dialog import ExportDialog  # noqa: E402
from mangrove.ui.dialogs.import_dialog import ImportDialog  # noqa: E402
from mangrove.ui.dialogs.job_dialog import JobDialog  # noqa: E402
from mangrove.ui.dialogs.leave_dialog import LeaveDialog  # noqa: E402
from mangrove.ui.dialogs.note_dialog import NoteDialog  # noqa: E402
from mangrove.ui.dialogs.pause_dialog import PauseDialog  # noqa: E402
from mangrove.ui.dialogs.plan_choice_dialog import PlanChoiceDialog  # noqa: E402
from mangrove.ui.dialogs.profiles.assertions_dialog import AssertionsDialog  # noqa: E402
from mangrove.ui.dialogs.profiles.objectives_dialog import ObjectivesDialog  # noqa: E402
from mangrove.ui.dialogs.profiles.profile_dialog import ProfileDialog  # noqa: E402
from mangrove.ui.dialogs.progress_dialog import ProgressDialog  # noqa: E402
from mangrove.ui.dialogs.quit_dialog import QuitDialog  # noqa: E402
from mangrove.ui.dialogs.restore_dialog import RestoreDialog  # noqa: E402
from mangrove.ui.dialogs.restore_dump_dialog import RestoreDumpDialog  # noqa: E402
from mangrove.ui.dialogs.snapshot_dialog import SnapshotDialog  # noqa: E402
from mangrove.ui.dialogs.snapshot_places import (  # noqa: E402
    CopySnapshotDialog,
    RestoreSnapshotDialog,
)
from mangrove.ui.dialogs.vaults.keys_dialog import KeysDialog  # noqa: E402
from mangrove.ui.dialogs.vaults.kit_dialogs import (  # noqa: E402
    ConfirmKitDialog,
    MakeKitDialog,
    OpenKitDialog,
)
from mangrove.ui.dialogs.vaults.mirror_dialog import MirrorDialog  # noqa: E402
from mangrove.ui.dialogs.vaults.policy_dialog import PolicyDialog, PolicyStart  # noqa: E402
from mangrove.ui.dialogs.vaults.vault_dialog import VaultDialog  # noqa: E402
from mangrove.ui.dialogs.verify_dialog import VerifyDialog  # noqa: E402
from mangrove.ui.navigation import PageName  # noqa: E402
from mangrove.ui.pages.atlas.page import AtlasPage  # noqa: E402
from mangrove.ui.pages.backups.page import BackupsPage  # noqa: E402
from mangrove.ui.pages.deployments.page import DeploymentsPage  # noqa: E402
from mangrove.ui.pages.overview.page import OverviewPage  # noqa: E402
from mangrove.ui.pages.timeline.page import TimelinePage  # noqa: E402
from mangrove.ui.pages.vaults.page import VaultsPage  # noqa: E402
from mangrove.ui.shell.main_window import MainWindow  # noqa: E402
from mangrove.ui.theme.style import Theme, theme  # noqa: E402
from mangrove.ui.theme.tokens import SchemeChoice  # noqa: E402

SETTLE_MS = 400
MOST_WAITS = 200
PAGE_OVERLAP = 48  # px of one screen that are on the next one too
SIZES = {"": (1280, 800), "-narrow": (1024, 720)}
SAMPLES = {
    "": rich_services,
    "-empty": empty_services,
    "-lone": lone_services,
    "-fleet": fleet_services,
}
EXAMPLE_RUNS = ("r-running", "r-losses", "r-failed", "r-0")


def settle(milliseconds: int = SETTLE_MS) -> None:
    """Let answers of background calls arrive and layouts come to rest."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def rest(window: MainWindow) -> None:
    """Wait until every answer is there and the overview is drawn."""
    calls = window.findChild(Calls)
    page = window.places[PageName.OVERVIEW].page
    for _ in range(MOST_WAITS):
        is_drawn = not isinstance(page, OverviewPage) or page.dashboard.is_drawn
        if calls is not None and not calls.waiting and is_drawn:
            break
        settle(SETTLE_MS // 4)
    settle()


def shoot(widget: QWidget, file: Path) -> None:
    """Save what a widget looks like."""
    settle()
    widget.grab().save(str(file))
    print(file)


def shoot_pages(window: MainWindow, folder: Path, suffix: str) -> None:
    """Save every page at every size."""
    for size_name, (width, height) in SIZES.items():
        window.resize(width, height)
        for name in window.places:
            window.open_page(name)
            rest(window)
            shoot(window, folder / f"{name.value}{size_name}{suffix}.png")


def shoot_overview(window: MainWindow, folder: Path, suffix: str) -> None:
    """Save the overview screen by screen, down to its end."""
    page = window.places[PageName.OVERVIEW].page
    if not isinstance(page, OverviewPage) or not page.dashboard.isVisibleTo(page):
        return
    window.open_page(PageName.OVERVIEW)
    rest(window)
    shelf, bar = page.dashboard.shelf, page.dashboard.shelf.verticalScrollBar()
    number = 1
    while bar.value() < bar.maximum():
        number += 1
        bar.setValue(bar.value() + shelf.viewport().height() - PAGE_OVERLAP)
        shoot(window, folder / f"overview-{number}{suffix}.png")
    bar.setValue(0)


def shoot_moment(window: MainWindow, folder: Path, suffix: str) -> None:
    """Save the timeline with a moment chosen, two thirds into its oldest window."""
    page = window.places[PageName.TIMELINE].page
    if not isinstance(page, TimelinePage):
        return
    window.open_page(PageName.TIMELINE)
    for number in range(page.profile.count()):
        page.profile.setCurrentIndex(number)
        rest(window)
        if page.picture is not None and page.picture.marks.bands.rows:
            break
    bands = page.picture.marks.bands.rows if page.picture is not None else ()
    if not bands:
        return
    page.card.buttons["week"].click()
    page.strip.moment_chosen.emit(bands[0].start_s / 3 + bands[0].end_s * 2 / 3)
    shoot(window, folder / f"timeline-moment{suffix}.png")


def atlas_dialogs(
    services: Services, window: MainWindow
) -> Iterator[tuple[str, Callable[[], QDialog]]]:
    """Yield the dialogs about Atlas; all but the first need a cluster."""
    yield "dialog-atlas-account", lambda: AtlasAccountDialog(window)
    page = window.places[PageName.ATLAS].page
    if not isinstance(page, AtlasPage) or page.pane.view is None:
        return
    view, targets = page.pane.view, tuple(row.place for row in page.table.records.rows)
    place, snapshot = view.row.place, page.pane.snapshots.chosen
    yield "dialog-atlas-take", lambda: TakeSnapshotDialog(window, place.text)
    start = RestoreStart(place, snapshot, view.reach, targets)
    yield "dialog-atlas-restore", lambda: AtlasRestoreDialog(window, services.points, start)
    plan = view.schedule
    if plan is not None:
        schedules = services.atlas.schedules
        yield "dialog-atlas-schedule", lambda: ScheduleDialog(window, schedules, place, plan)


def shoot_snapshots(window: MainWindow, folder: Path, suffix: str) -> None:
    """Save the snapshots beside the backups."""
    page = window.places[PageName.BACKUPS].page
    if isinstance(page, BackupsPage):
        window.open_page(PageName.BACKUPS)
        page.tabs.setCurrentIndex(1)
        shoot(window, folder / f"backups-snapshots{suffix}.png")
        page.tabs.setCurrentIndex(0)


def shoot_inner(services: Services, window: MainWindow, folder: Path, suffix: str) -> None:
    """Save what a page shows only when it is asked: databases, and what a vault keeps."""
    page = window.places[PageName.DEPLOYMENTS].page
    if isinstance(page, DeploymentsPage) and services.profiles.all():
        window.open_page(PageName.DEPLOYMENTS)
        page.detail.tabs.setCurrentWidget(page.detail.databases)
        rest(window)
        shoot(window, folder / f"deployments-databases{suffix}.png")
        page.detail.tabs.setCurrentWidget(page.detail.about)
    page = window.places[PageName.VAULTS].page
    if isinstance(page, VaultsPage) and (specs := services.vaults.all()):
        window.open_page(PageName.VAULTS)
        rest(window)
        page.select(retention=specs[0].name)
        rest(window)
        shoot(window, folder / f"vaults-retention{suffix}.png")
        page.retention.left.emit()


def small_dialogs(
    services: Services, window: MainWindow
) -> Iterator[tuple[str, Callable[[], QDialog]]]:
    """Yield the dialogs that ask one thing."""
    now = services.clock.now()
    yield "dialog-pause", lambda: PauseDialog(window, "nightly", services.points, now)
    yield "dialog-route", lambda: RouteDialog(window, services)
    yield "dialog-leave", lambda: LeaveDialog(len(services.jobs.names()), window)
    sentence = "It stays until somebody releases it."
    yield (
        "dialog-note",
        lambda: NoteDialog(window, "Hold", "Hold backup", sentence, is_needed=True),
    )
    for alert in services.alerts.all(1):
        yield "dialog-know", partial(KnowDialog, window, alert)
        yield "dialog-mute", partial(MuteDialog, window, alert, services.points, now)


def vault_dialogs(
    services: Services, calls: Calls, window: MainWindow
) -> Iterator[tuple[str, Callable[[], QDialog]]]:
    """Yield the dialogs about one vault."""
    for spec in services.vaults.all()[:1]:
        yield "dialog-make-kit", partial(MakeKitDialog, window, spec)
        yield "dialog-confirm-kit", partial(ConfirmKitDialog, window, spec)
        yield "dialog-keys", partial(KeysDialog, window, spec)
        yield "dialog-add-mirror", partial(MirrorDialog, window, services, calls, spec)
        start = PolicyStart(services.retention.preview(spec.name))
        yield "dialog-policy", partial(PolicyDialog, window, services, calls, start)


def snapshot_dialogs(
    services: Services, calls: Calls, window: MainWindow
) -> Iterator[tuple[str, Callable[[], QDialog]]]:
    """Yield the dialogs about snapshots of a server's disk."""
    yield "dialog-snapshot", lambda: SnapshotDialog(window, services, calls)
    for snapshot in services.snapshots.all()[:1]:
        yield "dialog-copy-snapshot", partial(CopySnapshotDialog, window, services, snapshot)
        size = snapshot.used_bytes or 0
        what = snapshot.snapshot
        yield "dialog-restore-snapshot", partial(RestoreSnapshotDialog, window, what, size)


def dialogs(services: Services, window: MainWindow) -> Iterator[tuple[str, Callable[[], QDialog]]]:
    """Yield a name and a maker for every dialog that can be shown with these services."""
    calls = window.findChild(Calls)
    if calls is None:
        return
    yield "dialog-add-profile", lambda: ProfileDialog(window, services, calls)
    yield "dialog-open-kit", lambda: OpenKitDialog(window)
    yield from vault_dialogs(services, calls, window)
    yield from atlas_dialogs(services, window)
    yield "dialog-add-vault", lambda: VaultDialog(window, services, calls)
    records = services.backups.all()
    if not records:
        return
    record = records[0]
    preset = BackupPreset(profile=record.profile_name)
    yield "dialog-backup", lambda: BackupDialog(window, services, calls, preset)
    yield "dialog-verify", lambda: VerifyDialog(window, services, record)
    yield "dialog-restore", lambda: RestoreDialog(window, services, calls, record)
    yield "dialog-export", lambda: ExportDialog(window, services, calls, record)
    yield "dialog-import", lambda: ImportDialog(window, services, calls)
    yield "dialog-restore-dump", lambda: RestoreDumpDialog(window, services, calls)
    copied = record.profile_name
    yield "dialog-copy", lambda: CopyDialog(window, services, calls, copied)
    yield "dialog-capture", lambda: CaptureDialog(window, services, copied)
    held = services.objectives.of(copied)
    figures = services.figures.profile(copied)
    yield "dialog-objectives", lambda: ObjectivesDialog(window, figures, held)
    yield "dialog-drill", lambda: DrillDialog(window, services, calls, copied)
    yield "dialog-assertions", lambda: AssertionsDialog(window, services, calls, copied)
    yield (
        "dialog-report",
        lambda: EvidenceReportDialog(window, services, copied, record.backup),
    )
    yield "dialog-job", lambda: JobDialog(window, services)
    yield "dialog-channel", lambda: ChannelDialog(window, services, calls)
    policy, zone = services.channels.policy(), services.clock.zone_name()
    yield "dialog-quiet", lambda: QuietDialog(window, policy, zone)
    yield "dialog-heartbeat", lambda: HeartbeatDialog(window, services, calls)
    yield "dialog-plan", lambda: PlanChoiceDialog(window, services)
    yield from snapshot_dialogs(services, calls, window)
    yield from small_dialogs(services, window)
    yield "dialog-quit", lambda: QuitDialog(services.activity.recent(2), window)


def shoot_dialogs(services: Services, window: MainWindow, folder: Path, suffix: str) -> None:
    """Save every dialog, and the progress dialog of some runs."""
    for name, make in dialogs(services, window):
        dialog = make()
        dialog.show()
        rest(window)
        shoot(dialog, folder / f"{name}{suffix}.png")
        dialog.close()
        dialog.deleteLater()
    known = [str(run.run_id) for run in services.activity.recent()]
    wanted = [run for run in EXAMPLE_RUNS if run in known] or known[:1]
    for number, run_id in enumerate(wanted, start=1):
        window._on_progress_wanted(RunId(run_id))  # noqa: SLF001 - what a click on the strip does
        progress = window.progress_dialog(RunId(run_id))
        if isinstance(progress, ProgressDialog):
            shoot(progress, folder / f"dialog-progress-{number}{suffix}.png")
            progress.close()


def kind_of(arguments: argparse.Namespace) -> str:
    """Return which samples are wanted, as file names say it; "" for the usual ones."""
    return next((kind for kind in SAMPLES if kind and getattr(arguments, kind[1:])), "")


@contextmanager
def services_of(arguments: argparse.Namespace) -> Iterator[Services]:
    """Open sample, empty or real services."""
    if arguments.real is None:
        yield SAMPLES[kind_of(arguments)]().services
        return
    paths = app_paths({**os.environ, "MANGROVE_HOME": str(arguments.real)})
    paths.ensure()
    with open_services(paths, usual_parts()) as services:
        yield services


def main() -> int:
    """Read the command line and take the screenshots."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--real", type=Path, default=None, metavar="MANGROVE_HOME")
    parser.add_argument("--empty", action="store_true", help="a brand-new install")
    parser.add_argument("--lone", action="store_true", help="one profile")
    parser.add_argument("--fleet", action="store_true", help="twenty profiles")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    application = QApplication(sys.argv[:1])
    Theme(application, REPO / "resources")
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    with services_of(arguments) as services, tempfile.TemporaryDirectory() as folder:
        window = build_window(services, Path(folder) / "window.ini")
        window.show()
        for choice in (SchemeChoice.LIGHT, SchemeChoice.DARK):
            theme().choose(choice)
            suffix = f"{kind_of(arguments)}-{choice.value}"
            shoot_pages(window, arguments.out, suffix)
            window.resize(*SIZES[""])
            shoot_overview(window, arguments.out, suffix)
            shoot_moment(window, arguments.out, suffix)
            shoot_snapshots(window, arguments.out, suffix)
            shoot_inner(services, window, arguments.out, suffix)
            shoot_dialogs(services, window, arguments.out, suffix)
        if (bridge := window.findChild(ActivityBridge)) is not None:
            bridge.close()
        window.hide()
    return 0


if __name__ == "__main__":
    sys.exit(main())
