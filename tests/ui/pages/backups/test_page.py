import threading
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from fakes.readable import cut_off
from fakes.sample_data import CLOUD, NOW, OFFICE_NAS, RECORDS, record
from fakes.sample_runs import running_backup
from fakes.services import FakeServices
from mangrove.core.backup import backup_id
from mangrove.core.backup_record import BackupRecord, BackupState
from mangrove.core.errors import DamagedStateError, WrongIdentityError
from mangrove.core.run import RunState
from mangrove.ui.models.backup_rows import COLUMNS, BackupColumn
from mangrove.ui.navigation import Navigator
from mangrove.ui.pages.backups.page import BackupsPage
from mangrove.ui.theme.tokens import Size
from mangrove.ui.widgets.card import ScrolledColumn
from mangrove.ui.widgets.long_text import LongText
from ui.conftest import Ends

TALL = (1280, 800)


def opened(qtbot: QtBot, ends: Ends) -> BackupsPage:
    page = BackupsPage(ends.services, ends.calls, ends.bridge, ends.navigator)
    qtbot.addWidget(page)
    page.resize(*TALL)
    page.show()
    return page


def loaded(qtbot: QtBot, ends: Ends) -> BackupsPage:
    page = opened(qtbot, ends)
    qtbot.waitUntil(lambda: page.model.rowCount() == len(RECORDS))
    return page


def test_page_shows_the_newest_backup_explained(qtbot: QtBot, ends: Ends) -> None:
    page = loaded(qtbot, ends)

    qtbot.waitUntil(page.detail.contents_card.isVisible)

    assert page.detail.title.text() == "staging, today 12:30"
    assert page.detail.badge.word == "proven"
    assert "as of one moment" in page.detail.paragraph.text()
    assert page.detail.model.databases == ("billing", "shop")
    assert page.detail.missing_card.isVisible()
    assert page.bar.count.text() == f"{len(RECORDS)} backups"


def test_every_column_shown_at_first_fits_a_window_of_1280_pixels(qtbot: QtBot, ends: Ends) -> None:
    page = loaded(qtbot, ends)
    page.resize(TALL[0] - Size.RAIL, TALL[1])

    qtbot.waitUntil(lambda: page.table.viewport().width() < TALL[0] - Size.RAIL)

    assert page.table.horizontalScrollBar().maximum() == 0
    shown = [c for n, c in enumerate(COLUMNS) if not page.table.isColumnHidden(n)]
    assert {BackupColumn.EVIDENCE, BackupColumn.VAULT} <= set(shown)


def test_a_hidden_column_can_be_shown(qtbot: QtBot, ends: Ends) -> None:
    page = loaded(qtbot, ends)
    number = COLUMNS.index(BackupColumn.SIZE)
    action = next(a for a in page.columns.actions if a.data() == number)

    action.trigger()

    assert action.text() == "Column: Stored"
    assert not page.table.isColumnHidden(number)


def test_what_keeps_each_backup_is_a_column_that_asks_the_vaults_only_when_it_is_shown(
    qtbot: QtBot, ends: Ends, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[str]()
    preview = fakes.retention.preview
    monkeypatch.setattr(
        fakes.retention, "preview", lambda vault: (asked.append(vault), preview(vault))[1]
    )
    page = loaded(qtbot, ends)
    number = COLUMNS.index(BackupColumn.KEPT)
    assert page.table.isColumnHidden(number)
    monkeypatch.setattr(fakes.retention, "fate_of", lambda _backup: "stays: last 1/3")
    asked.clear()

    next(a for a in page.columns.actions if a.data() == number).trigger()

    assert not page.table.isColumnHidden(number)
    qtbot.waitUntil(lambda: bool(page.model.index(0, number).data()))
    assert sorted(asked) == sorted({"cloud", "office-nas"})
    backup, shown = page.model.row_at(0).record.backup, page.model.index(0, number)
    assert shown.data() == type(fakes.retention).fate_of(fakes.retention, backup)
    page.model.sort(number, Qt.SortOrder.AscendingOrder)
    words = [page.model.index(row, number).data() for row in range(page.model.rowCount())]
    assert words == sorted(words)
    assert {word.split()[0] for word in words} <= {"stays:", "goes", ""}


def test_filters_narrow_the_table_and_say_so(qtbot: QtBot, ends: Ends) -> None:
    page = loaded(qtbot, ends)

    page.bar.profile.setCurrentIndex(page.bar.profile.findData("reporting"))

    shown = page.model.rowCount()
    assert 0 < shown < len(RECORDS)
    assert page.bar.count.text() == f"{shown} of {len(RECORDS)} backups"
    assert page.detail.title.text().startswith("reporting")


def test_nothing_found_offers_all_backups_again(qtbot: QtBot, ends: Ends) -> None:
    page = loaded(qtbot, ends)
    page.bar.search.setText("no such thing")
    qtbot.waitUntil(page.nothing.isVisible)

    page.nothing.button.click()

    assert page.table.isVisible()
    assert page.model.rowCount() == len(RECORDS)


def test_an_empty_page_offers_the_first_step(qtbot: QtBot, empty_ends: Ends) -> None:
    page = opened(qtbot, empty_ends)
    qtbot.waitUntil(lambda: page.empty.button.text() == "Add deployment")
    assert not page.table.isVisible()

    with qtbot.waitSignal(empty_ends.navigator.add_profile_wanted):
        page.empty.button.click()


def test_an_unreadable_manifest_is_an_error_in_place(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.backups.problem = WrongIdentityError("no identity opens it")

    page = loaded(qtbot, ends)

    qtbot.waitUntil(lambda: "No identity opens it" in page.detail.banner.text)
    assert page.table.isVisible()


def test_an_unreadable_backup_cannot_be_restored(qtbot: QtBot, ends: Ends) -> None:
    page = loaded(qtbot, ends)
    bad = next(r for r in RECORDS if r.state is BackupState.UNREADABLE)

    page.select(backup=bad.backup)

    assert page.detail.paragraph.text() == bad.problem
    assert not page.detail.restore.isEnabled()


def test_an_unencrypted_backup_says_so(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    fakes.backups.rows[0] = replace(fakes.backups.rows[0], is_encrypted=False)

    page = loaded(qtbot, ends)

    assert "Not encrypted" in page.detail.warning.text


def test_the_end_of_a_run_on_another_thread_brings_its_backup(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    page = loaded(qtbot, ends)
    chosen = page.detail.title.text()
    fakes.backups.rows.insert(0, record("production", OFFICE_NAS, NOW, 99))
    done = replace(running_backup(), state=RunState.SUCCEEDED)

    worker = threading.Thread(target=fakes.activity.publish, args=(done,))
    worker.start()
    worker.join()

    qtbot.waitUntil(lambda: page.model.rowCount() == len(RECORDS) + 1)
    assert page.detail.title.text() == chosen  # what was looked at stays


def test_an_answer_for_another_backup_is_not_shown(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    page = loaded(qtbot, ends)
    fakes.background.hold = True
    page.table.selectRow(3)
    page.table.selectRow(5)

    fakes.background.release()

    qtbot.waitUntil(page.detail.contents_card.isVisible)
    chosen = page.model.row_at(5).record
    assert chosen.backup in page.detail.facts.texts()


@pytest.mark.parametrize(
    ("button", "signal"),
    [
        ("restore", "restore_wanted"),
        ("verify", "verify_wanted"),
        ("export", "export_wanted"),
    ],
)
def test_buttons_ask_for_the_shown_backup(
    qtbot: QtBot, ends: Ends, button: str, signal: str
) -> None:
    page = loaded(qtbot, ends)
    navigator: Navigator = ends.navigator

    with qtbot.waitSignal(getattr(navigator, signal)) as wanted:
        getattr(page.detail, button).click()

    assert wanted.args == [RECORDS[0].backup]


def test_a_physical_backup_says_why_it_is_not_exported(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.backups.rows[0] = replace(fakes.backups.rows[0], is_physical=True)
    page = loaded(qtbot, ends)

    assert not page.detail.export.isEnabled()
    assert "which are no dump" in page.detail.export.toolTip()
    assert page.detail.restore.isEnabled()

    page.table.selectRow(1)

    assert page.detail.export.isEnabled()
    assert not page.detail.export.toolTip()


def test_another_page_can_point_at_a_backup_or_a_vault(qtbot: QtBot, ends: Ends) -> None:
    page = loaded(qtbot, ends)
    page.bar.profile.setCurrentIndex(1)

    page.select(backup=RECORDS[7].backup)
    assert page.model.row_at(page.table.currentIndex().row()).record == RECORDS[7]

    page.select(vault="cloud")
    vaults = {page.model.row_at(n).record.vault_id for n in range(page.model.rowCount())}
    assert vaults == {CLOUD}


def test_copy_puts_the_row_on_the_clipboard(qtbot: QtBot, ends: Ends) -> None:
    page = loaded(qtbot, ends)

    page.table.actions()[0].trigger()

    copied = QGuiApplication.clipboard().text().split("\t")
    assert copied[0] == RECORDS[0].backup
    assert "staging" in copied


@pytest.mark.usefixtures("large_text")
def test_nothing_is_cut_off_at_double_size(qtbot: QtBot, ends: Ends) -> None:
    page = loaded(qtbot, ends)

    qtbot.waitUntil(page.detail.contents_card.isVisible)

    qtbot.waitUntil(lambda: cut_off(page) == [])
    assert page.table.rowHeight(0) >= page.table.fontMetrics().height()


def test_page_opens_from_right_to_left(qtbot: QtBot, ends: Ends) -> None:
    page = loaded(qtbot, ends)

    page.setLayoutDirection(Qt.LayoutDirection.RightToLeft)

    assert not page.grab().isNull()
    qtbot.waitUntil(lambda: page.table.geometry().left() > page.detail.geometry().left())


def test_a_hidden_page_reads_nothing_until_it_is_looked_at(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.background.hold = True
    page = BackupsPage(ends.services, ends.calls, ends.bridge, ends.navigator)
    qtbot.addWidget(page)

    ends.navigator.tell_data_changed()
    assert ends.calls.waiting == 0
    page.show()

    assert ends.calls.waiting == 1


def test_a_selection_waits_for_the_rows_it_means(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.background.hold = True
    page = opened(qtbot, ends)

    page.select(vault="cloud")
    fakes.background.release()

    qtbot.waitUntil(lambda: page.model.rowCount() > 0)
    vaults = {page.model.row_at(n).record.vault_id for n in range(page.model.rowCount())}
    assert vaults == {CLOUD}


def test_a_failed_listing_can_be_tried_again(
    qtbot: QtBot, ends: Ends, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(limit: int) -> tuple[BackupRecord, ...]:
        del limit
        raise DamagedStateError("the catalog is not a database")

    with monkeypatch.context() as patch:
        patch.setattr(fakes.backups, "newest", fail)
        page = opened(qtbot, ends)
        qtbot.waitUntil(lambda: "The catalog is not a database" in page.banner.text)

    page.banner.action.click()

    qtbot.waitUntil(lambda: page.model.rowCount() == len(RECORDS))
    assert page.banner.text == ""


@pytest.mark.parametrize(
    ("button", "signal"),
    [("import_dump", "import_wanted"), ("restore_dump", "restore_dump_wanted")],
)
def test_the_header_leads_to_dumps(qtbot: QtBot, ends: Ends, button: str, signal: str) -> None:
    page = loaded(qtbot, ends)

    with qtbot.waitSignal(getattr(ends.navigator, signal)):
        getattr(page, button).click()


def test_the_detail_says_whether_the_backup_stays_and_why(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)
    qtbot.waitUntil(lambda: page.model.rowCount() > 0)

    page.table.selectRow(0)

    qtbot.waitUntil(lambda: any(t.startswith("Stays: ") for t in page.detail.facts.texts()))
    assert any("last 1/3" in text for text in page.detail.facts.texts())


def test_long_names_make_the_detail_no_wider(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    slug = "anextraordinarilylongnameforadeployment"
    first = fakes.backups.rows[0]
    renamed = replace(
        first,
        profile_name=slug,
        profile_slug=slug,
        backup=backup_id(first.started_at, slug, "77ab"),
    )
    fakes.backups.rows[0] = renamed
    page = loaded(qtbot, ends)
    page.resize(1080, 800)
    qtbot.waitUntil(lambda: slug in page.detail.paragraph.text())

    shelf = page.detail.findChild(ScrolledColumn)
    assert shelf is not None
    qtbot.waitUntil(lambda: shelf.widget().height() > 0)
    assert shelf.horizontalScrollBar().maximum() == 0
    value = next(v for v in page.detail.facts.findChildren(LongText) if slug in v.text())
    assert value.height() >= 2 * value.fontMetrics().height()
