"""How many alerts are open, in the strip and in the rail; and messages in the tray."""

import pytest
from PySide6.QtWidgets import QSystemTrayIcon
from pytestqt.qtbot import QtBot

from fakes.services import FakeServices
from mangrove.core.alerts.alert import Glance, Severity
from mangrove.core.alerts.delivery import Message
from mangrove.core.errors import DeliveryError
from mangrove.ui.shell.alert_watch import AlertWatch
from mangrove.ui.shell.status_strip import StatusStrip
from mangrove.ui.shell.tray_messages import TrayMessages
from ui.conftest import Ends


def test_a_change_is_told_once(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    watch = AlertWatch(fakes.alerts, ends.calls, ends.bridge, ends.navigator, ends.owner)
    told: list[Glance] = []
    watch.glance_changed.connect(told.append)
    qtbot.waitUntil(lambda: ends.calls.waiting == 0)
    assert told == [Glance(Severity.CRITICAL, 2, 1)]

    watch.look()
    qtbot.waitUntil(lambda: ends.calls.waiting == 0)
    assert len(told) == 1

    fakes.alerts.acknowledge(fakes.alerts.all()[0].key)
    ends.navigator.tell_data_changed()
    qtbot.waitUntil(lambda: ends.calls.waiting == 0)
    assert told[1:] == [Glance(Severity.WARNING, 1, 2)]


def test_the_strip_shows_how_many_and_leads_there(qtbot: QtBot) -> None:
    strip = StatusStrip()
    qtbot.addWidget(strip)
    strip.show()
    assert not strip.alerts.isVisible()

    strip.set_alerts(Glance(Severity.CRITICAL, 2))

    assert strip.alerts.text() == "2 alerts"
    assert "critical" in strip.alerts.toolTip()
    with qtbot.waitSignal(strip.alerts_opened):
        strip.alerts.click()
    strip.set_alerts(Glance(None, 0, 3))
    assert not strip.alerts.isVisible()


def test_without_a_tray_somebody_else_has_to_show_the_message(qtbot: QtBot, ends: Ends) -> None:
    del qtbot
    messages = TrayMessages(QSystemTrayIcon(ends.owner), ends.owner)

    with pytest.raises(DeliveryError, match="no tray"):
        messages.show(Message("title", "body"))


def test_a_message_appears_beside_the_icon(
    qtbot: QtBot, ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    icon = QSystemTrayIcon(ends.owner)
    shown: list[tuple[object, ...]] = []
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: True)
    monkeypatch.setattr(icon, "isVisible", lambda: True)
    monkeypatch.setattr(icon, "showMessage", lambda *said: shown.append(said))
    messages = TrayMessages(icon, ends.owner)

    messages.show(Message("title", "body", Severity.CRITICAL))
    qtbot.waitUntil(lambda: bool(shown))

    kind = QSystemTrayIcon.MessageIcon.Critical
    assert shown[0][:3] == ("title", "body", kind)
