from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from fakes.readable import cut_off
from fakes.services import FakeServices
from fakes.snapshot_services import FakeSnapshots
from mangrove.core.errors import MissingPrivilegeError
from mangrove.core.snapshots.snapshot import LockUse
from mangrove.ui.dialogs.confirm_dialog import ConfirmDialog
from mangrove.ui.dialogs.snapshot_dialog import SnapshotDialog
from mangrove.ui.dialogs.snapshot_places import CopySnapshotDialog, RestoreSnapshotDialog
from mangrove.ui.models.snapshots_model import SnapshotColumn
from mangrove.ui.pages.backups.page import BackupsPage
from mangrove.ui.pages.backups.snapshots_pane import SnapshotsPane
from mangrove.ui.snapshot_words import proof_words
from ui.conftest import Ends


@pytest.fixture
def service(fakes: FakeServices) -> FakeSnapshots:
    return fakes.snapshots


def loaded(qtbot: QtBot, ends: Ends) -> SnapshotsPane:
    pane = SnapshotsPane(ends.services, ends.calls, ends.bridge, ends.navigator)
    qtbot.addWidget(pane)
    pane.resize(1040, 640)
    pane.show()
    qtbot.waitUntil(lambda: pane.model.rowCount() == 2)
    return pane


def opened(qtbot: QtBot, ends: Ends) -> SnapshotDialog:
    dialog = SnapshotDialog(None, ends.services, ends.calls)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def asked(service: FakeSnapshots, what: str) -> list[tuple[object, ...]]:
    return [call for call in service.asked if call[0] == what]


def test_newest_snapshot_is_explained(qtbot: QtBot, ends: Ends) -> None:
    pane = loaded(qtbot, ends)

    assert pane.detail.badge.word == "not verified"
    assert "no lock" in pane.detail.facts.texts()
    pane.table.selectRow(1)
    assert pane.detail.badge.word == "validated"
    assert "0.31 s" in pane.detail.facts.texts()
    assert any("812,402,118 documents" in words for words in pane.detail.proof.texts())
    assert pane.table.horizontalScrollBar().maximum() == 0


def test_another_page_leads_to_a_snapshot(qtbot: QtBot, ends: Ends) -> None:
    page = BackupsPage(ends.services, ends.calls, ends.bridge, ends.navigator)
    qtbot.addWidget(page)
    page.show()
    pane = page.snapshots
    qtbot.waitUntil(lambda: ends.calls.waiting == 0)
    wanted = ends.services.snapshots.all()[1].snapshot

    page.select(snapshot=wanted)

    def chosen() -> bool:
        snapshot = pane.model.record_at(pane.table.currentIndex().row())
        return snapshot is not None and snapshot.snapshot == wanted

    qtbot.waitUntil(lambda: page.tabs.currentWidget() is pane and chosen())


def test_snapshots_sort_by_a_column(qtbot: QtBot, ends: Ends) -> None:
    pane = loaded(qtbot, ends)
    model = pane.model

    model.sort(SnapshotColumn.LOCKED)

    first, second = model.record_at(0), model.record_at(1)
    assert first is not None
    assert second is not None
    assert first.lock is LockUse.NO_LOCK
    assert second.locked_for is not None


def test_snapshots_sort_by_the_proof_that_is_shown_the_best_first(
    qtbot: QtBot, ends: Ends, service: FakeSnapshots
) -> None:
    unopened, proven = service.rows
    check = proven.last_check
    assert check is not None
    refuted = replace(proven, checks=(replace(check, passed=False),))
    lost = replace(proven, problem="the folder is gone")
    pane = loaded(qtbot, ends)
    pane.model.set_rows([lost, refuted, unopened, proven])

    pane.model.sort(SnapshotColumn.PROOF)

    cells = [pane.model.index(row, SnapshotColumn.PROOF).data() for row in range(4)]
    assert cells == ["validated", "not verified", "failed", proof_words(lost)]
    pane.model.sort(SnapshotColumn.PROOF, Qt.SortOrder.DescendingOrder)
    assert pane.model.record_at(0) == lost


def test_titles_of_figures_stand_over_them(qtbot: QtBot, ends: Ends) -> None:
    pane, role = loaded(qtbot, ends), Qt.ItemDataRole.TextAlignmentRole

    for column in SnapshotColumn:
        title = pane.model.headerData(column, Qt.Orientation.Horizontal, role)
        assert title == pane.model.index(0, column).data(role)


def test_buttons_start_what_they_say(
    qtbot: QtBot, ends: Ends, service: FakeSnapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    pane = loaded(qtbot, ends)
    name = service.rows[0].snapshot
    monkeypatch.setattr(CopySnapshotDialog, "ask", lambda *_: "cloud")
    monkeypatch.setattr(RestoreSnapshotDialog, "ask", lambda *_: "/srv/x")
    monkeypatch.setattr(ConfirmDialog, "ask", lambda *_: True)

    for button, what, expected in (
        (pane.detail.verify, "verify", (name, "")),
        (pane.detail.copy, "copy", (name, "cloud")),
        (pane.detail.restore, "restore", (name, "/srv/x")),
        (pane.detail.delete, "delete", (name,)),
    ):
        button.click()
        qtbot.waitUntil(lambda what=what: bool(asked(service, what)))
        assert asked(service, what) == [(what, *expected)]


def test_nothing_is_deleted_without_a_yes(
    qtbot: QtBot, ends: Ends, service: FakeSnapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    pane = loaded(qtbot, ends)
    monkeypatch.setattr(ConfirmDialog, "ask", lambda *_: False)

    pane.detail.delete.click()

    assert asked(service, "delete") == []


def test_pinned_snapshot_offers_no_delete(qtbot: QtBot, ends: Ends, service: FakeSnapshots) -> None:
    pane = loaded(qtbot, ends)

    pane.detail.pin.click()

    qtbot.waitUntil(lambda: not pane.detail.delete.isEnabled())
    assert service.rows[0].pin == ""
    pane.detail.pin.click()
    qtbot.waitUntil(pane.detail.delete.isEnabled)


def test_snapshot_that_is_not_whole_says_why(
    qtbot: QtBot, ends: Ends, service: FakeSnapshots
) -> None:
    service.rows[0] = replace(service.rows[0], problem="it was being taken")

    pane = loaded(qtbot, ends)

    assert pane.detail.problem.isVisible()
    assert not pane.detail.copy.isEnabled()
    assert pane.detail.delete.isEnabled()


def test_without_any_deployment_the_first_step_is_to_add_one(
    qtbot: QtBot, empty_ends: Ends
) -> None:
    page = BackupsPage(
        empty_ends.services, empty_ends.calls, empty_ends.bridge, empty_ends.navigator
    )
    qtbot.addWidget(page)
    page.show()
    page.tabs.setCurrentIndex(1)

    qtbot.waitUntil(lambda: page.snapshots.empty.button.text() == "Add deployment")
    with qtbot.waitSignal(empty_ends.navigator.add_profile_wanted):
        page.snapshots.empty.button.click()
    assert not page.take_snapshot.isVisible()


def test_dialog_shows_what_preflight_found_and_what_will_happen(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)

    qtbot.waitUntil(dialog.yes.isEnabled)

    words = [words for _, words, _ in dialog.findings.texts()]
    assert any("it is a secondary" in line for line in words)
    assert "after 60 s a watchdog lets them go on" in dialog.summary
    dialog.limit.setValue(20)
    assert "after 20 s" in dialog.summary
    dialog.lock.choose(LockUse.NO_LOCK)
    qtbot.waitUntil(lambda: "No write has to wait" in dialog.summary)
    assert dialog.answer().lock is LockUse.NO_LOCK


def test_dialog_offers_nothing_that_would_be_refused(
    qtbot: QtBot, ends: Ends, service: FakeSnapshots
) -> None:
    service.node = replace(service.node, is_locked=True)
    dialog = opened(qtbot, ends)

    qtbot.waitUntil(lambda: "somebody has locked" in dialog.summary)

    assert not dialog.yes.isEnabled()


def test_dialog_says_why_it_cannot_look(qtbot: QtBot, ends: Ends, service: FakeSnapshots) -> None:
    service.problem = MissingPrivilegeError("the user may not ask", hint="grant clusterMonitor")
    dialog = opened(qtbot, ends)

    qtbot.waitUntil(
        lambda: "grant clusterMonitor" in dialog.summary.lower() or "may not" in dialog.summary
    )

    assert not dialog.yes.isEnabled()


def test_dialog_reads_machine_and_own_commands(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    dialog.machine.setText("ann@db1.example.net:2222")
    dialog.take.setText("snap {id}")

    request = dialog.answer()

    assert request.ssh is not None
    assert request.ssh.address == "ann@db1.example.net:2222"
    assert request.commands.take == "snap {id}"


@pytest.mark.usefixtures("large_text")
def test_nothing_is_cut_off_at_double_size(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    qtbot.waitUntil(dialog.yes.isEnabled)
    qtbot.waitUntil(lambda: cut_off(dialog) == [])  # once the layout has settled
    pane = loaded(qtbot, ends)
    qtbot.waitUntil(lambda: cut_off(pane.detail) == [])
