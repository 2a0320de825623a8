"""The alerts page: what is open, what can be done about it, and where alerts go."""

from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from fakes.sample_alerts import CHAT, FAILED, KIT, MAIL, OLD
from fakes.sample_data import NOW
from fakes.services import FakeServices
from mangrove.core.alerts.alert import Severity
from mangrove.core.alerts.policy import AlertPolicy, quiet_hours
from mangrove.core.secret import Secret
from mangrove.services.channels import ChannelDraft
from mangrove.ui.dialogs.alerts.channel_dialog import ChannelDialog
from mangrove.ui.dialogs.alerts.heartbeat_dialog import HeartbeatDialog
from mangrove.ui.dialogs.alerts.mute_dialog import KnowDialog, MuteDialog
from mangrove.ui.dialogs.alerts.quiet_dialog import QuietDialog
from mangrove.ui.dialogs.confirm_dialog import ConfirmDialog
from mangrove.ui.navigation import PageName
from mangrove.ui.pages.alerts.page import AlertsPage
from mangrove.ui.widgets.labels import TextLabel
from ui.conftest import Ends


def _opened(qtbot: QtBot, ends: Ends) -> AlertsPage:
    page = AlertsPage(ends.services, ends.calls, ends.bridge, ends.navigator)
    qtbot.addWidget(page)
    page.resize(1080, 740)
    page.show()
    _settled(qtbot, ends)
    return page


def _settled(qtbot: QtBot, ends: Ends) -> None:
    qtbot.waitUntil(lambda: ends.calls.waiting == 0)


def _words(page: AlertsPage) -> str:
    return "\n".join(label.text() for label in page.findChildren(TextLabel))


def test_open_alerts_stand_worst_first_with_what_is_known_of_them(qtbot: QtBot, ends: Ends) -> None:
    page = _opened(qtbot, ends)

    assert [row.badge.word for row in page.rows] == ["critical", "warning", "warning"]
    assert "told 3 times" in page.rows[0].line.text()
    known = next(row for row in page.rows if row.alert.key == KIT.key)
    assert "the safe is being repaired" in known.line.text()
    assert known.know.isHidden()
    assert not known.unmute.isHidden()
    assert page.over.button.text() == "1 alert that is over"


def test_names_keep_their_case(qtbot: QtBot, ends: Ends) -> None:
    page = _opened(qtbot, ends)

    assert page.rows[0].title.text() == FAILED.title


def test_a_new_install_says_what_will_be_here(qtbot: QtBot, empty_ends: Ends) -> None:
    page = _opened(qtbot, empty_ends)

    assert page.rows == []
    assert "Nothing is wrong." in _words(page)
    assert "Nobody who is away is told yet" in _words(page)
    assert page.over.isHidden()


def test_the_button_beside_an_alert_leads_to_what_mends_it(qtbot: QtBot, ends: Ends) -> None:
    page = _opened(qtbot, ends)
    by_key = {row.alert.key: row for row in page.rows}
    wanted: list[object] = []
    ends.navigator.page_wanted.connect(lambda name, what: wanted.append((name, what)))
    ends.navigator.verify_wanted.connect(wanted.append)
    ends.navigator.make_kit_wanted.connect(wanted.append)

    for trouble in (FAILED, OLD, KIT):
        qtbot.mouseClick(by_key[trouble.key].mend, Qt.MouseButton.LeftButton)

    assert wanted == [(PageName.JOBS, {"job": "nightly"}), OLD.subject, "Office NAS"]


def test_an_alert_is_known_muted_and_told_again(
    qtbot: QtBot, ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = _opened(qtbot, ends)
    monkeypatch.setattr(KnowDialog, "ask", lambda *_: "disk ordered")
    monkeypatch.setattr(MuteDialog, "ask", lambda *_: NOW + timedelta(days=1))

    page.rows[0].know.click()
    _settled(qtbot, ends)
    assert "disk ordered" in page.rows[0].line.text()
    page.rows[0].mute.click()
    _settled(qtbot, ends)
    assert "silent until" in page.rows[0].line.text()
    page.rows[0].unmute.click()
    _settled(qtbot, ends)

    assert not page.rows[0].know.isHidden()
    assert page.rows[0].alert.note == ""


def test_channels_say_how_they_work_and_why_not(qtbot: QtBot, ends: Ends) -> None:
    page = _opened(qtbot, ends)
    words = _words(page)

    assert list(page.channels.buttons) == [MAIL.name, "Old webhook", CHAT.name]
    assert "1 waiting for another try" in words
    assert "Connection refused" in words
    assert "Switched off" in words
    assert "Last sign 3 min ago" in words
    assert "No answer in time." in words
    assert "22:00 to 07:00, Europe/Berlin" in words


def test_a_test_says_what_arrived_and_what_did_not(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    for channel in (MAIL, CHAT):
        fakes.channels.change(
            channel.channel_id, ChannelDraft(channel.name, Secret("https://example.org/x"))
        )
    page = _opened(qtbot, ends)

    page.test_button.click()
    _settled(qtbot, ends)
    assert page.banner.text.startswith("The test message arrived: Mail to the team")
    fakes.alerts_desk.world.problem = "connection refused"
    page.channels.buttons[CHAT.name][0].click()
    _settled(qtbot, ends)

    assert page.banner.text == "Operations chat: connection refused"


def test_channels_are_added_changed_and_removed(
    qtbot: QtBot, ends: Ends, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = _opened(qtbot, ends)
    new = ChannelDraft("Pager", Secret("https://example.org/x"))
    monkeypatch.setattr(ChannelDialog, "ask", lambda *_: new)
    page.add_button.click()
    _settled(qtbot, ends)
    assert "Pager" in page.channels.buttons

    changed = ChannelDraft("Pager 2", None, Severity.CRITICAL)
    monkeypatch.setattr(ChannelDialog, "ask", lambda *_: changed)
    page.channels.buttons["Pager"][1].click()
    _settled(qtbot, ends)
    assert fakes.channels.find("pager 2").least is Severity.CRITICAL

    monkeypatch.setattr(ConfirmDialog, "ask", lambda *_: True)
    page.channels.buttons["Pager 2"][2].click()
    _settled(qtbot, ends)
    assert "Pager 2" not in page.channels.buttons


def test_quiet_hours_and_heartbeats_are_set(
    qtbot: QtBot, ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = _opened(qtbot, ends)
    policy = AlertPolicy(quiet_hours("20:00", "08:00", "UTC"), uses_desktop=False)
    monkeypatch.setattr(QuietDialog, "ask", lambda *_: policy)
    beat = (Secret("https://example.org/beat"), "nightly", timedelta(minutes=5))
    monkeypatch.setattr(HeartbeatDialog, "ask", lambda *_: beat)

    page.quiet.change.click()
    page.heartbeats.add.click()
    _settled(qtbot, ends)
    page.heartbeats.removed.emit("")
    _settled(qtbot, ends)

    assert "20:00 to 08:00, UTC" in page.quiet.words.text()
    assert "No notifications on this desktop." in page.quiet.words.text()
    assert "The agent itself" not in _words(page)


@pytest.mark.usefixtures("large_text")
def test_page_holds_at_twice_the_text_size(qtbot: QtBot, ends: Ends) -> None:
    page = _opened(qtbot, ends)

    sentence = page.rows[0].sentence

    qtbot.waitUntil(lambda: sentence.height() >= sentence.heightForWidth(sentence.width()))


def test_page_can_be_mirrored(qtbot: QtBot, ends: Ends) -> None:
    page = _opened(qtbot, ends)
    page.setLayoutDirection(Qt.LayoutDirection.RightToLeft)

    def is_mirrored() -> bool:
        return page.opened.x() > page.channels.mapTo(page, page.rect().topLeft()).x()

    qtbot.waitUntil(is_mirrored)
