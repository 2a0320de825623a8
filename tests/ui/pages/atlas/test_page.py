"""The Atlas page over an Atlas in memory."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from fakes.atlas import PROJECT
from fakes.services import FakeServices
from mangrove.core.atlas.policy import Retention, Unit, parse_item
from mangrove.core.atlas.restore import Delivery, RestoreOrder
from mangrove.core.errors import AtlasSignInError
from mangrove.core.run import RunId, RunKind
from mangrove.services.atlas.schedules import ScheduleChange
from mangrove.ui.dialogs.atlas.account_dialog import AtlasAccountDialog
from mangrove.ui.dialogs.atlas.delete_dialog import DeleteSnapshotDialog
from mangrove.ui.dialogs.atlas.link_dialog import LinkDialog
from mangrove.ui.dialogs.atlas.restore_dialog import AtlasRestoreDialog, RestoreAnswer
from mangrove.ui.dialogs.atlas.schedule_dialog import ScheduleDialog
from mangrove.ui.dialogs.atlas.take_dialog import (
    KeepSnapshotDialog,
    TakeAnswer,
    TakeSnapshotDialog,
)
from mangrove.ui.dialogs.confirm_dialog import ConfirmDialog
from mangrove.ui.pages.atlas.page import AtlasPage
from ui.conftest import Ends


def opened(qtbot: QtBot, ends: Ends, cluster: str = "Shop/live") -> AtlasPage:
    page = AtlasPage(ends.services, ends.calls, ends.bridge, ends.navigator)
    qtbot.addWidget(page)
    page.resize(1080, 740)
    page.show()
    qtbot.waitUntil(lambda: page._stack.currentIndex() == 3 or bool(page.banner.text))
    page.select(cluster=cluster)
    qtbot.waitUntil(lambda: page.pane.view is not None and page.pane.view.row.place.text == cluster)
    return page


def test_without_an_account_the_page_says_what_one_is_for(
    qtbot: QtBot, empty_ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(AtlasAccountDialog, "ask", lambda *_: asked.append(1))
    page = AtlasPage(empty_ends.services, empty_ends.calls, empty_ends.bridge, empty_ends.navigator)
    qtbot.addWidget(page)
    page.show()

    qtbot.mouseClick(page.empty.button, Qt.MouseButton.LeftButton)

    assert page.empty.isVisible()
    assert not page.add.isVisible()
    assert asked == [1]


def test_clusters_are_listed_and_the_chosen_one_is_told(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)

    rows = [row.place.text for row in page.table.records.rows]
    assert rows == ["Shop/analytics", "Shop/live", "Shop/playground", "Shop/staging"]
    assert "Any second from" in page.pane.about.text()
    assert page.pane.snapshots.records.rowCount() == 18
    chosen = page.pane.snapshots.chosen
    assert chosen is not None
    assert chosen.is_usable
    assert "about 21 snapshots" in page.pane.lines.texts()
    assert "AWS EU_WEST_1: daily, weekly, with the oplog" in page.pane.facts.texts()
    QAbstractItemModelTester(page.pane.snapshots.records)


def test_what_a_tier_does_not_allow_is_off_and_says_why(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends, "Shop/playground")

    for button in (page.pane.take, page.pane.delete, page.pane.edit):
        assert not button.isEnabled()
        assert "last 8" in button.toolTip()
    assert page.pane.restore.isEnabled()
    assert "keeps the last 8" in page.pane.limits.text()
    assert "cannot be changed" in page.pane.no_schedule.text()


def test_a_snapshot_is_taken_kept_and_deleted(
    qtbot: QtBot, ends: Ends, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(qtbot, ends)
    chosen = page.pane.snapshots.chosen
    assert chosen is not None
    monkeypatch.setattr(TakeSnapshotDialog, "ask", lambda *_: TakeAnswer("before", 3))
    monkeypatch.setattr(KeepSnapshotDialog, "ask", lambda *_: 30)
    monkeypatch.setattr(DeleteSnapshotDialog, "ask", lambda *_: "live")

    with qtbot.waitSignal(ends.navigator.progress_wanted):
        page.pane.take.click()
    page.pane.keep.click()
    page.pane.delete.click()
    qtbot.waitUntil(lambda: len(fakes.atlas_fakes.api.asked) == 2)

    ((ticket, _),) = fakes.atlas_fakes.runner.started
    assert ticket.kind is RunKind.ATLAS_SNAPSHOT
    assert fakes.atlas_fakes.api.asked == [
        ("keep", chosen.snapshot_id, Retention(30, Unit.DAYS)),
        ("delete", chosen.snapshot_id),
    ]


def test_a_wrongly_typed_name_deletes_nothing_and_is_told(
    qtbot: QtBot, ends: Ends, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(qtbot, ends)
    monkeypatch.setattr(DeleteSnapshotDialog, "ask", lambda *_: "staging")

    page.pane.delete.click()
    qtbot.waitUntil(lambda: bool(page.banner.text))

    assert fakes.atlas_fakes.api.asked == []


def test_a_schedule_is_sent(
    qtbot: QtBot, ends: Ends, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(qtbot, ends)
    wanted = ScheduleChange(items=(parse_item("daily keep 9 days"),), copies=(), also_existing=True)
    monkeypatch.setattr(ScheduleDialog, "ask", lambda *_: wanted)

    page.pane.edit.click()
    qtbot.waitUntil(lambda: bool(fakes.atlas_fakes.api.asked))

    ((_, sent, also_existing),) = fakes.atlas_fakes.api.asked
    assert [i.as_written for i in sent.items] == ["daily keep 9 days"]  # type: ignore[attr-defined]
    assert also_existing is True


def test_a_restore_and_a_download_are_started(
    qtbot: QtBot,
    ends: Ends,
    fakes: FakeServices,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    page = opened(qtbot, ends)
    snapshot, target = page.pane.snapshots.chosen, page.table.records.rows[3].place
    assert snapshot is not None
    order = RestoreOrder(
        Delivery.AUTOMATED,
        snapshot.snapshot_id,
        target_project=PROJECT.project_id,
        target_cluster="staging",
        confirmed="staging",
    )
    answer = RestoreAnswer(order, target)
    monkeypatch.setattr(AtlasRestoreDialog, "ask", lambda *_: answer)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))

    for button in (page.pane.restore, page.pane.download, page.pane.fetch):
        if button is page.pane.fetch:
            page.pane.restores.choose(2)
        with qtbot.waitSignal(ends.navigator.progress_wanted):
            button.click()

    titles = [ticket.title for ticket, _ in fakes.atlas_fakes.runner.started]
    assert titles[0] == "Restore Shop/live to Shop/staging"
    assert titles[1] == f"Restore Shop/live to {tmp_path}"
    assert titles[2].startswith("Watch the restore")


def test_a_running_restore_is_watched_or_stopped(
    qtbot: QtBot, ends: Ends, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(qtbot, ends)
    monkeypatch.setattr(ConfirmDialog, "ask", lambda *_: True)
    page.pane.restores.choose(0)
    job = page.pane.restores.chosen
    assert job is not None
    assert page.pane.watch.isEnabled()

    page.pane.cancel.click()
    qtbot.waitUntil(lambda: bool(fakes.atlas_fakes.api.asked))
    page.pane.restores.choose(3)

    assert fakes.atlas_fakes.api.asked == [("cancel", job.job_id)]
    assert not page.pane.cancel.isEnabled()


def test_a_cluster_is_linked_and_unlinked(
    qtbot: QtBot, ends: Ends, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "production"
    answers = [name, ""]
    monkeypatch.setattr(LinkDialog, "ask", lambda *_: answers.pop(0))
    page = opened(qtbot, ends)

    page.pane.link.click()
    qtbot.waitUntil(lambda: name in page.pane.link.text() or bool(page.banner.text))
    assert page.banner.text == ""
    assert [link.text for _, link in fakes.atlas.links.all()] == ["Shop/live"]

    page.pane.link.click()
    qtbot.waitUntil(lambda: name not in page.pane.link.text())
    assert fakes.atlas.links.all() == ()


def test_a_failure_is_said_in_place(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    fakes.atlas_fakes.api.problem = AtlasSignInError("Atlas refused the account")

    page = AtlasPage(ends.services, ends.calls, ends.bridge, ends.navigator)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(lambda: bool(page.banner.text))

    assert "refused the account" in page.banner.text


def test_an_ended_run_shows_what_is_there_now(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    page = opened(qtbot, ends)
    fakes.atlas_fakes.api.held = fakes.atlas_fakes.api.held[:3]
    run_id = fakes.activity.begin(RunKind.ATLAS_SNAPSHOT, "x", "", "")

    _end(fakes, run_id)

    qtbot.waitUntil(lambda: page.pane.snapshots.records.rowCount() == 3)


def _end(fakes: FakeServices, run_id: RunId) -> None:
    from dataclasses import replace  # noqa: PLC0415

    from mangrove.core.run import RunState  # noqa: PLC0415

    fakes.activity.publish(replace(fakes.activity.status(run_id), state=RunState.SUCCEEDED))


@pytest.mark.usefixtures("large_text")
def test_large_text_fits(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)

    assert page.pane.about.isVisible()
    assert page.minimumSizeHint().width() <= 1500


def test_right_to_left_mirrors_the_page(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)

    page.setLayoutDirection(Qt.LayoutDirection.RightToLeft)

    assert page.table.x() >= 0
    assert page.pane.isVisible()
