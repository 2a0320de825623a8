from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from fakes.readable import cut_off
from fakes.sample_data import NOW
from fakes.services import FakeServices
from mangrove.core.errors import BackupProtectedError, StorageUnavailableError, VaultLockedError
from mangrove.core.retention.marks import Journal, Statement, StatementKind
from mangrove.core.retention.policy import KeepRule, Period, RetentionPolicy
from mangrove.ui.dialogs.confirm_dialog import Confirmation, ConfirmDialog
from mangrove.ui.dialogs.note_dialog import NoteDialog
from mangrove.ui.dialogs.vaults.policy_dialog import PolicyDialog, PolicyStart
from mangrove.ui.models.fates_model import FateColumn, FatesModel, day_of
from mangrove.ui.pages.vaults.page import VaultsPage
from mangrove.ui.pages.vaults.retention_pane import RetentionPane
from ui.conftest import Ends

VAULT = "office-nas"


def opened(qtbot: QtBot, ends: Ends, vault: str = VAULT) -> RetentionPane:
    pane = RetentionPane(ends.services, ends.calls, ends.navigator)
    qtbot.addWidget(pane)
    pane.resize(1032, 700)
    pane.show()
    pane.open(vault)
    qtbot.waitUntil(lambda: pane.view is not None)
    return pane


def choose(pane: RetentionPane, *, stays: bool) -> str:
    """Select the first row that stays or goes; returns its backup."""
    for row in range(pane.model.rowCount()):
        fate = pane.model.record_at(row)
        if fate is not None and fate.stays is stays and not fate.verdict.guards:
            pane.table.selectRow(row)
            return str(fate.record.backup)
    raise AssertionError("no such row")


def said(fakes: FakeServices) -> list[tuple[str, str]]:
    return [(s.kind.value, s.note) for s in fakes.retention.statements]


@pytest.fixture
def yes(monkeypatch: pytest.MonkeyPatch) -> list[Confirmation]:
    asked: list[Confirmation] = []

    def ask(_parent: object, wanted: Confirmation) -> bool:
        asked.append(wanted)
        return True

    monkeypatch.setattr(ConfirmDialog, "ask", ask)
    return asked


def test_it_says_what_stays_what_goes_when_and_why(qtbot: QtBot, ends: Ends) -> None:
    pane = opened(qtbot, ends)

    assert "of 30 backups go, the first on" in pane.summary.text()
    assert "will be free" in pane.summary.text()
    assert "In a month, if backups come as they do now:" in pane.ahead.text()
    assert pane.policy.text().startswith("Last 3, daily 7, weekly 4 (UTC)")
    first = pane.model.record_at(0)
    assert first is not None
    assert not first.stays
    words = [pane.model.index(0, c).data() for c in FateColumn]
    assert words[0] == f"goes {(NOW + timedelta(days=7)).astimezone():%Y-%m-%d}"
    assert "no rule keeps it" in words[FateColumn.BECAUSE]


def test_the_model_keeps_qts_rules(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    model = FatesModel(lambda: NOW)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.set_rows(fakes.retention.preview(VAULT).fates)
    model.set_day(day_of(NOW))
    model.set_day(None)

    assert model.rowCount() == 30
    del tester, qtbot, ends


def test_a_day_of_the_calendar_narrows_the_table(qtbot: QtBot, ends: Ends) -> None:
    pane = opened(qtbot, ends)
    fate = pane.model.record_at(0)
    assert fate is not None
    day = day_of(fate.record.finished_at)

    pane.calendar.choose(day)

    shown = [pane.model.record_at(n) for n in range(pane.model.rowCount())]
    assert {day_of(f.record.finished_at) for f in shown if f} == {day}
    assert "1 go" in pane.calendar.words(day)
    qtbot.keyClick(pane.calendar, Qt.Key.Key_Escape)
    assert pane.model.rowCount() == 30


def test_the_calendar_is_walked_with_the_keyboard(qtbot: QtBot, ends: Ends) -> None:
    pane = opened(qtbot, ends)
    today = day_of(NOW)

    qtbot.keyClick(pane.calendar, Qt.Key.Key_Down)
    assert pane.calendar.chosen == today
    qtbot.keyClick(pane.calendar, Qt.Key.Key_Left)
    qtbot.keyClick(pane.calendar, Qt.Key.Key_Up)

    assert pane.calendar.chosen == today - timedelta(days=8)
    assert pane.calendar.accessibleDescription().startswith(f"{today - timedelta(days=8):%a}")


def test_in_a_month_shows_what_will_have_come(qtbot: QtBot, ends: Ends) -> None:
    pane = opened(qtbot, ends)

    pane.moment.setCurrentIndex(1)

    ahead = [pane.calendar.fate(day_of(NOW + timedelta(days=n))) for n in range(25, 31)]
    assert any(fate.expected for fate in ahead)


def test_pins_are_set_with_a_note_and_taken_back(
    qtbot: QtBot, ends: Ends, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(NoteDialog, "ask", lambda *_a, **_k: "before the migration")
    pane = opened(qtbot, ends)
    backup = choose(pane, stays=False)

    pane.pin.click()
    qtbot.waitUntil(lambda: "stays until it is unpinned" in pane.banner.text)
    qtbot.waitUntil(lambda: pane.summary.text() != "Looking at the vault…")

    fate = next(f for f in pane.view.fates if f.record.backup == backup) if pane.view else None
    assert fate is not None
    assert fate.verdict.because == "pinned: before the migration"
    assert said(fakes) == [("pin", "before the migration")]


def test_a_backup_is_deleted_and_taken_back(
    qtbot: QtBot, ends: Ends, fakes: FakeServices, yes: list[Confirmation]
) -> None:
    pane = opened(qtbot, ends)
    backup = choose(pane, stays=False)
    assert not pane.undo.isEnabled()

    pane.delete.click()
    qtbot.waitUntil(lambda: "goes with the first prune" in pane.banner.text)
    qtbot.waitUntil(lambda: pane.summary.text() != "Looking at the vault…")
    assert yes[0].verb == f"Delete {backup}"

    assert choose(pane, stays=False) == backup
    assert not pane.delete.isEnabled()
    pane.undo.click()
    qtbot.waitUntil(lambda: "it is pinned now" in pane.banner.text)
    assert [kind for kind, _ in said(fakes)] == ["delete", "undo", "pin"]


def test_what_has_to_stay_cannot_be_deleted_and_says_why(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    pane = opened(qtbot, ends)
    guarded = next(
        n
        for n in range(pane.model.rowCount())
        if (fate := pane.model.record_at(n)) is not None and fate.verdict.guards
    )

    pane.table.selectRow(guarded)
    assert not pane.delete.isEnabled()
    assert "newest verified" in pane.delete.toolTip()

    fakes.retention.refusal = BackupProtectedError("it has to stay: pinned; nothing was deleted")
    choose(pane, stays=False)
    pane.delete.click()
    qtbot.waitUntil(lambda: "It has to stay: pinned" in pane.banner.text)


def test_a_prune_says_first_what_it_does_and_shows_its_progress(
    qtbot: QtBot, ends: Ends, fakes: FakeServices, yes: list[Confirmation]
) -> None:
    pane = opened(qtbot, ends)

    with qtbot.waitSignal(ends.navigator.progress_wanted):
        pane.prune.click()

    assert "until then each can be taken back" in yes[0].removed[0]
    assert fakes.retention.prunes == [(VAULT, False)]


def test_a_stale_lock_is_removed_after_asking_and_the_wish_fulfilled(
    qtbot: QtBot, ends: Ends, fakes: FakeServices, yes: list[Confirmation]
) -> None:
    pane = opened(qtbot, ends)
    choose(pane, stays=False)
    real = fakes.vaults.break_stale_locks
    fakes.retention.refusal = VaultLockedError("prune of cloud by ann on desk", stale=1)

    def removed(name: str) -> tuple[()]:
        real(name)
        fakes.retention.refusal = None
        return ()

    fakes.vaults.break_stale_locks = removed  # type: ignore[method-assign]  # for this test
    pane._save(RetentionPolicy((KeepRule(Period.LAST, 1),)))

    qtbot.waitUntil(lambda: "The policy was saved" in pane.banner.text)
    assert yes[0].removed == ["prune of cloud by ann on desk"]
    assert fakes.vaults.broken == [VAULT]


def test_a_vault_that_cannot_be_reached_says_so(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.retention.problem = StorageUnavailableError("the vault's folder is not there")
    pane = RetentionPane(ends.services, ends.calls, ends.navigator)
    qtbot.addWidget(pane)
    pane.open(VAULT)

    qtbot.waitUntil(lambda: "folder is not there" in pane.banner.action.parentWidget().text)
    assert pane.summary.text() == "The vault could not be looked at."
    assert not pane.prune.isEnabled()


def test_statements_that_cannot_be_believed_are_warned_of(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.retention.damaged = ("_retention/x.json",)

    pane = opened(qtbot, ends)

    assert "may have been a pin: nothing is deleted" in pane.banner.text


def test_the_policy_dialog_shows_what_its_numbers_do(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    view = fakes.retention.preview(VAULT)
    dialog = PolicyDialog(None, ends.services, ends.calls, PolicyStart(view))
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: "of 30 backups go" in dialog.preview.text())
    assert not dialog.yes.isEnabled()
    before = dialog.preview.text()

    dialog.counts[Period.DAILY].setValue(25)
    qtbot.waitUntil(lambda: dialog.preview.text() != before)

    assert dialog.yes.isEnabled()
    assert dialog.policy().rule(Period.DAILY) == KeepRule(Period.DAILY, 25)
    for box in dialog.counts.values():
        box.setValue(0)
    assert dialog.policy().is_empty
    assert dialog.summary.startswith("Everything is kept")


def test_spans_are_shown_and_kept_as_they_are_and_a_first_policy_counts_local_days(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    held = RetentionPolicy(
        (KeepRule(Period.LAST, within=timedelta(hours=36)),),
        recovery_window=timedelta(days=14),
        undo=timedelta(hours=12),
    )
    view = fakes.retention.preview(VAULT)
    first = replace(view, policy=RetentionPolicy(), facts=replace(view.facts, journal=Journal()))
    said = Journal((Statement(StatementKind.POLICY, NOW, "ann", policy=held),))
    later = replace(view, policy=held, facts=replace(view.facts, journal=said))
    dialogs = []
    for begun in (later, first):
        dialog = PolicyDialog(None, ends.services, ends.calls, PolicyStart(begun))
        qtbot.addWidget(dialog)
        dialogs.append(dialog)
    again, fresh = dialogs

    assert again.policy() == held
    assert (again.within.text(), again.window_days.text()) == ("36 hours", "14 days")
    assert "for 12 hours" in again.summary
    assert not again.yes.isEnabled()
    assert fresh.policy().time_zone == "Europe/Berlin"
    assert not fresh.yes.isEnabled()
    qtbot.waitUntil(lambda: bool(again.preview.text() and fresh.preview.text()))


def test_the_vaults_page_leads_there_and_back(qtbot: QtBot, ends: Ends) -> None:
    page = VaultsPage(ends.services, ends.calls, ends.bridge, ends.navigator)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(lambda: VAULT in page.cards)

    page.cards[VAULT].retention.click()
    qtbot.waitUntil(lambda: page.retention.view is not None)
    assert page.is_retention_shown
    page.reload()
    assert page.is_retention_shown
    page.retention.back.click()

    assert not page.is_retention_shown
    qtbot.waitUntil(lambda: all(card.health for card in page.cards.values()))


@pytest.mark.usefixtures("large_text")
def test_nothing_is_cut_off_with_twice_the_text(qtbot: QtBot, ends: Ends) -> None:
    pane = opened(qtbot, ends)
    pane.resize(1032, 1100)

    assert cut_off(pane) == []


def test_it_can_be_mirrored(qtbot: QtBot, ends: Ends) -> None:
    pane = opened(qtbot, ends)
    pane.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    today = day_of(NOW)
    pane.calendar.choose(today)

    qtbot.keyClick(pane.calendar, Qt.Key.Key_Right)

    assert pane.calendar.chosen == today - timedelta(days=7)
    assert not pane.grab().isNull()
    assert StatementKind.PIN
