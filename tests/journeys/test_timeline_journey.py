"""From an accident back to the entry before it: capture, timeline, dialog and replay, for real."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from mangrove.app.clock import SystemClock
from mangrove.app.container import Parts, open_services
from mangrove.app.paths import app_paths
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.connectors.secrets.session_only import SessionSecrets
from mangrove.core.backup import BackupRequest, RestoreRequest
from mangrove.core.backup_record import BackupRecord
from mangrove.core.pitr.capture import CaptureMode, CaptureRequest
from mangrove.core.pitr.moments import Edge, Moment
from mangrove.core.run import RunId, RunKind, RunStatus
from mangrove.services.bundle import Services
from mangrove.services.profiles import ProfileDraft
from mangrove.services.vaults import VaultDraft
from mangrove.ui.application import build_window
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.restore_dialog import RestoreDialog
from mangrove.ui.navigation import PageName
from mangrove.ui.pages.timeline.page import TimelinePage
from mangrove.ui.shell.main_window import MainWindow
from mangrove.ui.theme.style import Theme

pytestmark = [
    pytest.mark.journey,
    pytest.mark.mongod,
    pytest.mark.slow,
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints", extend=True),
]

WAIT_MS = 60_000


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    paths = app_paths({"MANGROVE_HOME": str(tmp_path / "home")})
    paths.ensure()
    with open_services(paths, Parts(SessionSecrets(), SystemClock())) as opened:
        opened.vaults.add(VaultDraft("attic", (tmp_path / "vault").as_uri()))
        yield opened


@pytest.fixture
def window(services: Services, look: Theme, tmp_path: Path, qtbot: QtBot) -> MainWindow:
    assert look is not None  # made before the first widget
    made = build_window(services, tmp_path / "window.ini")
    qtbot.addWidget(made)
    made.show()
    return made


def ended(qtbot: QtBot, services: Services, run_id: RunId) -> RunStatus:
    qtbot.waitUntil(lambda: services.activity.status(run_id).state.is_over, timeout=WAIT_MS)
    status = services.activity.status(run_id)
    assert status.problem is None, status.problem
    return status


def test_what_was_deleted_comes_back_as_it_was_at_the_entry_before(
    window: MainWindow,
    services: Services,
    fresh_replica_set: EmbeddedMongod,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    services.profiles.add(ProfileDraft("shop", fresh_replica_set.uri))
    with MongoClient(fresh_replica_set.uri) as client:
        orders = client.shop.orders
        orders.insert_many([{"_id": n} for n in range(50)])
        ended(qtbot, services, services.backups.start(BackupRequest("shop", "attic")))
        with client.start_session() as session:
            orders.insert_many([{"_id": n} for n in range(50, 80)], session=session)
            last_good = session.operation_time
        orders.delete_many({"_id": {"$gte": 10}})
        once = CaptureRequest("shop", "attic", CaptureMode.ONCE)
        ended(qtbot, services, services.captures.start(once))
    assert last_good is not None

    window.open_page(PageName.TIMELINE)
    page = window.places[PageName.TIMELINE].page
    assert isinstance(page, TimelinePage)
    page._on_data_changed()
    qtbot.waitUntil(lambda: page.picture is not None and bool(page.picture.timeline.windows))
    page.form.write_entry(f"{last_good.time}:{last_good.inc}", Edge.INCLUDING)
    page.form.changed.emit()
    qtbot.waitUntil(lambda: page.answer.restore.isVisible() and page.answer.restore.isEnabled())
    assert page.answer.headline.text().endswith("+ 1 slice")

    def asked(
        parent: QWidget, own: Services, calls: Calls, record: BackupRecord, moment: Moment
    ) -> RestoreRequest:
        dialog = RestoreDialog(parent, own, calls, record, moment)
        dialog.show()
        qtbot.waitUntil(dialog.yes.isEnabled, timeout=WAIT_MS)
        assert "Then replay" in dialog.summary
        request = dialog.answer()
        dialog.close()
        dialog.deleteLater()
        return request

    monkeypatch.setattr(RestoreDialog, "ask", asked)
    page.answer.restore.click()
    qtbot.waitUntil(lambda: bool(restores(services)), timeout=WAIT_MS)
    done = ended(qtbot, services, restores(services)[0].run_id)

    assert done.result is not None
    (copy,) = done.result.targets
    with MongoClient(fresh_replica_set.uri) as client:
        ids = sorted(document["_id"] for document in client[copy].orders.find())
        assert ids == list(range(80))
        assert client.shop.orders.count_documents({}) == 10


def restores(services: Services) -> list[RunStatus]:
    return [run for run in services.activity.recent() if run.kind is RunKind.RESTORE]
